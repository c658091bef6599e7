"""The report for a person: the verdict, what failed with its fix beside it, then one calm table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import CheckResult, CheckStatus
from harness.reports.model import PAGE_NAME, Report, Verdict

STYLES = {
    CheckStatus.PASSED: "green",
    CheckStatus.FAILED: "bold red",
    CheckStatus.WARNING: "yellow",
    CheckStatus.SKIPPED: "dim",
}
VERDICT_STYLES = {Verdict.PASSED: "bold green", Verdict.FAILED: "bold red", Verdict.ERROR: "bold red"}
Row = tuple[Text, ...]


def stdout() -> Console:
    """Return the console for results; plain where stdout is no terminal or NO_COLOR is set."""
    return Console()


def show_report(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the report: what failed first. Checks that passed or were skipped are only counted, unless `verbose`.

    In a terminal long texts are wrapped beside their check; elsewhere each stays on one line, for programs to read.
    """
    console.print(_headline(report), highlight=False, soft_wrap=True)
    findings = [*report.checks_with(CheckStatus.FAILED), *report.checks_with(CheckStatus.WARNING)]
    _print_rows(console, (row for check in findings for row in _finding(check)))
    if verbose:
        _print_rows(console, (_line(check, check.message or check.title) for check in report.checks))
    for line in _summary(report):
        console.print(Text(f"  {line}", "dim"), highlight=False, soft_wrap=True)


def _print_rows(console: Console, rows: Iterable[Row]) -> None:
    if not console.is_terminal:
        for row in rows:
            status, name, *texts = (cell.plain for cell in row)
            text = " ".join(texts).replace("\n", "\n      ")
            console.print(Text(f"  {status:<8}{name:<24}{text}".rstrip()), highlight=False, soft_wrap=True)
        return
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console.print(Padding(table, (0, 0, 0, 2)), highlight=False)


def _headline(report: Report) -> Text:
    text = Text.assemble((report.verdict.upper(), VERDICT_STYLES[report.verdict]), " ")
    if report.task and report.environment:
        text.append(printable(report.task.name), "bold")
        details = [report.task.target_type, report.environment.name, report.environment.backend]
        if report.environment.python_version:
            details.append(f"Python {report.environment.python_version}")
        text.append(f"  {', '.join(details)}", "dim")
    text.append(f"  {report.seconds.total:.1f} s", "dim")
    return text


def _finding(check: CheckResult) -> Iterator[Row]:
    yield _line(check, check.message)
    if check.remedy:
        yield Text(), Text("fix", "cyan", justify="right"), Text(printable(check.remedy), "cyan")
    traceback = check.details.get("traceback")
    if check.status is CheckStatus.FAILED and isinstance(traceback, str) and traceback.strip():
        yield Text(), Text(), Text(printable(traceback.strip()), "dim")


def _line(check: CheckResult, text: str) -> Row:
    return Text(check.status, STYLES[check.status]), Text(check.id), Text(printable(text))


def _summary(report: Report) -> Iterator[str]:
    counts = [(len(report.checks_with(status)), status) for status in CheckStatus]
    yield "checks: " + ", ".join(f"{count} {status}" for count, status in counts if count)
    if report.stages:
        stages = ", ".join(f"{stage.name} {stage.seconds:.2f} s" for stage in report.stages)
        peak = max(stage.peak_memory_bytes for stage in report.stages) / 2**20
        yield f"stages: {stages}; peak memory {peak:.0f} MiB"
    outputs, archives = report.outputs, report.archives
    places = (outputs.predictions, outputs.transformed, archives.training_artifact, archives.logs)
    files = [Path(place) for place in places if place]
    if files:
        names = [PAGE_NAME, *(file.name for file in files)]
        yield f"results: {files[0].parent} ({', '.join(names)})"


def printable(text: str) -> str:
    """Return text that a terminal only shows: control characters, which a task's messages may hold, are spelled out."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else f"\\x{ord(character):02x}"
        for character in text
    )
