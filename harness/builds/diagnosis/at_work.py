"""Which package an installer was building at a place of its log, where the error itself names none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern

# pip prints the first before it builds and the second after it; uv names the package in the heading of its error. What
# is indented further is said by a pip within the build, which fetches the build's own tools.
_BEGINNING = Pattern(
    rf"^ {{0,3}}(?:Building wheels? for (?P<wheel>{NAME}) \(|Building editable for (?P<editable>{NAME}) \(|"
    rf"Running setup\.py (?:install|bdist_wheel|develop) for (?P<setup>{NAME})|"
    r"(?:Processing|"
    r"Obtaining) (?:\S*[/\\])?(?P<file>[A-Za-z0-9][A-Za-z0-9._]*?(?:-[A-Za-z][A-Za-z0-9._]*?)*)-\d[^\s/\\]*"
    r"\.(?:tar\.\w+|tgz|zip|whl)\b|"
    r"(?:Processing|Obtaining) (?P<folder>\S+[/\\]?\S*))|"
    rf"^Collecting (?P<collecting>{NAME})|"
    rf"^[^\w\n]*(?:error: |cause: |Caused by: )?Failed to (?:download and )?build(?: `|"
    rf": ?`?)(?P<uv>{NAME}?)(?===|@| @|`|\s|$)",
    re.MULTILINE,
)
_LOOKS_BACK = 2_000_000
_ANCHORS = (
    "Building wheel",
    "Building editable for ",
    "Running setup.py ",
    "Processing ",
    "Obtaining ",
    "Collecting ",
    "Failed to build",
    "Failed to download and build",
)
register(*_ANCHORS)


def package_at_work(log: BuildLog, position: int) -> str | None:
    """Return the package that the installer began with last before `position`; None where the log names none.

    Nothing names the project of a folder (`Processing ./tools`) before its metadata is made.
    """
    for match in _beginnings(log, position):
        named: dict[str, str | None] = match.groupdict()
        if named.pop("folder"):
            return None
        if named["file"]:
            return canonicalize_name(named["file"])  # A file has underscores for hyphens.
        name = next(filter(None, named.values()), None)
        if name:
            return name
    return None


def begun_at(log: BuildLog, position: int) -> int:
    """Return where the installer began with the last package before `position`; 0 where the log tells of none."""
    return next((match.start() for match in _beginnings(log, position)), 0)


def folder_at_work(log: BuildLog, position: int) -> str | None:
    """Return the path of the folder that the installer began with last; None where that was a package by its name."""
    begun = next(_beginnings(log, position), None)
    return str(begun["folder"]) if begun and begun["folder"] else None


def _beginnings(log: BuildLog, position: int) -> Iterator[re.Match[str]]:
    """Yield where the installer began with a package before `position`, the last first; from nearby at most."""
    earliest = max(0, position - _LOOKS_BACK)
    for place in merge(*(log.places(anchor, earliest, position) for anchor in _ANCHORS), reverse=True):
        start = log.start_of_line(place)
        if start < earliest:
            return
        match = _BEGINNING.match(log.text, start, position)
        if match:
            yield match
