"""A project or a release that uv cannot have: no such name, no such version, withdrawn, or not for this Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.builds.diagnosis.at_work import package_at_work
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import Cause, Facts, Recogniser
from harness.builds.diagnosis.outcome import succeeded
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.recognisers.conflicts.clashes import clash_of, with_pins
from harness.builds.diagnosis.recognisers.conflicts.demands import Demand, Report
from harness.builds.diagnosis.recognisers.conflicts.roots import Roots
from harness.builds.diagnosis.recognisers.conflicts.uv_reports import uv_report
from harness.builds.diagnosis.recognisers.conflicts.versions import Versions, exclude_each_other
from harness.builds.diagnosis.releases import versions_in
from harness.builds.diagnosis.stub_projects import real_project
from harness.builds.diagnosis.unavailable import (
    Unavailable,
    deprecated,
    no_such_package,
    no_such_version,
    no_wheel,
    python_mismatch,
    yanked,
)
from harness.builds.diagnosis.uv_reasons import Reason, Statement, running_python, statements_in
from harness.builds.diagnosis.uv_text import uv_reports

_BOUND = Pattern(r"(?:==|[<>]=)([^\s,]+)")
_PRE_RELEASE = Pattern(r"Pre-releases are available for `?(?P<name>[\w.-]+)`? .*?\(e\.g\., `?(?P<version>[^`)]+)`?\)")
_WHEELS_FOR = Pattern(
    r"(?:found wheels for|Wheels are available for) `(?P<name>[^`]+)`.*? (?:with|on) the following [^:]+: (?P<tags>.*)"
)
_ASKED = Pattern(r"you require (?P<name>[\w.-]+)(?:\[[^\]]*\])?(?P<versions>[<>=!~][^\s]*[^\s.,])?")


def nothing_found(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise why uv's resolver ended, where no two requirements exclude each other."""
    if succeeded(log, facts.exit_code):
        return ()
    told = [report for report in uv_reports(log) if any("Because " in text for _, text in report)]
    if not told:
        return ()
    asked = uv_report(log)
    if asked and clash_of(with_pins(asked, facts)):
        return ()
    return tuple(_causes(log, facts, told[-1], asked))


def _causes(log: BuildLog, facts: Facts, report: Sequence[tuple[int, str]], asked: Report | None) -> Iterator[Cause]:
    position, text = next((one for one in report if "Because " in one[1]), report[-1])
    hints = [text for _, text in report if text != report[0][1]]
    statements = _merged(statements_in(text))
    taken_out = {version for one in statements if one.reason is not Reason.ONLY for version in _bounds([one])}
    for statement in statements:
        demand = _demand(asked, statement)
        if statement.reason is Reason.ONLY and not _is_beyond(demand, statement):
            continue
        requirement = _requirement(text, statement, demand)
        listed = sorted(_bounds(one for one in statements if one.reason is Reason.ONLY) - taken_out)
        via = _via(log, facts, position, asked, demand)
        missing = Unavailable(
            statement.package,
            requirement,
            position,
            (report[0][1], text[:600]),
            via,
            tuple(listed) if statement.reason is Reason.ONLY else (),
        )
        yield _cause(missing, facts, statement, text, hints)
        refusing = demand.by if demand and demand.by and statement.reason in {Reason.ONLY, Reason.NO_VERSION} else None
        if refusing and real_project(refusing):
            yield deprecated(facts, refusing, position, missing.evidence, via[:-1])


def _cause(missing: Unavailable, facts: Facts, statement: Statement, text: str, hints: Sequence[str]) -> Cause:
    match statement.reason:
        case Reason.NOT_FOUND:
            where = (
                "the package index"
                if "registry" in statement.detail
                else "the indexes or in the folders that uv was given"
            )
            return no_such_package(missing, facts, where)
        case Reason.YANKED:
            return yanked(missing, facts, [one.lstrip("=") for one in statement.versions if one], statement.detail)
        case Reason.PYTHON:
            pinned = [one[2:] for one in statement.versions if re.fullmatch(r"==[^,*]+", one)]
            release = pinned[-1] if pinned else statement.quoted
            return python_mismatch(missing, facts, [(release, statement.detail)], running_python(text))
        case Reason.NO_FILES:
            return no_wheel(missing, facts, _files(statement, hints))
        case Reason.TOO_NEW:
            return no_such_version(missing, facts, " There are releases, but they were published after the day given.")
        case Reason.NO_VERSION if statement.versions == ("",):
            return no_such_package(missing, facts, "the package index, or none with a release")
        case Reason.ONLY if not _bounds([statement]) and f"only {statement.package}[" in text:
            # `only name[extra]<3 is available` where >=3 is asked for: a release that exists would end it, `<=2.1`.
            return no_such_package(missing, facts, "the package index, or none with a release")
    found = [_PRE_RELEASE.search(hint) for hint in hints]
    names = [one["version"] for one in found if one and canonicalize_name(one["name"]) == statement.package]
    return no_such_version(missing, facts, pre_releases=versions_in(",".join(names)))


def _merged(statements: Iterator[Statement]) -> list[Statement]:
    """Return what is said of one package for one reason as one statement."""
    found: dict[tuple[Reason, str], Statement] = {}
    for one in statements:
        before = found.get((one.reason, one.package))
        versions = tuple(dict.fromkeys((*(before.versions if before else ()), *one.versions)))
        detail = (before.detail if before else "") or one.detail
        found[one.reason, one.package] = replace(one, versions=versions, detail=detail)
    return list(found.values())


def _files(statement: Statement, hints: Sequence[str]) -> str:
    """Return what the release has not, and the wheels that it has, where a hint tells."""
    detail = statement.detail.replace("`", "").strip()
    for hint in hints:
        match = _WHEELS_FOR.search(hint)
        if match and canonicalize_name(match["name"]) == statement.package:
            return f"{detail}: its wheels are for {match['tags'].replace('`', '').strip()}"
    return detail


def _demand(asked: Report | None, statement: Statement) -> Demand | None:
    """Return who asks for the package: for those very releases, where it is told."""
    demands = [one for one in asked.demands if one.package == statement.package] if asked else []
    these = Versions(statement.versions)
    if statement.reason is Reason.ONLY:
        return next((one for one in demands if exclude_each_other(one.versions, these)), None)
    meant = (one for one in demands if not exclude_each_other(one.versions, these))
    return next(meant, next(iter(demands), None))


def _is_beyond(demand: Demand | None, statement: Statement) -> bool:
    return demand is not None and exclude_each_other(demand.versions, Versions(statement.versions))


def _requirement(text: str, statement: Statement, demand: Demand | None) -> str:
    if demand is not None:
        return demand.requirement
    for match in _ASKED.finditer(text):
        if canonicalize_name(match["name"]) == statement.package:
            return f"{match['name']}{match['versions'] or ''}"
    return statement.quoted if len(statement.versions) == 1 else statement.package


def _via(log: BuildLog, facts: Facts, position: int, asked: Report | None, demand: Demand | None) -> tuple[str, ...]:
    if demand is not None and asked is not None:
        root = Roots(log, facts, asked).of(demand)
        chain = (root.package, *root.via)
        return chain if demand.by else ()
    built = package_at_work(log, position) if asked is None else None
    return (built,) if built else ()


def _bounds(statements: Iterator[Statement] | Sequence[Statement]) -> set[Version]:
    """Return the releases that the statements name: those at the closed ends of their ranges."""
    return {
        version
        for statement in statements
        for versions in statement.versions
        for bound in _BOUND.findall(versions)
        for version in versions_in(bound)
    }


RECOGNISERS: tuple[Recogniser, ...] = (nothing_found,)
