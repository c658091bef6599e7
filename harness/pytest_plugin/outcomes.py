"""What a check's result is in pytest: passed, failed, skipped, or passed with a warning."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.records import CheckStatus
from harness.reports.console import printable
from harness.reports.places import findings_of_check, traceback_of
from harness.tasks.search import code_file

if TYPE_CHECKING:
    from harness.errors import HarnessError
    from harness.findings import Finding
    from harness.reports.model import Report


class CheckWarning(UserWarning):
    """A warning of a check. `-W error::harness.pytest_plugin.outcomes.CheckWarning` makes it a failure."""


@dataclass(frozen=True, slots=True)
class Told:
    """A check's result: its whole text, a line of it, and the file and line that it is about."""

    status: CheckStatus
    text: str
    headline: str
    file: Path
    line: int

    def end(self) -> None:
        """End the test as the check did."""
        __tracebackhide__ = True
        if self.status is CheckStatus.FAILED:
            pytest.fail(self.text, pytrace=False)
        if self.status is CheckStatus.SKIPPED:
            pytest.skip(self.text)
        if self.status is CheckStatus.WARNING:
            warnings.warn_explicit(self.text, CheckWarning, str(self.file), self.line)

    def place(self, report: pytest.TestReport) -> None:
        """Put file, line and headline where pytest has those of the Python line that ended the test."""
        if report.skipped:
            report.longrepr = (str(self.file), self.line, self.headline)
        elif crash := getattr(report.longrepr, "reprcrash", None):
            crash.path, crash.lineno, crash.message = str(self.file), self.line, self.headline


def judge(report: Report, check_id: str) -> Told:
    """Return what is to be told of a check: for each finding its place, message and fix, and the task's traceback."""
    assert report.task is not None
    folder = Path(report.task.path)
    check = report.check(check_id)
    headline = printable(check.message)
    if check.status in (CheckStatus.PASSED, CheckStatus.SKIPPED):
        return Told(check.status, headline, headline, code_file(folder), 1)
    findings = list(findings_of_check(check, report))
    first = findings[0]
    lines = [line for finding in findings for line in _lines(finding, folder)]
    traceback = traceback_of(check)
    text = printable("\n".join([*lines, *([traceback] if traceback else [])]))
    file = folder / first.file if first.file else code_file(folder)
    return Told(check.status, text, headline, file, first.line or 1)


def tell_error(error: HarnessError, folder: Path) -> Told:
    """Return what kept a task from being judged, with its fix."""
    found = error.finding
    text = printable("\n".join(_lines(found, Path())))
    return Told(CheckStatus.FAILED, text, printable(found.message), code_file(folder), found.line or 1)


def _lines(finding: Finding, folder: Path) -> list[str]:
    file = os.path.relpath(folder / finding.file) if finding.file else None
    place = ":".join(str(part) for part in (file, finding.line) if part)
    lines = [f"{place}: {finding.message}" if place else finding.message]
    return [*lines, f"fix: {finding.remedy}"] if finding.remedy else lines
