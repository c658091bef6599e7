"""Find in the output of each failed build what ended it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.at_work import folder_at_work
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.failed_builds import FailedBuild, end_of_log, failed_builds
from harness.builds.diagnosis.model import NAME, Cause, Facts
from harness.builds.diagnosis.outcome import succeeded
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.provenance import origins
from harness.builds.diagnosis.recognisers.source_builds import (
    build_imports,
    build_scripts,
    compilers,
    system_libraries,
)
from harness.builds.diagnosis.recognisers.source_builds.signs import Build, Sign, Told, Weight

_SIGNS: tuple[tuple[Sign, Pattern], ...] = tuple(
    (sign, sign.expression())
    for table in (compilers, system_libraries, build_imports, build_scripts)
    for sign in table.SIGNS
)
_LINES_OF_EVIDENCE = 8
_REQUIRED = Pattern(
    rf"^ +ERROR: (?:Failed building wheel for|Failed to build) '?(?P<pip>{NAME})|"
    rf"^ +(?:cause: |Caused by: |├─▶ |╰─▶ )Failed to (?:download and )?build `(?P<uv>{NAME}?)(?===|@| @|`)",
    re.MULTILINE,
)
_END_OF_OUTPUT = "[end of output]"
_OF_THE_SYSTEM = ("missing_compiler", "missing_system_library")
_INCLUDED_BECAUSE = Pattern(
    r"`(?P<package>[\w.-]+)` \([^)]*\) was included\s+because (?P<chain>[^\n]*(?:\n\s{2,}[^\n]+)*)"
)


@dataclass(frozen=True, slots=True)
class _Found:
    sign: Sign
    start: int
    end: int
    groups: Mapping[str, str]
    told: Told


def build_failures(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise why packages could not be built from source; one cause for each build that failed."""
    if succeeded(log, facts.exit_code):
        return ()
    builds = failed_builds(log)
    causes = [cause for build in builds if (cause := _cause(log, facts, build))]
    if builds:
        return tuple(causes)
    rest = end_of_log(log)
    if _END_OF_OUTPUT in log.text[rest.start :]:  # a log without its beginning
        cause = _cause(log, facts, rest)
        return (cause,) if cause else ()
    cause = _cause(log, facts, rest, least=Weight.ENDED)
    return (cause,) if cause and cause.category in _OF_THE_SYSTEM else ()


def _cause(log: BuildLog, facts: Facts, failed: FailedBuild, least: Weight = Weight.GENERIC) -> Cause | None:
    line = _line(log, facts, failed)
    package = failed.package or (line.package if line else None)
    build = Build(
        package or folder_at_work(log, failed.start) or "a package",
        log.text[failed.start : failed.end],
        line.content if line else None,
    )
    found = _decisive(build, least)
    if found is None:
        return None
    position = failed.start + found.start
    return Cause(
        category=found.told.category or found.sign.category,
        summary=_summary(found, build),
        suggestion=found.told.suggestion,
        position=position,
        evidence=_evidence(log, position, failed.start + found.end),
        package=package,
        line_number=line.line_number if line and line.package is None else None,
        via=_via(log, failed),
        replacement=found.told.replacement if line and line.package and _is_same(line.package, package) else None,
    )


def _summary(found: _Found, build: Build) -> str:
    """Return the sign's summary; where it is about something that the build requires, of that."""
    required = [match["pip"] or match["uv"] for match in _REQUIRED.finditer(build.output)]
    if not required or _is_same(required[-1], build.package):
        return found.told.summary
    told = found.sign.explain(found.groups, replace(build, package=required[-1]))
    return f"To build {build.package}, {required[-1]} is built first. {(told or found.told).summary}"


def _decisive(build: Build, least: Weight) -> _Found | None:
    """Return the last of the weightiest signs in the output; what a sign within another one says does not count."""
    found = sorted(_all(build, least), key=lambda one: (one.sign.weight, one.end, one.start - one.end))
    return found[-1] if found else None


def _all(build: Build, least: Weight) -> Iterator[_Found]:
    for sign, pattern in _SIGNS:
        if sign.weight < least:
            continue
        last: _Found | None = None
        for match in pattern.finditer(build.output):
            groups = {name: value for name, value in match.groupdict().items() if value}
            told = sign.explain(groups, build)
            if told is not None:
                last = _Found(sign, match.start(), match.end(), groups, told)
        if last is not None:
            yield last


def _line(log: BuildLog, facts: Facts, failed: FailedBuild) -> DeclaredLine | None:
    """Return the line of the package itself, or of the folder that is built."""
    if failed.package:
        return facts.requirements.line_of(failed.package)
    folder = folder_at_work(log, failed.start)
    return facts.requirements.holding(folder) if folder else None


def _via(log: BuildLog, failed: FailedBuild) -> tuple[str, ...]:
    """Return the packages that brought this one, as uv's last words or pip's lines tell them."""
    if failed.package is None:
        return ()
    wanted = canonicalize_name(failed.package)
    for match in _INCLUDED_BECAUSE.finditer(log.text, failed.start):
        if canonicalize_name(match["package"]) == wanted:
            askers = re.findall(r"`([\w.-]+)(?:\[[^\]]*\])?`(?: \([^)]*\))?\s+depends\s+on", match["chain"])
            return tuple(askers)
    known = origins(log).get(wanted)
    return known.via if known else ()


def _evidence(log: BuildLog, start: int, end: int) -> tuple[str, ...]:
    """Return the lines of the proof; of many the last."""
    lines = log.text[log.start_of_line(start) : end].splitlines()
    rest = log.text[end : end + 300].split("\n", maxsplit=1)[0]
    told = [*lines[:-1], f"{lines[-1]}{rest}"] if lines else [rest]
    return tuple(line.strip() for line in told if line.strip())[-_LINES_OF_EVIDENCE:]


def _is_same(one: str, other: str | None) -> bool:
    return other is not None and canonicalize_name(one) == canonicalize_name(other)
