"""Which two demands of a report exclude each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, islice

from packaging.version import Version

from harness.builds.diagnosis.declared import Declared
from harness.builds.diagnosis.model import Facts
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand, Report
from harness.builds.diagnosis.recognisers.conflicts.roots import is_inclusion, versions_of
from harness.builds.diagnosis.recognisers.conflicts.versions import ALL, Versions, are_the_same, exclude_each_other

_MOST_PAIRS, _MOST_OF_ONE_SOURCE = 150, 8
# Where several pairs exclude each other: two lines of one package need nobody else to do so, and a pin of the base
# environment stays whatever the other lines become.
_ORDER = (
    {Asker.LINE},
    {Asker.LINE, Asker.BASE},
    {Asker.PACKAGE, Asker.BASE},
    {Asker.LINE, Asker.PACKAGE},
    {Asker.PACKAGE},
)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two demands on one package that no release meets."""

    first: Demand
    second: Demand

    @property
    def package(self) -> str:
        return self.first.package

    @property
    def askers(self) -> set[Asker]:
        return {self.first.asker, self.second.asker}


def clash_of(report: Report) -> Clash | None:
    """Return the pair that explains the report best: one that holds for every release tried, and the plainest."""
    found = []
    for number, (first, second) in enumerate(islice(_pairs(report), _MOST_PAIRS)):
        excluding = [(a, b) for a in first for b in second if exclude_each_other(a.versions, b.versions)]
        if excluding:
            always = len(excluding) == len(first) * len(second)
            clash = Clash(*max(excluding, key=_newest))
            found.append((not always, _ORDER.index(clash.askers), number, clash))
    return min(found, key=lambda one: one[:3])[3] if found else None


def _newest(pair: tuple[Demand, Demand]) -> Version:
    """Return the newest release that asks, as what it needs is what most would want to keep to."""
    return max(demand.by_versions.newest_named for demand in pair)


def unmet(report: Report) -> Clash | Demand | None:
    """Return what no release meets although versions could: two demands, or one that alone asks for anything.

    For a report that an installer only gives where it found no release.
    """
    for package in dict.fromkeys(demand.package for demand in report.demands):
        asked = [
            demand
            for demand in report.demands
            if demand.package == package and not demand.versions.are_all and demand.by != package
        ]
        sources = {demand.source: demand for demand in reversed(asked)}
        pinned = next((one for one in asked if one.versions.is_one), None)
        if pinned and not exclude_each_other(*(one.versions for one in sources.values())):
            return pinned
        different = [one for one in sources.values() if not are_the_same(one.versions, asked[0].versions)]
        if different:
            return Clash(asked[0], different[-1])
        if asked:
            return asked[0]
    return None


def with_pins(report: Report, facts: Facts) -> Report:
    """Return the report with the demands of the base environment told from the others, where the installer does not."""
    if report.names_pins:
        return report
    told = tuple(
        replace(demand, asker=Asker.BASE, by=None, by_versions=ALL) if _is_pin(demand, report, facts) else demand
        for demand in report.demands
    )
    return replace(report, demands=tuple(dict.fromkeys(told)))


def _is_pin(demand: Demand, report: Report, facts: Facts) -> bool:
    lines = facts.requirements.of_package(demand.package)
    as_pinned = _asks(facts.constraints, demand)
    if demand.asker is Asker.PACKAGE:
        return as_pinned if facts.constraints.lines else _is_added(demand, report)
    if _asks(facts.requirements, demand):
        return False
    if as_pinned or not facts.requirements.lines:
        return as_pinned
    if any(is_inclusion(line) for line in facts.requirements.lines):
        return False
    others = [one for one in report.demands if one.package == demand.package and one != demand]
    return not lines or any(_asks(facts.requirements, other) for other in others)


def _asks(declared: Declared, demand: Demand) -> bool:
    return any(are_the_same(versions_of(line), demand.versions) for line in declared.of_package(demand.package))


def _is_added(demand: Demand, report: Report) -> bool:
    """Tell whether the same release asks for other versions as well: then this pin is no wish of its own.

    Of two such pins it is the one that the log names later.
    """
    place = report.demands.index(demand)
    return demand.versions.is_one and any(
        other.by == demand.by
        and other.package == demand.package
        and (not other.versions.is_one or number < place)
        and exclude_each_other(demand.versions, other.versions)
        and not exclude_each_other(demand.by_versions, other.by_versions)
        for number, other in enumerate(report.demands)
    )


def _pairs(report: Report) -> Iterator[tuple[list[Demand], list[Demand]]]:
    """Yield the demands of every two sources on the same package."""
    packages: dict[str, dict[object, dict[Versions, Demand]]] = {}
    for demand in report.demands:
        of_source = packages.setdefault(demand.package, {}).setdefault(demand.source, {})
        if len(of_source) < _MOST_OF_ONE_SOURCE:
            of_source.setdefault(demand.versions, demand)
    for sources in packages.values():
        yield from combinations([list(of_source.values()) for of_source in sources.values()], 2)
