#!/bin/sh
# Answer prediction requests for the fitted task in CODEPATH, on port 8080 or PORT.
set -e
exec python3 /opt/harness/worker serve
