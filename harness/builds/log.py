"""The build log: the installer's whole output, readable, without credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

# Before a line of a log that the harness has added, as the explanation of a failure: no word of an installer.
OWN_PREFIX = "harness: "
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")


def clean_line(line: str) -> str:
    """Return the line as a terminal would leave it: no colour codes, only what follows the last carriage return.

    User names and passwords in URLs become stars.
    """
    visible = _ESCAPES.sub("", line).rstrip("\r\n").rsplit("\r", maxsplit=1)[-1]
    return _CREDENTIALS.sub("****@", visible)


def frame_log(lines: Iterable[str], started: datetime, ended: datetime, outcome: str) -> str:
    """Return the log with a first line that says when the build started and a last one that says how it ended."""
    return "\n".join([f"{timestamp(started)} build started", *lines, f"{timestamp(ended)} build {outcome}", ""])


def timestamp(moment: datetime) -> str:
    """Return ISO-8601 with microseconds and Z, the form of the platform's API."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
