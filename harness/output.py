"""The folder with a validation's results: report, archives, and what the task returned for all rows."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.archives import LOGS_NAME, TRAINING_ARTIFACT_NAME, write_logs, write_training_artifact
from harness.cache import cache_folder, make_folder
from harness.checks import Evidence
from harness.errors import HarnessError
from harness.records import CheckResult, TargetType
from harness.reports.model import PAGE_NAME, Archives, Outputs, Report
from harness.reports.page import Page, write_page
from harness.tasks import Task

REPORT_NAME = "report.json"


def prepare_output(folder: Path) -> Path:
    """Return the folder, there and without the results of an earlier run.

    Raises HarnessError where it cannot be written.
    """
    make_folder(folder, remedy="Choose another folder with --output.")
    try:
        for pattern in (REPORT_NAME, PAGE_NAME, LOGS_NAME, TRAINING_ARTIFACT_NAME, "predictions.*", "transformed.*"):
            for stale in folder.glob(pattern):
                stale.unlink()
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise HarnessError(
            f"the output folder cannot be written: {error.strerror}",
            file=str(folder),
            remedy="Choose another --output.",
        ) from error
    return folder


def default_output(task: Task) -> Path:
    """Return a folder in the user's cache that belongs to this task folder alone."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", task.folder.absolute().name)
    digest = hashlib.sha256(str(task.folder.absolute()).encode()).hexdigest()[:8]
    return cache_folder() / "output" / f"{name}-{digest}"


def save_results(
    output: Path, evidence: Evidence, checks: Sequence[CheckResult], secrets: frozenset[str]
) -> tuple[Archives, Outputs]:
    """Write the archives and the task's output for all rows into the output folder; return their paths."""
    logs = write_logs(output, collect_logs(evidence, checks), secrets)
    run = evidence.run
    if run is None or run.fit is None:
        return Archives(logs=str(logs)), Outputs()
    archives = Archives(logs=str(logs), training_artifact=str(write_training_artifact(output, run.artifact_folder)))
    whole = run.scoring.output("whole") if run.scoring else None
    if whole is None or whole.table is None or not whole.file(whole.table).is_file():
        return archives, Outputs()
    kind = "transformed" if evidence.target_type is TargetType.TRANSFORM else "predictions"
    copied = shutil.copy(whole.file(whole.table), output / f"{kind}{Path(whole.table).suffix}")
    return archives, Outputs.model_validate({kind: str(copied)})


def collect_logs(evidence: Evidence, checks: Sequence[CheckResult]) -> dict[str, str | Path]:
    """Return every log by its name in the archive: the build's, each stage's, and what the checks found."""
    logs: dict[str, str | Path] = {
        "checks.log": "".join(f"{check.status:8}{check.id}: {check.message}\n" for check in checks)
    }
    if evidence.build is not None:
        logs["build.log"] = evidence.build.log
    for stage in evidence.run.stages if evidence.run else ():
        if stage.log_file.is_file() and not stage.log_file.is_symlink():
            logs[f"{stage.name}.log"] = stage.log_file
    return logs


def write_report(output: Path, report: Report) -> None:
    """Write report.json, the same document as `--json` prints."""
    (output / REPORT_NAME).write_text(report.model_dump_json(by_alias=True, indent=2), encoding="utf-8")


def write_report_page(output: Path, page: Page) -> None:
    """Write report.html, the report as people look at it."""
    write_page(output / PAGE_NAME, [page])
