"""Packages of which an installer would take a source distribution: the rest is resolved around them.

What such a package needs in turn, only its build script tells. Where a line names it, its version is known, and an
empty package of that version stands in for it, so that what others ask of it still counts. Where only a dependency
brings it, it is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.builds.model import BuildPlan
from harness.resolving.declared_lines import declared_requirements
from harness.resolving.explanation import read_conflict, without_wheels
from harness.resolving.model import SourcePackage
from harness.resolving.uv_compile import Answer, Pin, Question, ask
from harness.resolving.versions import is_newer, same_version

# How often packages are put aside before uv's proof is taken as it is.
MOST_ROUNDS = 8


def exactly_pinned(plan: BuildPlan) -> frozenset[str]:
    """Return the packages of which the lines allow a single version."""
    return frozenset(
        line.package
        for line in declared_requirements(plan)
        if any(one.operator == "==" and not one.version.endswith("*") for one in line.requirement.specifier)
    )


@dataclass(frozen=True, slots=True)
class Sources:
    """What is needed to find these packages.

    names: a version of each requirement, source distributions included. pinned: of which there is no other version.
    lines: canonical name -> the lines that name it.
    """

    question: Question
    names: Mapping[str, Pin]
    pinned: frozenset[str]
    lines: Mapping[str, tuple[int, ...]]
    timeout_seconds: float

    def put_aside(self, wheels: Answer) -> tuple[Answer, tuple[SourcePackage, ...]]:
        """Return uv's answer without the packages that would be built, and these.

        wheels: its answer from wheels alone.
        """
        aside = {name: self.lines.get(name, ()) for name in self._newer_than_wheels(wheels)}
        passed_over: set[str] = set()
        answer = self._ask(aside, passed_over) if aside else wheels
        for _ in range(MOST_ROUNDS):
            if answer.solved:
                break
            proof = read_conflict(answer.words, self.lines)
            missing = [name for name in without_wheels(answer.words) if name not in aside and self._has_source(name)]
            # An installer would try other versions of these; that the chosen one does not fit proves nothing.
            loose = {name for name in proof.packages if name in aside} - self.pinned - passed_over
            if not missing and not loose:
                break
            aside |= {name: self.lines.get(name, proof.line_numbers) for name in missing}
            passed_over |= loose if not missing else set()
            answer = self._ask(aside, passed_over)
        return answer, tuple(
            SourcePackage(
                package_name=name,
                version=self.names[name].version if name in self.names and name not in passed_over else None,
                line_numbers=numbers,
            )
            for name, numbers in sorted(aside.items())
        )

    def _ask(self, aside: Mapping[str, tuple[int, ...]], passed_over: set[str]) -> Answer:
        known = {name: self.names[name].version for name in aside if name in self.names and name not in passed_over}
        question = replace(
            self.question,
            stand_ins=tuple(sorted(known.items())),
            excluded=tuple(sorted(aside.keys() - known.keys())),
        )
        return ask(question, self.timeout_seconds)

    def _newer_than_wheels(self, wheels: Answer) -> frozenset[str]:
        """Return the requirements of which the newest release that fits the line has no wheel, though others have."""
        newer = [
            name
            for name, pin in self.names.items()
            if name in wheels.pins and is_newer(pin.version, wheels.pins[name].version)
        ]
        if not newer:
            return frozenset()
        from_wheels = ask(replace(self.question, names_only=True), self.timeout_seconds).pins
        return frozenset(
            name
            for name in newer
            if name in from_wheels and not same_version(from_wheels[name].version, self.names[name].version)
        )

    def _has_source(self, package: str) -> bool:
        """Tell whether the package could be built; for a requirement that is known already."""
        if package in self.names:
            return True
        alone = replace(self.question, requirements=(package,), constraints=(), names_only=True, sources=True)
        return ask(alone, self.timeout_seconds).solved
