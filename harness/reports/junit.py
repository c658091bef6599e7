"""JUnit XML: a suite a task and a test case a check, as build servers read it."""

from __future__ import annotations

from collections.abc import Iterable

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from harness.records import CheckResult, CheckStatus
from harness.reports.console import printable
from harness.reports.model import Report

NOT_JUDGED = "validate"


def as_junit(reports: Iterable[Report]) -> str:
    """Return the reports as one document. A warning is a passed case whose text says what it warns of."""
    document = JUnitXml("task-harness")
    for report in reports:
        document.add_testsuite(_suite(report))
    document.update_statistics()
    text: str = document.tostring().decode()
    return text


def _suite(report: Report) -> TestSuite:
    name = report.task.name if report.task else "task"
    suite = TestSuite(printable(name))
    if report.error is not None:
        case = TestCase(NOT_JUDGED, printable(name))
        case.result = [_told(Error, report.error.message, report.error.remedy)]
        suite.add_testcase(case)
    for check in report.checks:
        suite.add_testcase(_case(check, name))
    suite.update_statistics()
    suite.time = report.seconds.total
    return suite


def _case(check: CheckResult, suite: str) -> TestCase:
    case = TestCase(check.id, printable(suite))
    if check.status is CheckStatus.FAILED:
        error = check.details.get("error")
        traceback = error.get("traceback") if isinstance(error, dict) else None
        case.result = [_told(Failure, check.message, check.remedy, traceback or "")]
    elif check.status is CheckStatus.SKIPPED:
        case.result = [Skipped(printable(check.message))]
    elif check.status is CheckStatus.WARNING:
        case.system_out = printable(f"warning: {check.message} {check.remedy}".rstrip())
    return case


def _told(kind: type[Error | Failure], message: str, remedy: str, traceback: str = "") -> Error | Failure:
    result = kind(printable(message))
    result.text = printable("\n".join(filter(None, [message, remedy, traceback])))
    return result
