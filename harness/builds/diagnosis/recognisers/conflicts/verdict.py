"""The decision which kind of conflict two demands are, and the line that is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.model import Cause, Facts, Named
from harness.builds.diagnosis.recognisers.conflicts import wording
from harness.builds.diagnosis.recognisers.conflicts.clashes import Clash
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand, Report
from harness.builds.diagnosis.recognisers.conflicts.roots import Root, Roots, is_inclusion, versions_of
from harness.builds.diagnosis.recognisers.conflicts.versions import are_the_same, exclude_each_other
from harness.builds.diagnosis.recognisers.conflicts.wording import Side


def cause_of(log: BuildLog, facts: Facts, report: Report, clash: Clash) -> Cause:
    """Return the clash as a cause: its category by who asks, its line, and the other one in `related`."""
    roots = Roots(log, facts, report)
    first, second = ((demand, roots.of(demand)) for demand in (clash.first, clash.second))
    lines = facts.requirements.of_package(clash.package)
    if Asker.BASE in clash.askers:
        asked, pin = (first, second) if second[0].asker is Asker.BASE else (second, first)
        return _against_base(report, asked, pin)
    if _both_of_lines(clash):
        if len(lines) == 1 and exclude_each_other(versions_of(lines[0])):
            return without_release(log, facts, report, replace(clash.first, versions=versions_of(lines[0])))
        if len(lines) == 1:
            return _with_included(report, facts, first, second)
        if len(lines) > 1:
            one, other = _two_lines(lines, first, second)
            first, second = (
                (_as_line(clash.first, one), _root_on(one)),
                (_as_line(clash.second, other), _root_on(other)),
            )
        return of_one_package(report, first, second)
    if clash.askers == {Asker.PACKAGE}:
        told = _over_third_package(report, *_by_line(first, second), on_a_line=bool(lines) or _is_asked(report, clash))
        return told if told.line_number or not facts.requirements.lines else _as_headline_names(told, report, facts)
    asked, needed = (first, second) if first[0].asker is Asker.LINE else (second, first)
    return _between_lines(report, asked, needed)


def without_release(log: BuildLog, facts: Facts, report: Report, demand: Demand) -> Cause:
    """Return the cause where it turns out that nothing else excludes what is asked for: there is no such release."""
    roots = Roots(log, facts, report)
    others = [one for one in report.demands if one.package == demand.package and one.asker is not Asker.BASE]
    root = roots.of(demand if demand.asker is not Asker.BASE or not others else others[0])
    return Cause(
        category="no_such_version",
        summary=wording.without_release((demand, root)),
        suggestion=wording.for_missing_release((demand, root)),
        position=report.position,
        evidence=tuple(dict.fromkeys((report.headline, demand.proof))),
        package=demand.package,
        requirement=demand.requirement,
        line_number=root.line_number,
        via=(root.package,),
    )


def of_one_package(report: Report, one: Side, other: Side) -> Cause:
    """Return the cause for two lines of one package; told is the later one, as the first was there before it."""
    first, second = _by_line(one, other)
    return _cause("duplicate_requirement", report, second, first, wording.for_duplicate(first, second))


def _with_included(report: Report, facts: Facts, one: Side, other: Side) -> Cause:
    """Return the cause for a line and one of an included file, which is told as the line that includes the file."""
    own, included = (one, other) if _is_own(one) else (other, one)
    inclusion = next((line for line in facts.requirements.lines if is_inclusion(line)), None)
    place = Root(included[0].package, inclusion, inclusion.line_number if inclusion else None)
    suggestion = f"Ask for {own[0].package} in one place, with versions that one release satisfies."
    return _cause("duplicate_requirement", report, own, (included[0], place), suggestion)


def _is_own(side: Side) -> bool:
    demand, root = side
    return root.line is not None and are_the_same(versions_of(root.line), demand.versions)


def _between_lines(report: Report, asked: Side, needed: Side) -> Cause:
    suggestion = wording.for_lines(asked, needed)
    return _cause("conflicting_lines", report, needed, asked, suggestion)


def _over_third_package(report: Report, first: Side, second: Side, *, on_a_line: bool) -> Cause:
    category = "conflicting_lines" if on_a_line else "transitive_conflict"
    return _cause(category, report, first, second, wording.for_third_package(first, second))


def _as_headline_names(cause: Cause, report: Report, facts: Facts) -> Cause:
    """Return the cause with lines that pip names as having a part in it, where nothing tells which has which."""
    named = [line for line in map(facts.requirements.line_of, report.roots) if line]
    lines = {line.line_number: line for line in sorted(named, key=lambda line: line.line_number)}
    if not lines:
        return cause
    (number, line), *others = lines.items()
    related = tuple(Named(str(other.package), None, place) for place, other in others)
    return replace(cause, package=line.package, line_number=number, related=related or cause.related)


def _against_base(report: Report, asked: Side, pin: Side) -> Cause:
    demand, root = asked
    return _cause(
        "base_conflict",
        report,
        asked,
        pin,
        wording.for_base(asked, pin[0]),
        wording.pinned_as(root.line, pin[0]) if demand.asker is Asker.LINE else None,
    )


def against_installed(report: Report, brought: Side, need: Demand) -> Cause:
    """Return the cause for a line that brings what a package of the base environment does not work with."""
    demand, root = brought
    return Cause(
        category="base_conflict",
        summary=wording.summary_of(brought, (need, Root(str(need.by)))),
        suggestion=wording.for_installed(brought, need),
        position=report.position,
        evidence=(report.headline,),
        package=demand.package,
        line_number=root.line_number,
        related=(Named(str(need.by), pinned=True),),
    )


def _cause(
    category: str, report: Report, told: Side, other: Side, suggestion: str, replacement: str | None = None
) -> Cause:
    (demand, root), (other_demand, other_root) = told, other
    pinned = other_demand.asker is Asker.BASE
    related = Named(
        other_demand.package if pinned else other_root.package,
        other_demand.requirement if other_demand.package == other_root.package else None,
        other_root.line_number,
        pinned,
    )
    is_same = root.line_number is not None and root.line_number == other_root.line_number
    return Cause(
        category=category,
        summary=wording.summary_of(told, other),
        suggestion=suggestion,
        position=report.position,
        evidence=tuple(dict.fromkeys((report.headline, demand.proof, other_demand.proof))),
        package=root.package,
        requirement=demand.requirement if demand.package == root.package else None,
        line_number=root.line_number,
        related=() if is_same else (related,),
        via=root.via,
        replacement=replacement,
    )


def _both_of_lines(clash: Clash) -> bool:
    """Tell whether both are lines of the package; pip has an extra's line ask for the package itself."""
    return all(one.asker is Asker.LINE or one.by == clash.package for one in (clash.first, clash.second))


def _two_lines(lines: Sequence[DeclaredLine], first: Side, second: Side) -> tuple[DeclaredLine, DeclaredLine]:
    """Return a line for each side, two different ones also where the log quotes other words than the file has."""
    one, other = first[1].line or lines[0], second[1].line or lines[-1]
    if one is other:
        other = next(
            (line for line in lines if exclude_each_other(versions_of(line), versions_of(one))),
            next(line for line in lines if line is not one),
        )
    return one, other


def _as_line(demand: Demand, line: DeclaredLine) -> Demand:
    return replace(demand, asker=Asker.LINE, by=None, versions=versions_of(line))


def _root_on(line: DeclaredLine) -> Root:
    return Root(str(line.package), line, line.line_number)


def _is_asked(report: Report, clash: Clash) -> bool:
    return any(one.asker is Asker.LINE and one.package == clash.package for one in report.demands)


def _by_line(first: Side, second: Side) -> tuple[Side, Side]:
    """Return the sides in the order of their lines; as the log has them, where it does not tell lines."""
    number, other = first[1].line_number, second[1].line_number
    return (second, first) if number and other and number > other else (first, second)
