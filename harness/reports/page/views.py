"""Turn a page's report and figures into what the template shows: sentences, rows, links. Pure; escapes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from packaging.utils import canonicalize_name

from harness.builds.model import Diagnosis
from harness.checks.wording import counted, seconds_text, size_text
from harness.findings import Finding
from harness.records import BuildStatus, CheckResult, CheckStatus, Dependency
from harness.reports.model import Report, StageReport, Verdict
from harness.reports.page.logs import find_line
from harness.reports.page.model import Chart, Figures, Log, Page, TextTable
from harness.reports.page.wording import plain_line, plain_text
from harness.reports.places import findings_of_check, traceback_of

# Beyond these, the list of checks has the rest.
MOST_FAILURES_ON_TOP = 3
GROUPS = (
    (CheckStatus.FAILED, "Failed"),
    (CheckStatus.WARNING, "Warnings"),
    (CheckStatus.PASSED, "Passed"),
    (CheckStatus.SKIPPED, "Skipped"),
)


@dataclass(frozen=True, slots=True)
class LogLink:
    """A line of evidence, and the anchor of the line in the log that it is; None where the log does not show it."""

    text: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a check found, as text."""

    place: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check's result, ready to be shown. `details` is JSON for people who want to see all of it."""

    id: str
    anchor: str
    title: str
    status: CheckStatus
    message: str
    remedy: str
    findings: tuple[Found, ...]
    traceback: str
    evidence: tuple[LogLink, ...]
    details: str


@dataclass(frozen=True, slots=True)
class DependencyRow:
    """A requirements line: as written, as recorded, what was installed for it, or why it is refused."""

    line_number: int
    line: str
    record: str
    installed: str
    refused: str
    is_at_fault: bool


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage; bars are places on a scale of 0 to 100."""

    name: str
    status: str
    seconds: str
    cpu: str
    memory: str
    memory_bar: float
    exit_code: str


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A bar of the timeline, on a scale of 0 to 100."""

    name: str
    text: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Link:
    """A file beside the page, or elsewhere on this machine."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart with its id in the page."""

    id: str
    chart: Chart


class PageView:
    """One validation for the template. `prefix` makes its ids differ from those of others in the same file."""

    def __init__(self, page: Page, folder: Path, prefix: str = "") -> None:
        self.report = page.report
        self.figures = page.figures
        self.prefix = prefix
        self.name = plain_line(page.report.task.name if page.report.task else page.folder_name or "The task")
        self.sentence = verdict_sentence(page.report, self.name)
        self._build_log = next((log for log in page.figures.logs if log.name == "build"), None)
        views = [self._check(check) for check in page.report.checks]
        self.groups = [(status, title, [view for view in views if view.status is status]) for status, title in GROUPS]
        self.failures = [view for view in views if view.status is CheckStatus.FAILED][:MOST_FAILURES_ON_TOP]
        self.dependencies = list(dependency_rows(page.report, page.figures))
        self.stages = list(stage_rows(page.report.stages))
        self.spans = list(span_rows(page.figures))
        self.facts = list(facts_of(page.report, page.figures))
        self.links = list(_links(page.report, folder))
        output, data = page.figures.output, page.figures.data
        self.output_charts = self._charts("output", output.charts if output else ())
        self.data_charts = self._charts("data", data.charts if data else ())
        self.batch_charts = self._charts("batch", (page.figures.batch,) if page.figures.batch else ())

    @property
    def charts(self) -> list[ChartView]:
        return [*self.batch_charts, *self.output_charts, *self.data_charts]

    @property
    def failed_log(self) -> str | None:
        """Return the name of the log to open: the build's where that failed, else that of the first failed stage."""
        if self.report.build is not None and self.report.build.build_status is BuildStatus.FAILED:
            return "build"
        return next((stage.name for stage in self.report.stages if stage.status != "passed"), None)

    def line_anchor(self, log: Log, number: int) -> str:
        return f"{self.prefix}{log.name}-L{number}"

    def _charts(self, part: str, charts: tuple[Chart, ...]) -> list[ChartView]:
        return [ChartView(f"{self.prefix}{part}-{number}", chart) for number, chart in enumerate(charts, start=1)]

    def _check(self, check: CheckResult) -> CheckView:
        diagnosis = check.details.get("diagnosis")
        evidence = diagnosis.get("evidence", ()) if isinstance(diagnosis, dict) else ()
        is_finding = check.status in (CheckStatus.FAILED, CheckStatus.WARNING)
        found = [*findings_of_check(check, self.report)] if is_finding else []
        return CheckView(
            id=check.id,
            anchor=f"{self.prefix}check-{check.id}",
            title=check.title,
            status=check.status,
            message=plain_text(check.message),
            remedy=plain_text(check.remedy),
            findings=tuple(_found(finding) for finding in found),
            traceback=plain_text(traceback_of(check)),
            evidence=tuple(self._log_link(str(text)) for text in evidence),
            details=plain_text(json.dumps(check.details, indent=2, ensure_ascii=False)) if check.details else "",
        )

    def _log_link(self, evidence: str) -> LogLink:
        line = find_line(self._build_log, evidence) if self._build_log else None
        anchor = self.line_anchor(self._build_log, line.number) if self._build_log and line else None
        return LogLink(plain_line(evidence), anchor)


