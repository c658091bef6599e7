"""How checks are judged, one after the other, so that one root cause gives one failure.

A check names the checks that it needs. Where one of those did not pass, it is skipped and says which check was the
root of it: ten checks that cannot run because fit failed all point at fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.checks.evidence import Evidence
from harness.records import CheckResult, CheckStatus, TargetType

EVERY_TARGET_TYPE = frozenset(TargetType)
_NOT_PASSED = (CheckStatus.FAILED, CheckStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a judge found. `details` holds JSON types only.

    cause: of a skipped check, the id of the check whose failure it must not repeat.
    absent: the validation did not come as far as this check; the first failed check before it is named as the cause.
    """

    status: CheckStatus
    message: str = ""
    remedy: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    cause: str | None = None
    absent: bool = False


def passed(message: str = "", **details: Any) -> Outcome:
    """Return an outcome for what is as it should be."""
    return Outcome(CheckStatus.PASSED, message, details=details)


def failed(message: str, remedy: str = "", **details: Any) -> Outcome:
    """Return an outcome for what the platform refuses, or accepts and gets wrong."""
    return Outcome(CheckStatus.FAILED, message, remedy, details)


def warning(message: str, remedy: str = "", **details: Any) -> Outcome:
    """Return an outcome for what is worth a look and stops nothing."""
    return Outcome(CheckStatus.WARNING, message, remedy, details)


def skipped(reason: str) -> Outcome:
    """Return an outcome for what does not apply to this task."""
    return Outcome(CheckStatus.SKIPPED, reason, details={"applies": False})


def skipped_because(check_id: str) -> Outcome:
    """Return an outcome for what another check has already failed."""
    return Outcome(CheckStatus.SKIPPED, cause=check_id)


def not_reached(what: str) -> Outcome:
    """Return an outcome for a validation that did not come as far; `what` names what is missing."""
    return Outcome(CheckStatus.SKIPPED, what, absent=True)


Judge = Callable[[Evidence], Outcome]


@dataclass(frozen=True, slots=True)
class Check:
    """One judgement with a stable id and a title that a data scientist understands.

    needs: ids of earlier checks that must have passed (a warning counts as passed). One that does not apply to the
    task's target type is passed over, so that `needs=("predict", "transform")` means whichever of the two is there.
    """

    id: str
    title: str
    judge: Judge
    needs: tuple[str, ...] = ()
    target_types: frozenset[TargetType] = EVERY_TARGET_TYPE


def judge_in_order(evidence: Evidence, checks: Iterable[Check]) -> tuple[CheckResult, ...]:
    """Judge every check in order and return a result for each, skipped ones included.

    A needed check that is not among `checks` counts as passed. A skipped result's details say why for programs:
    `{"applies": false}` where the check is not for such a task, `{"cause": id}` with the root cause, or `{}` where
    the validation did not come as far.
    """
    titles: dict[str, str] = {}
    results: dict[str, CheckResult] = {}
    roots: dict[str, str] = {}
    for check in checks:
        titles[check.id] = check.title
        blocker = next((need for need in check.needs if need in roots), None)
        outcome = _judge(check, evidence) if blocker is None else skipped_because(roots[blocker])
        if outcome.absent:
            first_failed = next((result.id for result in results.values() if result.status is CheckStatus.FAILED), None)
            outcome = replace(outcome, cause=first_failed)
        if outcome.cause is not None:
            outcome = _name_the_cause(outcome.cause, titles, results)
        if outcome.status in _NOT_PASSED and evidence.target_type in check.target_types:
            roots[check.id] = outcome.details.get("cause", check.id)
        results[check.id] = CheckResult(
            id=check.id,
            title=check.title,
            status=outcome.status,
            message=outcome.message,
            remedy=outcome.remedy,
            details=dict(outcome.details),
        )
    return tuple(results.values())


def _judge(check: Check, evidence: Evidence) -> Outcome:
    if evidence.target_type not in check.target_types:
        return skipped(f"not for target type {evidence.target_type}")
    try:
        return check.judge(evidence)
    except (OSError, ValueError) as error:
        # The task's process wrote these files, so they may hold anything.
        return failed(
            f"the recorded output cannot be read: {error}",
            "Do not write into the folder where the harness records outputs.",
        )


def _name_the_cause(root: str, titles: Mapping[str, str], results: Mapping[str, CheckResult]) -> Outcome:
    title = titles.get(root, root)
    found = results.get(root)
    verb = "was skipped" if found is not None and found.status is CheckStatus.SKIPPED else "failed"
    return Outcome(CheckStatus.SKIPPED, f"not run because “{title}” {verb}", details={"cause": root})
