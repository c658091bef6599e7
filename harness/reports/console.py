"""The report for a person: the verdict, what failed with its fix beside it, then one calm table."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import CheckResult, CheckStatus
from harness.reports.model import Report, Verdict

STYLES = {
    CheckStatus.PASSED: "green",
    CheckStatus.FAILED: "bold red",
    CheckStatus.WARNING: "yellow",
    CheckStatus.SKIPPED: "dim",
}
VERDICT_STYLES = {Verdict.PASSED: "bold green", Verdict.FAILED: "bold red", Verdict.ERROR: "bold red"}
INDENT = (0, 0, 0, 2)


def show_report(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the report. Checks that passed or could not run are only counted, unless `verbose`."""
    console.print(render_report(report, verbose=verbose), highlight=False, soft_wrap=False)


def render_report(report: Report, *, verbose: bool) -> RenderableType:
    parts: list[RenderableType] = [_headline(report)]
    for status in (CheckStatus.FAILED, CheckStatus.WARNING):
        parts += [_finding(check) for check in report.checks_with(status)]
    parts.append(_table(report, verbose=verbose))
    if report.stages:
        parts.append(_stages(report))
    parts.append(_places(report))
    return Group(*parts)


def _headline(report: Report) -> Text:
    text = Text()
    name = report.task.name if report.task else "?"
    text.append(f"{report.verdict.upper()} ", VERDICT_STYLES[report.verdict])
    text.append(name, "bold")
    if report.task and report.environment:
        details = [report.task.target_type, report.environment.name, report.environment.backend]
        if report.environment.python_version:
            details.append(f"Python {report.environment.python_version}")
        text.append(f"  {', '.join(details)}", "dim")
    text.append(f"  {report.seconds.total:.1f} s", "dim")
    return text


def _finding(check: CheckResult) -> RenderableType:
    text = Text()
    text.append(f"{check.status} ", STYLES[check.status])
    text.append(check.id, "bold")
    text.append(f"  {check.message}")
    lines: list[RenderableType] = [text]
    if check.remedy:
        lines.append(Padding(Text(f"fix: {check.remedy}", "cyan"), INDENT))
    traceback = check.details.get("traceback")
    if check.status is CheckStatus.FAILED and isinstance(traceback, str) and traceback.strip():
        lines.append(Padding(Text(traceback.strip(), "dim"), INDENT))
    return Padding(Group(*lines), INDENT)


def _table(report: Report, *, verbose: bool) -> RenderableType:
    if not verbose:
        counts = [(status, len(report.checks_with(status))) for status in CheckStatus]
        text = Text("  checks: ")
        text.append(", ".join(f"{count} {status}" for status, count in counts if count))
        return text
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    for check in report.checks:
        table.add_row(Text(check.status, STYLES[check.status]), check.id, Text(check.message or check.title))
    return Padding(table, INDENT)


def _stages(report: Report) -> Text:
    stages = ", ".join(f"{stage.name} {stage.seconds:.2f} s" for stage in report.stages)
    peak = max(stage.peak_memory_bytes for stage in report.stages) / 2**20
    return Text(f"  stages: {stages}; peak memory {peak:.0f} MiB", "dim")


def _places(report: Report) -> Text:
    places = [report.outputs.predictions or report.outputs.transformed, report.archives.logs]
    return Text("\n".join(f"  {place}" for place in places if place), "dim")
