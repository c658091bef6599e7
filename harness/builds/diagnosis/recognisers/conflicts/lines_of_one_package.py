"""Two lines of one package, told in other ways than as a conflict."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, islice

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.model import NAME, Cause, Facts
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand, Report, read_requirement
from harness.builds.diagnosis.recognisers.conflicts.roots import Root, Roots, versions_of
from harness.builds.diagnosis.recognisers.conflicts.verdict import of_one_package, without_release
from harness.builds.diagnosis.recognisers.conflicts.versions import exclude_each_other

# pip's legacy resolver, and every pip before 20.3; the places are missing where no file was given.
_DOUBLE = Pattern(
    rf"Double requirement given: (?>(?P<second>{NAME}[^\n]*?)(?: \(from [^\n]*?(?:\(line (?P<second_line>\d+)\))?\))? "
    rf"\(already in )(?P<first>{NAME}[^\n]*?)(?: \(from [^\n]*?(?:\(line (?P<first_line>\d+)\))?\))?, name="
)
_NO_MATCH = Pattern(r"that satisfies the requirement (?P<requirement>[^\n]+?)(?: \(from [^\n]*)? \(from versions: ")
_URLS = Pattern(rf"[Cc]onflicting URLs for package `(?P<package>{NAME})`")
_MOST_PLACES, _MOST_LINES = 50, 20


def double_requirement(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise pip's words for a package that stands on two lines."""
    for place in islice(log.places("Double requirement given: "), _MOST_PLACES):
        match = _DOUBLE.match(log.text, place)
        quoted = [read_requirement(match[name]) for name in ("first", "second")] if match else []
        first, second = quoted if len(quoted) == 2 else (None, None)
        if match and first and second:
            headline = log.block(place, 1).strip()
            one, other = (
                Demand(Asker.LINE, *told, headline, line_number=int(number) if number else None)
                for told, number in ((first, match["first_line"]), (second, match["second_line"]))
            )
            report = Report(place, headline, (one, other), names_pins=True)
            roots = Roots(log, facts, report)
            return (of_one_package(report, (one, roots.of(one)), (other, roots.of(other))),)
    return ()


def merged_lines(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise lines whose versions the installer got as one requirement that nothing satisfies.

    A build of the harness installs merged lines: `click==7.1.2` and `click==8.1.7` become `click==7.1.2,==8.1.7`.
    """
    for place in islice(log.places("(from versions: "), _MOST_PLACES):
        block = log.block(place, 1)
        match = _NO_MATCH.search(block)
        quoted = read_requirement(match["requirement"]) if match else None
        if quoted is None or not exclude_each_other(quoted[1]):
            continue
        pair = _excluding_pair(facts.requirements.of_package(quoted[0]))
        if pair:
            return (_of_lines(place, block.strip(), *pair),)
    return ()


def conflicting_urls(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise uv's words for a package that two lines want from two places."""
    for place in islice(log.places("onflicting URLs for package `"), _MOST_PLACES):
        match = _URLS.search(log.block(place, 1))
        lines = facts.requirements.of_package(match["package"]) if match else ()
        if len(lines) > 1:
            return (_of_lines(place, log.block(place, 1).strip(), *lines[:2]),)
    return ()


def of_merged(log: BuildLog, facts: Facts, report: Report) -> Cause | None:
    """Return the cause of a report that says no more of a package than that nothing satisfies it (uv before 0.9)."""
    for demand in report.demands:
        if demand.asker is Asker.LINE and exclude_each_other(demand.versions):
            lines = facts.requirements
            pair = _excluding_pair(lines.of_package(demand.package) if demand.package else lines.lines)
            if pair:
                return _of_lines(report.position, f"{report.headline} {demand.proof}", *pair)
            alone = next(
                (line for line in lines.of_package(demand.package) if exclude_each_other(versions_of(line))), None
            )
            if alone or demand.versions.alternatives:
                versions = versions_of(alone) if alone else demand.versions
                return without_release(log, facts, report, replace(demand, versions=versions))
    return None


def _excluding_pair(lines: tuple[DeclaredLine, ...]) -> tuple[DeclaredLine, DeclaredLine] | None:
    """Return two lines of one package under one marker, as only those become one requirement."""
    together: dict[tuple[str, str], list[DeclaredLine]] = {}
    for line in lines:
        if line.package:
            marker = "".join(line.content.partition(";")[2].split())
            together.setdefault((line.package, marker), []).append(line)
    return next(
        (
            pair
            for same in together.values()
            for pair in combinations(same[:_MOST_LINES], 2)
            if exclude_each_other(versions_of(pair[0]), versions_of(pair[1]))
        ),
        None,
    )


def _of_lines(position: int, headline: str, first: DeclaredLine, second: DeclaredLine) -> Cause:
    report = Report(position, headline, (), names_pins=True)
    one, other = (
        (
            Demand(Asker.LINE, str(line.package), versions_of(line), headline),
            Root(str(line.package), line, line.line_number),
        )
        for line in (first, second)
    )
    return of_one_package(report, one, other)