def verdict_sentence(report: Report, name: str) -> str:
    """Return the verdict as a sentence about the task of that name."""
    failed = report.checks_with(CheckStatus.FAILED)
    if report.verdict is Verdict.PASSED:
        warnings = len(report.checks_with(CheckStatus.WARNING))
        told = f", with {counted(warnings, 'warning')}" if warnings else ""
        return f"“{name}” passes{told}: the platform would build, train and score with it."
    if report.verdict is Verdict.ERROR:
        return f"“{name}” could not be judged."
    if failed and failed[0].id == "dependency_build":
        return f"“{name}” fails: its dependencies do not install."
    if len(failed) == 1:
        return f"“{name}” fails the check “{failed[0].title}”."
    return f"“{name}” fails {len(failed)} checks, first of all “{failed[0].title}”."


def facts_of(report: Report, figures: Figures) -> Iterator[tuple[str, str]]:
    """Yield what a reader wants to know before reading on: names and values."""
    if report.task is not None:
        yield "Target type", report.task.target_type
    if report.environment is not None:
        yield "Environment", plain_line(report.environment.name)
        python = f", Python {report.environment.python_version}" if report.environment.python_version else ""
        yield "Backend", f"{report.environment.backend}{python}"
    if figures.data is not None:
        yield "Data", f"{counted(figures.data.rows, 'row')}, {counted(figures.data.columns, 'column')}"
    counts = [(len(report.checks_with(status)), status) for status in CheckStatus]
    if report.checks:
        yield "Checks", ", ".join(f"{count} {status}" for count, status in counts if count)
    yield "Time", seconds_text(report.seconds.total)


def dependency_rows(report: Report, figures: Figures) -> Iterator[DependencyRow]:
    """Yield a row a requirements line, accepted or refused, in the order of the file."""
    diagnosis = report.build.diagnosis if report.build else None
    rows = [_dependency_row(dependency, figures, diagnosis) for dependency in report.dependencies]
    for check in report.checks:
        for refused in check.details.get("refused", ()):
            reason = plain_line(str(refused["reason"]))
            rewrite = f" Write {plain_line(refused['rewrite'])}." if refused.get("rewrite") else ""
            line = plain_text(str(refused["line"]).strip())
            rows.append(DependencyRow(refused["lineNumber"], line, "", "", f"{reason}.{rewrite}", True))
    yield from sorted(rows, key=lambda row: row.line_number)


def _dependency_row(dependency: Dependency, figures: Figures, diagnosis: Diagnosis | None) -> DependencyRow:
    extras = f"[{dependency.extras}]" if dependency.extras else ""
    constraints = ", ".join(f"{found.constraint_type} {found.version}" for found in dependency.constraints)
    return DependencyRow(
        line_number=dependency.line_number,
        line=plain_text(dependency.line.strip()),
        record=plain_line(f"{dependency.package_name}{extras} {constraints}".strip()),
        installed=plain_line(figures.installed.get(canonicalize_name(dependency.package_name), "")),
        refused="",
        is_at_fault=diagnosis is not None and diagnosis.line_number == dependency.line_number,
    )


def stage_rows(stages: tuple[StageReport, ...]) -> Iterator[StageRow]:
    """Yield a row a stage, its memory beside that of the largest."""
    largest = max((stage.peak_memory_bytes for stage in stages), default=0) or 1
    for stage in stages:
        yield StageRow(
            name=stage.name,
            status=stage.status,
            seconds=seconds_text(stage.seconds),
            cpu=seconds_text(stage.cpu_seconds),
            memory=size_text(stage.peak_memory_bytes),
            memory_bar=round(100 * stage.peak_memory_bytes / largest, 1),
            exit_code="" if stage.exit_code is None else str(stage.exit_code),
        )


def span_rows(figures: Figures) -> Iterator[SpanRow]:
    """Yield a bar a part of the validation."""
    whole = max((span.end for span in figures.spans), default=0.0) or 1.0
    for span in figures.spans:
        text = f"{seconds_text(span.end - span.start)}, from {seconds_text(span.start)} on"
        width = max(0.4, 100 * (span.end - span.start) / whole)
        yield SpanRow(span.name, text, round(min(100 * span.start / whole, 99.6), 2), round(width, 2))


def number_columns(table: TextTable) -> list[bool]:
    """Tell for each column of a table whether it holds numbers."""
    return [place >= table.first_number for place in range(len(table.header))]


def _found(finding: Finding) -> Found:
    return Found(plain_line(finding.place), plain_text(finding.message), plain_text(finding.remedy))


def _links(report: Report, folder: Path) -> Iterator[Link]:
    """Yield the files that the validation left, relative to the page's folder where they lie in it."""
    outputs, archives = report.outputs, report.archives
    for place in (archives.logs, archives.training_artifact, outputs.predictions, outputs.transformed):
        if place:
            file = Path(os.path.abspath(place))  # noqa: PTH100 - links are left as they are
            inside = file.is_relative_to(os.path.abspath(folder))  # noqa: PTH100
            target = quote(file.relative_to(os.path.abspath(folder)).as_posix()) if inside else file.as_uri()  # noqa: PTH100
            yield Link(file.name, target)
