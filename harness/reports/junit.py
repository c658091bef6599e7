"""JUnit XML: a suite a task and a test case a check, as build servers read it."""

from __future__ import annotations

from collections.abc import Iterable

from junitparser import Attr, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from harness.findings import Finding
from harness.records import CheckResult, CheckStatus
from harness.reports.console import printable
from harness.reports.model import Report
from harness.reports.places import findings_of_check, shown_path, traceback_of

NOT_JUDGED = "validate"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


class _Case(TestCase):
    """A test case with its place, in the attributes that pytest has made usual."""

    file = Attr()
    line = Attr()


def as_junit(reports: Iterable[Report]) -> str:
    """Return the reports as one document. A warning is a passed case whose text says what it warns of.

    The class name of a case is the task's folder, by which build servers tell tasks of the same name apart.
    """
    document = JUnitXml("task-harness")
    seconds = []
    for report in reports:
        # Not add_testsuite, which puts tasks of the same name into one suite.
        document.append(_suite(report))
        seconds.append(report.seconds.total)
    document.update_statistics()
    # The cases have no times of their own to add up.
    document.time = round(sum(seconds), 3)
    for suite, its_seconds in zip(document, seconds, strict=True):
        suite.time = its_seconds
    text: str = document.tostring().decode()
    return f"{DECLARATION}\n{text}\n"


def _suite(report: Report) -> TestSuite:
    suite = TestSuite(printable(report.task.name if report.task else "task"))
    if report.error is not None:
        suite.add_testcase(_case_of_error(report, report.error.finding))
    for check in report.checks:
        suite.add_testcase(_case(check, report))
    return suite


def _case_of_error(report: Report, error: Finding) -> _Case:
    case = _Case(NOT_JUDGED, _shown(error.file or shown_path(report, None)), time=0.0)
    case.result = [_told(Error, error.message, "not_judged", str(error))]
    return case


def _case(check: CheckResult, report: Report) -> _Case:
    case = _Case(check.id, _shown(shown_path(report, None)), time=0.0)
    if check.status is CheckStatus.SKIPPED:
        case.result = [Skipped(printable(check.message))]
    if check.status not in (CheckStatus.FAILED, CheckStatus.WARNING):
        return case
    findings = list(findings_of_check(check, report))
    case.file = _shown(shown_path(report, findings[0].file))
    case.line = str(findings[0].line or 1)
    if check.status is CheckStatus.WARNING:
        case.system_out = printable(f"warning: {check.message} {check.remedy}".rstrip())
    else:
        places = [_with_place(finding, report) for finding in findings]
        case.result = [_told(Failure, check.message, "check_failed", *places, check.remedy, traceback_of(check))]
    return case


def _with_place(finding: Finding, report: Report) -> str:
    place = ":".join(str(part) for part in (shown_path(report, finding.file), finding.line) if part)
    return f"{place}: {finding.message}"


def _told(kind: type[Error | Failure], message: str, failure_type: str, *texts: str) -> Error | Failure:
    result = kind(_shown(message), failure_type)
    result.text = printable("\n".join(text for text in texts if text))
    return result


def _shown(text: str) -> str:
    """Return text for an attribute, in which some readers keep no line breaks."""
    return " ".join(printable(text).split())
