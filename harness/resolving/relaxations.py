"""Which change of a single line would make requirements resolvable again: tried with uv, one line at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from packaging.specifiers import Specifier
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.builds.model import BuildPlan
from harness.errors import HarnessError
from harness.records import Record
from harness.resolving.declared_lines import DeclaredRequirement, declared_requirements
from harness.resolving.resolve import question_of
from harness.resolving.uv_compile import Answer, Question, asking

MOST_TRIALS = 6
AT_ONCE = 2
BUDGET_SECONDS = 15.0
_LOWER = (">", ">=")
_UPPER = ("<", "<=")


class Relaxation(Record):
    """A change of one line after which uv finds a set.

    replacement: the requirement to write in place of the line; the platform accepts it. version: what uv then chooses
    for the package.
    """

    line_number: int
    package_name: str
    before: str
    replacement: str
    version: str


def relaxations(
    plan: BuildPlan, names: Iterable[str], budget_seconds: float = BUDGET_SECONDS
) -> tuple[Relaxation, ...]:
    """Return the single changes that make the plan resolvable, the smallest step between versions first.

    names: of the packages whose lines may be changed, such as those of a conflict. Each of their lines is tried without
    its versions, and then gets the bounds that hold what uv has chosen. At most MOST_TRIALS lines are tried within
    the budget; where uv has no answer in time, that line is left out. Lines with hashes are never changed.
    """
    if any(entry.hashes for entry in plan.declared.entries):
        return ()
    wanted = {canonicalize_name(name) for name in names}
    declared = declared_requirements(plan)
    candidates = [
        line for line in declared if line.package in wanted and line.line_number and line.requirement.specifier
    ]
    candidates = candidates[:MOST_TRIALS]
    deadline = time.monotonic() + budget_seconds
    found = []
    for start in range(0, len(candidates), AT_ONCE):
        tried = candidates[start : start + AT_ONCE]
        questions = [_without_versions(plan, declared, line) for line in tried]
        for line, answer in zip(tried, _ask_all(questions, deadline), strict=True):
            if answer is not None and answer.solved and line.package in answer.pins:
                found.append(_relaxation(line, answer.pins[line.package].version))
    return tuple(relaxation for _, relaxation in sorted(found, key=lambda pair: pair[0]))


def _without_versions(
    plan: BuildPlan, declared: Iterable[DeclaredRequirement], relaxed: DeclaredRequirement
) -> Question:
    lines = tuple(line.bare if line is relaxed else str(line.requirement) for line in declared)
    return replace(question_of(plan), requirements=lines)


def _ask_all(questions: Sequence[Question], deadline: float) -> list[Answer | None]:
    """Ask all at once; None where there is no answer in time."""
    if len(questions) == 0:
        return []
    left = deadline - time.monotonic()
    if left <= 0:
        return [None] * len(questions)
    with asking(questions[0]) as asked:
        others = _ask_all(questions[1:], deadline)
        try:
            return [asked.answer(left), *others]
        except HarnessError:
            return [None, *others]


def _relaxation(line: DeclaredRequirement, version: str) -> tuple[tuple[int, ...], Relaxation]:
    """Return the relaxation, after how far apart the versions are."""
    comparisons = [_holding(one, version) for one in line.requirement.specifier]
    comparisons.sort(key=lambda text: (not text.startswith(">"), text))
    replacement = line.with_comparisons(",".join(dict.fromkeys(comparisons)))
    distance = min(_distance(one.version, version) for one in line.requirement.specifier)
    return distance, Relaxation(
        line_number=line.line_number,
        package_name=line.package,
        before=str(line.requirement),
        replacement=replacement,
        version=version,
    )


def _holding(comparison: Specifier, version: str) -> str:
    """Return the comparison, with its bound moved as far as the version needs, in the platform's operators."""
    if comparison.operator in (*_LOWER, *_UPPER) and comparison.contains(version, prereleases=True):
        return str(comparison)
    if comparison.operator in _LOWER:
        return f">={version}"
    if comparison.operator in _UPPER:
        return f"<={version}"
    return f"=={version}"


def _distance(before: str, after: str) -> tuple[int, ...]:
    old, new = (Version(text.removesuffix(".*")).release for text in (before, after))
    old, new = ((*release, 0, 0, 0)[:3] for release in (old, new))
    return tuple(abs(a - b) for a, b in zip(old, new, strict=True))
