"""Where a log shows that building a package from source failed, and what the build code said there.

Sources: pip's reports "subprocess-exited-with-error" (22 to 26), "Command errored out" (20 and 21) and "Complete output
from command" (to 19); uv's "Failed to build".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.at_work import begun_at, folder_at_work, package_at_work
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern

MOST_OUTPUT = 200_000
MOST_BUILDS = 50
_AFTER = 1_500

_NOT_RUN = " did not run successfully."
_ERRORED_OUT = "Command errored out with exit status"
_COMPLETE_OUTPUT = "Complete output from command"
_UV_FAILED = (
    "Failed to build",
    "Failed to download and build",
    "Failed to prepare distributions",
    "Failed to fetch wheel",
    "Build backend failed to ",
)

_SETUP_INSTALL = "Running setup.py install for "
_NOTHING_FOUND = "No matching distribution found for "
_NO_BACKEND = "BackendUnavailable: "
register(_NO_BACKEND, _NOT_RUN, _ERRORED_OUT, _COMPLETE_OUTPUT, *_UV_FAILED, _NOTHING_FOUND, _SETUP_INSTALL)

_HEADER = Pattern(
    (
        r"^(?P<indent> {0,20})(?:\u00d7|x|\u00c3\u2014|\?|"
        r"\ufffd+) (?P<what>[^\n]+?) did not run successfully\.$"
    ),
    re.MULTILINE,
)
_END_OF_OUTPUT = Pattern(r"^ *\[end of output\]$", re.MULTILINE)
_RULER = Pattern(r"^ *-{30,}$", re.MULTILINE)
_OWN_NAME = Pattern(
    rf"(?:Building (?:wheel|editable) for|Running setup\.py (?:install|bdist_wheel|develop) for) (?P<name>{NAME})"
)
_NAMED_AFTER = Pattern(
    rf"^ *ERROR: Failed building (?:wheel|editable) for (?P<wheel>{NAME})$|"
    rf"^ *ERROR: Failed to build '(?P<quoted>{NAME})'|"
    rf"^\u00d7 Encountered error while (?:trying to install package|"
    rf"generating package metadata)\.\n(?:\u2570|\S)\S*> (?P<told>{NAME})$|"
    rf"install a library that provides \"[^\"\n]+\" for (?P<hinted>{NAME})@|"
    rf"^error: metadata-generation-failed|^ *error: subprocess-exited-with-error|^ *ERROR: Command errored out",
    re.MULTILINE,
)
_PLACE = Pattern(
    r"[\\/]pip-(?:install|wheel|build|download|unpack|resolver)-\w+[\\/]"
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)(?:_[0-9a-f]{32})?[\\/'\"\s]"
)


@dataclass(frozen=True, slots=True)
class FailedBuild:
    """A build that ended the installation. start, end: of its output in the log. package: None where none is named."""

    start: int
    end: int
    package: str | None


def failed_builds(log: BuildLog) -> tuple[FailedBuild, ...]:
    """Return the builds from source that failed and that the installer did not get over, in the log's order."""
    found: list[FailedBuild] = []
    for build in sorted([*_of_pip(log), *_of_uv(log), *_without_backend(log)], key=lambda one: one.start):
        is_within = found and build.start < found[-1].end
        if not is_within and not _got_over(log, build):
            found.append(build)
    return tuple(found)


def end_of_log(log: BuildLog) -> FailedBuild:
    """Return the end of a log in which no installer says what it did: a part of one, or that of setup.py alone."""
    end = len(log.text)
    start = max(begun_at(log, end), end - MOST_OUTPUT)
    told = [name for match in _NAMED_AFTER.finditer(log.text, start) for name in match.groups() if name]
    places = [match["name"] for match in _PLACE.finditer(log.text, start)]
    package = next(iter([*reversed(told), *reversed(places)]), None)
    return FailedBuild(start, end, package or package_at_work(log, end))


def _of_pip(log: BuildLog) -> Iterator[FailedBuild]:
    for anchor, ends in ((_NOT_RUN, _END_OF_OUTPUT), (_ERRORED_OUT, _RULER), (_COMPLETE_OUTPUT, _RULER)):
        for count, position in enumerate(log.places(anchor)):
            if count == MOST_BUILDS:
                break
            start = log.start_of_line(position)
            header = _HEADER.match(log.text, start)
            if anchor == _NOT_RUN and header is None:
                continue
            indent = header["indent"] if header else _indent(log.line_at(position))
            end = _end(log, start, ends, len(indent), is_listed=anchor != _NOT_RUN)
            if end is None and log.text.rfind("[end of output]", max(0, start - 500), start) >= 0:
                continue  # The same failure, told once more.
            if end is None:
                # With -v the output comes before the report.
                yield FailedBuild(
                    max(begun_at(log, start), start - MOST_OUTPUT), start, _package(log, start, start, header)
                )
            else:
                yield FailedBuild(max(start, end - MOST_OUTPUT), end, _package(log, start, end, header))


