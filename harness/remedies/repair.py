"""Find the smallest change to requirements.txt with which the dependencies build and can be imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.builds.model import BuildPlan, BuildResult, Diagnosis
from harness.builds.plan import plan_build
from harness.remedies.changes import Change, Changes, apply, parse_text
from harness.requirements.decoding import DecodedText

MOST_BUILDS = 5

Build = Callable[[BuildPlan], BuildResult]
Explain = Callable[[BuildPlan, BuildResult], Diagnosis | None]
Suggest = Callable[[BuildPlan, Diagnosis], Sequence[Change]]
Foresee = Callable[[BuildPlan], BuildResult | None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One build of the requirements with these changes; diagnosis: why it failed."""

    changes: Changes
    result: BuildResult
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """What came of it. attempts: in the order of the builds, the first without a change.

    text: that of the file that builds, None where nothing does. exhausted: there was more to try, but no build left.
    """

    attempts: tuple[Attempt, ...]
    text: str | None = None
    exhausted: bool = False

    @property
    def succeeded(self) -> bool:
        return self.text is not None


def repair(
    plan: BuildPlan,
    decoded: DecodedText,
    *,
    build: Build,
    explain: Explain,
    suggest: Suggest,
    foresee: Foresee,
    most_builds: int = MOST_BUILDS,
) -> Repair:
    """Build with ever more of the suggested changes until one build succeeds, `most_builds` times at most.

    decoded: the text that `plan` was made from. suggest: the changes that may help against a failure, each for itself,
    the best first. foresee: the failure that is certain without building, which costs no build, None where there is
    none. Fewer changes are tried before more, so that what is found is the smallest of what was suggested.
    """
    attempts: list[Attempt] = []
    waiting: list[Changes] = [frozenset()]
    seen = set(waiting)
    while waiting:
        changes = waiting.pop(0)
        changed = _with_changes(plan, decoded, changes)
        foreseen = foresee(changed) if attempts else None
        if foreseen is None and len(attempts) == most_builds:
            return Repair(tuple(attempts), exhausted=True)
        result = foreseen or build(changed)
        diagnosis = None if result.succeeded else explain(changed, result)
        if foreseen is None:
            attempts.append(Attempt(changes, result, diagnosis))
        if result.succeeded:
            return Repair(tuple(attempts), apply(plan.declared, decoded.text, changes))
        for extended in _extended(plan, changes, suggest(changed, diagnosis) if diagnosis else ()):
            if extended not in seen:
                seen.add(extended)
                waiting.append(extended)
        waiting.sort(key=len)
    return Repair(tuple(attempts))


def _with_changes(plan: BuildPlan, decoded: DecodedText, changes: Changes) -> BuildPlan:
    text = apply(plan.declared, decoded.text, changes, keep_numbers=True)
    return plan_build(plan.environment, parse_text(decoded, text), None, plan.options)


def _extended(plan: BuildPlan, changes: Changes, suggested: Sequence[Change]) -> Iterator[Changes]:
    """Yield the changes with one more each; a line that is changed already is changed otherwise."""
    numbers = {None, *(line.record.line_number for line in plan.declared.lines)}
    for change in suggested:
        if change.line_number in numbers:
            others = {one for one in changes if change.line_number is None or one.line_number != change.line_number}
            yield frozenset({*others, change})
