#!/bin/sh
# Fit the task in CODEPATH on the data in INPUT_DIRECTORY; the result goes to ARTIFACT_DIRECTORY.
set -e
exec python3 /opt/harness/worker fit