def _without_backend(log: BuildLog) -> Iterator[FailedBuild]:
    """Yield where pip stopped with a traceback of its own, because a build backend cannot be imported."""
    for position in log.places(_NO_BACKEND):
        yield FailedBuild(position, min(len(log.text), position + 5_000), package_at_work(log, position))


def _end(log: BuildLog, start: int, ends: Pattern, indent: int, *, is_listed: bool) -> int | None:
    """Return where the output that is listed from `start` on ends; None where none is listed."""
    opened = log.block(start, 6)
    if not is_listed and " lines of output]" not in opened:
        return None
    if is_listed:
        heading = next((line for line in opened.splitlines() if "omplete output" in line), None)
        if heading is None:
            return None
        deepest = len(_indent(heading))
    else:
        deepest = indent + 6
    for match in ends.finditer(log.text, start):
        if len(_indent(match.group())) <= deepest:
            return match.end()
    return len(log.text)


def _of_uv(log: BuildLog) -> Iterator[FailedBuild]:
    for anchor in _UV_FAILED:
        for count, position in enumerate(log.places(anchor)):
            if count == MOST_BUILDS:
                break
            before = log.text[log.start_of_line(position) : position]
            is_reported = before.strip(" \u00d7│├─▶╰") in ("error:", "cause:", "Caused by:") or "\u00d7" in before
            if not is_reported and not (before.strip() in ("", "╰─▶", "├─▶") and "`" in log.line_at(position)):
                continue  # pip, too, ends with "Failed to build NAME".
            name = re.match(
                rf"[^`'\n:]*?(?:`|: `?)(?!file:)(?P<name>{NAME})(?===|@| @|`|:|\s|$)",
                log.line_at(position)[len(before) :],
            )
            is_named = name is not None and anchor != "Failed to prepare distributions"
            end = min(len(log.text), position + 2 * MOST_OUTPUT)
            yield FailedBuild(position, end, name["name"] if name and is_named else _uv_name(log, position))


def _uv_name(log: BuildLog, position: int) -> str | None:
    told = re.search(
        rf"Failed to (?:fetch wheel|build|download and build)(?:: `?| `)(?!file:)(?P<name>{NAME})",
        log.block(position, 8),
    )
    return told["name"] if told else None


def _package(log: BuildLog, start: int, end: int, header: re.Match[str] | None) -> str | None:
    """Return the package that was built: as the report says, or the last that pip had begun with before it."""
    own = _OWN_NAME.match(header["what"]) if header else None
    if own:
        return own["name"]
    for match in _NAMED_AFTER.finditer(log.text, end, end + _AFTER):
        name = next((name for name in match.groups() if name), None)
        if name is None and "metadata-generation-failed" in match.group():
            continue
        if name is not None and name != "See":
            return name
        break
    if folder_at_work(log, start):
        return None  # What the output names may be what this folder's build requires.
    place = _PLACE.search(log.text, start, end)
    return package_at_work(log, start) or (place["name"] if place else None)


def _got_over(log: BuildLog, build: FailedBuild) -> bool:
    """Tell whether the installer went on after this failure: built it in another way, or took an older release."""
    if build.package is None:
        return False
    after = log.text[build.end : build.end + _AFTER]
    name = re.escape(build.package)
    if re.search(rf"Failed building wheel for {name}\b", after):
        for position in log.places(_SETUP_INSTALL):
            if position > build.end and re.match(
                rf"{re.escape(_SETUP_INSTALL)}{name}\b[^\n]*(?:'done'|\.\.\. done)", log.text[position : position + 200]
            ):
                return True
    if re.match(r"\s*(?:WARNING: |ERROR: )?Discarding ", after):
        missed = (log.block(position, 1) for position in log.places(_NOTHING_FOUND) if position > build.end)
        wanted = canonicalize_name(build.package)
        names = {
            canonicalize_name(found[1]) for line in missed if (found := re.search(rf"{_NOTHING_FOUND}({NAME})", line))
        }
        return wanted not in names
    return False


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]
