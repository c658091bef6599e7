"""What the first line of pip's report tells alone, as with `-q`: `Cannot install -r x.txt (line 1) and numpy<2 ...`.

Source: `describe_trigger` in pip/_internal/resolution/resolvelib/factory.py. A quoted requirement is a line's own; a
place in a file, or the name of a package, stands for a line whose dependency took part.
"""

from __future__ import annotations

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.model import Cause, Facts, Named
from harness.builds.diagnosis.recognisers.conflicts.demands import Demand, Report
from harness.builds.diagnosis.recognisers.conflicts.roots import versions_of
from harness.builds.diagnosis.recognisers.conflicts.versions import are_the_same

_SUGGESTION = "Loosen the versions in these lines; pip without -q tells what they need."


def quoted_lines(report: Report, facts: Facts) -> tuple[Demand, ...]:
    """Return the demands that are lines: pip also quotes releases that it tried of a package with extras."""
    lines = facts.requirements
    return tuple(
        demand
        for demand in report.demands
        if not lines.lines
        or any(are_the_same(versions_of(line), demand.versions) for line in lines.of_package(demand.package))
    )


def of_headline(report: Report, facts: Facts) -> Cause | None:
    """Return the conflict as far as the headline tells; None where it names nothing that is on a line."""
    asked = quoted_lines(report, facts)[:1]
    needing = [*_numbered(report, facts), *_named(report, facts, {demand.package for demand in asked})]
    if asked:
        line = facts.requirements.line_of(asked[0].package, asked[0].requirement)
        one = Named(asked[0].package, asked[0].requirement, line.line_number if line else None)
        if not needing:
            return _cause("base_conflict", report, one, f"{asked[0].requirement} excludes what the environment pins.")
        told = f"What {needing[0].package} needs excludes {asked[0].requirement}."
        return _cause("conflicting_lines", report, needing[0], told, one)
    if len(needing) == 1:
        told = f"What {needing[0].package} needs excludes what the environment pins."
        return _cause("base_conflict", report, needing[0], told)
    if not needing:
        return None
    told = f"What {needing[0].package} and {needing[1].package} need of a third package excludes each other."
    return _cause("transitive_conflict", report, needing[0], told, *needing[1:])


def _numbered(report: Report, facts: Facts) -> list[Named]:
    lines: list[tuple[int, DeclaredLine | None]] = [
        (number, facts.requirements.numbered(number)) for number in sorted(set(report.lines))
    ]
    return [
        Named(line.package if line and line.package else f"the package in line {number}", None, number)
        for number, line in lines
    ]


def _named(report: Report, facts: Facts, asked: set[str]) -> list[Named]:
    found = []
    for name in dict.fromkeys(canonicalize_name(name) for name in report.roots):
        line = facts.requirements.line_of(name)
        if name not in asked and (line or not facts.requirements.lines):
            found.append(Named(name, None, line.line_number if line else None))
    return found


def _cause(category: str, report: Report, told: Named, summary: str, *related: Named) -> Cause:
    return Cause(
        category=category,
        summary=summary,
        suggestion=_SUGGESTION,
        position=report.position,
        evidence=(report.headline,),
        package=None if told.package.startswith("the ") else told.package,
        requirement=told.requirement,
        line_number=told.line_number,
        related=related,
    )
