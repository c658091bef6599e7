"""Put two validations side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from harness.checks.comparison import Tolerance
from harness.records import CheckResult, CheckStatus, Dependency
from harness.reports.comparison.model import (
    Change,
    CheckChange,
    Checks,
    Comparison,
    Dependencies,
    Measure,
    OutputChanges,
    SameCheck,
    Side,
    StageChange,
)
from harness.reports.comparison.predictions import compare_tables, output_changes
from harness.reports.comparison.results import Results
from harness.reports.model import Report, Verdict

# A check that is skipped has found nothing.
_TROUBLE = {CheckStatus.PASSED: 0, CheckStatus.SKIPPED: 0, CheckStatus.WARNING: 1, CheckStatus.FAILED: 2}
# What differs from run to run, and is compared by itself.
_MEASURED = re.compile(r"[\d,.]+ (?:s|bytes?|[KMG]iB)\b")
DEFAULT_TOLERANCE = Tolerance()


def compare_results(
    before: Results, after: Results, tolerance: Tolerance = DEFAULT_TOLERANCE, *, with_output: bool = True
) -> Comparison:
    """Return what changed from one validation to the other.

    tolerance: how far two numbers of the output may be apart and be the same. with_output: whether to compare what the
    task returned. Raises HarnessError where a table is damaged.
    """
    old, new = before.report, after.report
    verdicts = list(Verdict)
    return Comparison(
        before=_side(before),
        after=_side(after),
        verdict_worse=verdicts.index(new.verdict) > verdicts.index(old.verdict),
        facts=tuple(_changes(_facts(old), _facts(new))),
        checks=_checks(old, new),
        dependencies=_dependencies(before, after),
        seconds=tuple(
            _measure(name, getattr(old.seconds, name), getattr(new.seconds, name))
            for name in ("total", "build", "run", "checks")
        ),
        stages=tuple(_stages(old, new)),
        output=_output(before, after, tolerance, with_output=with_output),
    )


def _side(results: Results) -> Side:
    report = results.report
    return Side(
        folder=str(results.report_file.parent),
        verdict=report.verdict,
        task=report.task.name if report.task else None,
        target_type=report.task.target_type if report.task else None,
        environment=report.environment.name if report.environment else None,
        backend=report.environment.backend if report.environment else None,
        python_version=report.environment.python_version if report.environment else None,
    )


def _facts(report: Report) -> dict[str, str]:
    """Return what a report says of task, environment and build, by the words that a reader knows."""
    task, environment, build = report.task, report.environment, report.build
    diagnosis = build.diagnosis if build else None
    facts = {
        "task": task and task.name,
        "language": task and task.language,
        "target type": task and task.target_type,
        "interface": task and task.interface,
        "environment": environment and f"{environment.name} ({environment.id})",
        "backend": environment and environment.backend,
        "Python": environment and environment.python_version,
        "image": environment and environment.image,
        "build": build and str(build.build_status),
        "build taken from an earlier one": build and ("yes" if build.cached else "no"),
        "cause of the failed build": diagnosis and f"{diagnosis.category}: {diagnosis.summary}",
        "error": report.error and report.error.message,
    }
    return {name: str(value) for name, value in facts.items() if value}


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Change(name=name, before=before.get(name), after=after.get(name))


def _checks(before: Report, after: Report) -> Checks:
    old, new = ({check.id: check for check in report.checks} for report in (before, after))
    changed: list[CheckChange] = []
    same: list[SameCheck] = []
    for check_id in dict.fromkeys([*old, *new]):
        one, other = old.get(check_id), new.get(check_id)
        known = other or one
        assert known is not None
        if one and other and (one.status, one.message) == (other.status, other.message):
            same.append(SameCheck(id=check_id, status=other.status, message=other.message))
            continue
        changed.append(
            CheckChange(
                id=check_id,
                title=known.title,
                before=one.status if one else None,
                after=other.status if other else None,
                message_before=one.message if one else "",
                message_after=other.message if other else "",
                worse=other is not None and _TROUBLE[other.status] > (_TROUBLE[one.status] if one else 0),
                only_measured=one is not None
                and other is not None
                and _without_measures(one) == _without_measures(other),
            )
        )
    changed.sort(key=lambda change: (change.only_measured, change.before == change.after, not change.worse))
    return Checks(changed=tuple(changed), same=tuple(same))


def _without_measures(check: CheckResult) -> tuple[CheckStatus, str]:
    return check.status, _MEASURED.sub("", check.message)


def _dependencies(before: Results, after: Results) -> Dependencies:
    old, new = _lines(before.report.dependencies), _lines(after.report.dependencies)
    one, other = before.versions, after.versions
    sides: tuple[tuple[Literal["before", "after"], object], ...] = (("before", one), ("after", other))
    return Dependencies(
        changed=tuple(_changes(old, new)),
        same=sum(new.get(name) == line for name, line in old.items()),
        installed=tuple(sorted(_changes(one, other), key=lambda change: change.name)) if one and other else None,
        installed_same=sum(other.get(name) == version for name, version in one.items()) if one and other else 0,
        installed_unknown=tuple(side for side, versions in sides if versions is None),
    )


def _lines(dependencies: tuple[Dependency, ...]) -> dict[str, str]:
    """Return package -> what is asked of it, in one spelling: comments and blanks are no change."""
    lines: dict[str, str] = {}
    for record in dependencies:
        extras = f"[{record.extras}]" if record.extras else ""
        asked = ",".join(f"{constraint.constraint_type}{constraint.version}" for constraint in record.constraints)
        name = record.package_name
        lines[name] = " and ".join(filter(None, [lines.get(name, ""), f"{name}{extras}{asked}"]))
    return lines


def _measure(name: str, before: float | None, after: float | None) -> Measure:
    if before is None or after is None:
        return Measure(name=name, before=before, after=after, difference=None, ratio=None)
    ratio = round(after / before, 3) if before else None
    return Measure(name=name, before=before, after=after, difference=round(after - before, 6), ratio=ratio)


def _stages(before: Report, after: Report) -> Iterator[StageChange]:
    old, new = ({stage.name: stage for stage in report.stages} for report in (before, after))
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name), new.get(name)
        yield StageChange(
            name=name,
            status_before=one.status if one else None,
            status_after=other.status if other else None,
            seconds=_measure("seconds", one.seconds if one else None, other.seconds if other else None),
            peak_memory_bytes=_measure(
                "peakMemoryBytes",
                one.peak_memory_bytes if one else None,
                other.peak_memory_bytes if other else None,
            ),
        )


def _output(before: Results, after: Results, tolerance: Tolerance, *, with_output: bool) -> OutputChanges:
    if not with_output:
        return output_changes("notCompared", tolerance, reason="the output was left out")
    if before.table is None and after.table is None:
        return output_changes("notCompared", tolerance, reason="neither run came to an output")
    if before.table is None or after.table is None:
        side = "the first" if after.table is None else "the second"
        return output_changes("changed", tolerance, reason=f"only {side} run came to an output")
    if before.kind != after.kind:
        reason = f"the task returned {before.kind} columns and returns {after.kind} ones now"
        return output_changes("changed", tolerance, reason=reason)
    types = {report.task.target_type for report in (before.report, after.report) if report.task}
    labels = len(types) == 1 and next(iter(types)).is_classification
    return compare_tables(before.table, after.table, tolerance, labels=labels).model_copy(update={"kind": after.kind})
