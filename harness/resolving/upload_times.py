"""Files of which an index does not say when it got them: with a bound in time uv leaves them out.

Source: PEP 700, `upload-time`, which indexes may leave out; uv's words are of versions 0.11 to 0.13.
"""

from __future__ import annotations

import re

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from harness.errors import HarnessError

SHOWN = 3
_UNDATED = re.compile(r"`(?P<file>[^`]+)` is missing an upload date")
_WITHOUT_VERSIONS = re.compile(r"[Tt]here are no versions of (?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


def undated_files(words: str) -> tuple[str, ...]:
    """Return the names of the files that uv has left out for want of a date, sorted."""
    return tuple(sorted({found["file"] for found in _UNDATED.finditer(words)}))


def note_on(files: tuple[str, ...]) -> str:
    """Return one sentence about such files."""
    shown = ", ".join(files[:SHOWN]) + (", ..." if len(files) > SHOWN else "")
    what = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"An index does not say when it got {what} ({shown}): left out, as nobody knows what was there on that day."


def refuse_undated(words: str, files: tuple[str, ...]) -> None:
    """Raise HarnessError where uv has found no version of a package of which there are files without a date."""
    undated = {_package_of(file) for file in files}
    missing = {canonicalize_name(found["name"]) for found in _WITHOUT_VERSIONS.finditer(words)} & undated
    if missing:
        raise HarnessError(
            f"the package index does not say when it got the files of {', '.join(sorted(missing))}, "
            "so nobody can tell which of them were there on that day",
            remedy="Leave --as-of out, or use an index that gives upload times (PEP 700).",
        )


def _package_of(file: str) -> str:
    try:
        return parse_wheel_filename(file)[0] if file.endswith(".whl") else parse_sdist_filename(file)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return canonicalize_name(file.partition("-")[0])
