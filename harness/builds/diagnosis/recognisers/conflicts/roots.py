"""Which requirements line a demand goes back to, and through which packages."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.model import Facts
from harness.builds.diagnosis.provenance import origins
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand, Report
from harness.builds.diagnosis.recognisers.conflicts.versions import Versions, are_the_same

_LONGEST_CHAIN = 40


@dataclass(frozen=True, slots=True)
class Root:
    """The line behind a demand. package: whose line it is. via: from there on, without it, to the package that asks.

    line: None where no requirements are known; line_number: then only as the log tells it.
    """

    package: str
    line: DeclaredLine | None = None
    line_number: int | None = None
    via: tuple[str, ...] = ()


class Roots:
    """The lines behind the demands of one report."""

    def __init__(self, log: BuildLog, facts: Facts, report: Report) -> None:
        self._declared = facts.requirements
        self._report = report
        self._origins = origins(log)

    def of(self, demand: Demand) -> Root:
        """Return the line; where none is found, the package that asks."""
        if demand.asker is Asker.LINE:
            line = self.line_of(demand)
            number = line.line_number if line else demand.line_number or self._told_number(demand.package)
            return Root(demand.package, line, number)
        if demand.asker is Asker.BASE or demand.by is None:
            return Root(demand.package)
        return self._root_of(demand.by)

    def line_of(self, demand: Demand) -> DeclaredLine | None:
        """Return the line that asks for these versions; where none asks for just them, the package's first."""
        lines = self._declared.of_package(demand.package)
        same = [line for line in lines if are_the_same(versions_of(line), demand.versions)]
        numbered = [line for line in same or lines if line.line_number == demand.line_number]
        return next(iter(numbered or same or lines), None)

    def _root_of(self, package: str) -> Root:
        """Follow who brought it, the nearest first, to a package that is on a line."""
        waiting: deque[tuple[str, ...]] = deque([(package,)])
        seen = {package}
        while waiting:
            chain = waiting.popleft()
            root = self._on_line(chain)
            if root:
                return root
            for parent in self._parents(chain[0]):
                if parent not in seen and len(chain) < _LONGEST_CHAIN:
                    seen.add(parent)
                    waiting.append((parent, *chain))
        return self._named_in_headline(package)

    def _on_line(self, chain: tuple[str, ...]) -> Root | None:
        name, *via = chain
        if self._declared.lines:
            line = self._declared.line_of(name)
            return Root(name, line, line.line_number, tuple(via)) if line else None
        asked = any(demand.asker is Asker.LINE and demand.package == name for demand in self._report.demands)
        number = self._told_number(name)
        return Root(name, None, number, tuple(via)) if asked or number else None

    def _parents(self, package: str) -> list[str]:
        found = list(self._report.parents(package))
        origin = self._origins.get(canonicalize_name(package))
        if origin and origin.via:
            found.append(origin.via[-1])
        return [parent for parent in found if parent != package]

    def _told_number(self, package: str) -> int | None:
        """Return the line that the log names for a package of its own, for logs without their requirements."""
        origin = self._origins.get(package)
        if origin is None or self._declared.lines or any(name != package for name in origin.via):
            return None
        return origin.line_number

    def _named_in_headline(self, package: str) -> Root:
        """Return what pip names as not to be installed, where only one of that can have brought the package.

        pip names the package that brought each one that asks, and not which brought which.
        """
        asked = {demand.package for demand in self._report.demands}
        possible = [name for name in dict.fromkeys(self._report.roots) if name not in asked]
        if len(possible) == 1 and possible[0] != package:
            line = self._declared.line_of(possible[0])
            if line or not self._declared.lines:
                return Root(possible[0], line, line.line_number if line else None, (package,))
        if not possible and not self._declared.lines and len(self._report.lines) == 1:
            return Root(package, None, self._report.lines[0])
        return Root(package)


def is_inclusion(line: DeclaredLine) -> bool:
    """Tell whether the line reads another file's requirements."""
    return line.content.startswith(("-r", "--requirement"))


def versions_of(line: DeclaredLine) -> Versions:
    return Versions((str(line.specifier),))
