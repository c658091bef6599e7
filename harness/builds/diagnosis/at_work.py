"""Which package an installer was building at a place of its log, where the error itself names none."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME

# pip prints the first before it builds and the second after it; uv names the package in the heading of its error. What
# is indented further is said by a pip within the build, which fetches the build's own tools.
_BEGINNING = re.compile(
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


def package_at_work(log: BuildLog, position: int) -> str | None:
    """Return the package that the installer began with last before `position`; None where the log names none.

    Nothing names the project of a folder (`Processing ./tools`) before its metadata is made.
    """
    started = None
    for match in _BEGINNING.finditer(log.text, max(0, position - _LOOKS_BACK), position):
        named = match.groupdict()
        folder = named.pop("folder")
        if named["file"]:
            named["file"] = canonicalize_name(named["file"])  # A file has underscores for hyphens.
        started = None if folder else next((name for name in named.values() if name), started)
    return started


def begun_at(log: BuildLog, position: int) -> int:
    """Return where the installer began with the last package before `position`; 0 where the log tells of none."""
    begun = 0
    for match in _BEGINNING.finditer(log.text, max(0, position - _LOOKS_BACK), position):
        begun = match.start()
    return begun


def folder_at_work(log: BuildLog, position: int) -> str | None:
    """Return the path of the folder that the installer began with last; None where that was a package by its name."""
    path = None
    for match in _BEGINNING.finditer(log.text, max(0, position - _LOOKS_BACK), position):
        path = match["folder"]
    return path
