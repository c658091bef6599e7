"""Where in a task's files the findings of a report are: for formats that show a finding beside its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.findings import Finding, Severity
from harness.records import CheckResult, CheckStatus
from harness.reports.model import Report

REQUIREMENTS_FILE = "requirements.txt"
CODE_FILES = {"python": "custom.py", "r": "custom.R"}


def findings_of(report: Report) -> Iterator[tuple[CheckResult | None, Finding]]:
    """Yield every failure and warning, with the check that found it and the file and line where they are known.

    Files are relative to the task's folder. A check that has no place in a file stands at the task's code; what kept
    the task from being judged has no check.
    """
    if report.error is not None:
        yield None, report.error.finding
    for check in report.checks:
        if check.status in (CheckStatus.FAILED, CheckStatus.WARNING):
            for finding in findings_of_check(check, report):
                yield check, finding


def shown_path(report: Report, file: str | None) -> str:
    """Return a file of the task as a path from the working folder, or an absolute one where it is not below that."""
    folder = Path(report.task.path) if report.task else Path()
    path = (folder / (file or "")).absolute()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.as_posix()


def findings_of_check(check: CheckResult, report: Report) -> Iterator[Finding]:
    """Yield what a failed check, or one that warns, found: one finding at least."""
    severity = Severity.ERROR if check.status is CheckStatus.FAILED else Severity.WARNING
    details = check.details
    if listed := details.get("findings"):
        for finding in listed:
            yield Finding(
                finding["message"],
                finding["remedy"],
                finding["file"],
                finding["line"],
                finding["column"],
                severity if finding["severity"] == Severity.ERROR else Severity.WARNING,
            )
    elif refused := details.get("refused"):
        for line in refused:
            remedy = f"Write {line['rewrite']}." if line.get("rewrite") else check.remedy
            yield Finding(line["reason"], remedy, REQUIREMENTS_FILE, line["lineNumber"], severity=severity)
    else:
        file, line_number = _place(details, report)
        yield Finding(check.message, check.remedy, file, line_number, severity=severity)


def traceback_of(check: CheckResult) -> str:
    """Return the traceback of the task's own code that a check tells, empty where it tells none."""
    error = check.details.get("error")
    return str(error.get("traceback") or "").strip() if isinstance(error, dict) else ""


def _place(details: dict[str, Any], report: Report) -> tuple[str | None, int | None]:
    diagnosis, error = details.get("diagnosis"), details.get("error")
    if isinstance(diagnosis, dict):
        return REQUIREMENTS_FILE, diagnosis.get("lineNumber")
    code_file = CODE_FILES[report.task.language] if report.task else None
    return code_file, error.get("line") if isinstance(error, dict) else None
