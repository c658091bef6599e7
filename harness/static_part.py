"""The part of a validation that needs nothing but the task's folder: no data, no build, no run."""

from __future__ import annotations

import time
from pathlib import Path

from harness.checks import Evidence, checks_before_build, run_checks
from harness.pipeline import any_failed, decide_target_type
from harness.records import TargetType
from harness.reports.model import Report, Seconds, TaskReport, Verdict
from harness.settings import DEFAULT_TIMEOUT_SECONDS, LARGEST_MEMORY_BYTES, Settings
from harness.tasks import read_task


def judge_static_part(folder: Path, target_type: TargetType | None = None) -> Report:
    """Return a report with the checks of a task's files, metadata, hooks and requirements, as a validation has them.

    target_type: needed only where model-metadata.yaml does not say. Raises HarnessError as a validation does.
    """
    started = time.perf_counter()
    task = read_task(folder)
    evidence = Evidence(
        task=task,
        target_type=decide_target_type(task, Settings(target_type=target_type)),
        memory_bytes=LARGEST_MEMORY_BYTES,
        timeout_seconds=DEFAULT_TIMEOUT_SECONDS,
    )
    checks = run_checks(evidence, checks_before_build)
    seconds = round(time.perf_counter() - started, 3)
    return Report(
        verdict=Verdict.FAILED if any_failed(checks) else Verdict.PASSED,
        task=TaskReport.of(task, evidence.target_type),
        dependencies=task.requirements.dependencies,
        checks=checks,
        seconds=Seconds(total=seconds, build=0, run=0, checks=seconds),
    )
