"""The requirements lines of a plan, by the packages that they name."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.builds.model import BuildPlan
from harness.requirements import Requirements


@dataclass(frozen=True, slots=True)
class DeclaredRequirement:
    """One requirement of the task's own file. text: what it asks for, without comment, hashes and options."""

    line_number: int
    package: str
    text: str
    requirement: Requirement

    @property
    def bare(self) -> str:
        """Return the requirement without versions."""
        return self.with_comparisons("")

    def with_comparisons(self, comparisons: str) -> str:
        """Return the requirement with other versions."""
        marker = f" ; {self.requirement.marker}" if self.requirement.marker else ""
        return f"{_name(self.requirement)}{comparisons}{marker}"


def declared_requirements(plan: BuildPlan) -> tuple[DeclaredRequirement, ...]:
    """Return the requirements of the file that the plan was made from, in its order; those of included files too.

    One of an included file has no line of the task's own: 0. Addresses and paths are no matter of the package index.
    """
    return _declared(plan.declared)


def declared_constraints(plan: BuildPlan) -> tuple[DeclaredRequirement, ...]:
    """Return the base environment's own constraints."""
    return _declared(plan.pinned)


def _declared(requirements: Requirements) -> tuple[DeclaredRequirement, ...]:
    return tuple(
        DeclaredRequirement(
            entry.line_number if entry.file == requirements.file else 0,
            canonicalize_name(entry.parsed.name),
            _text(entry.parsed),
            entry.parsed,
        )
        for entry in requirements.entries
        if entry.parsed is not None and not (entry.url or entry.path)
    )


def lines_by_package(plan: BuildPlan) -> dict[str, tuple[int, ...]]:
    """Return the numbers of the lines that name a package: canonical name -> numbers, counted from 1."""
    lines: dict[str, tuple[int, ...]] = {}
    for declared in declared_requirements(plan):
        if declared.line_number:
            lines[declared.package] = (*lines.get(declared.package, ()), declared.line_number)
    return lines


def _text(requirement: Requirement) -> str:
    comparisons = sorted((str(one) for one in requirement.specifier), reverse=True)
    return _name(requirement) + ",".join(comparisons)


def _name(requirement: Requirement) -> str:
    extras = ",".join(sorted(requirement.extras))
    return f"{requirement.name}[{extras}]" if extras else requirement.name
