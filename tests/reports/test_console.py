"""What a person reads: in a terminal, in a file, and with a task that writes control characters."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from harness.records import CheckResult, CheckStatus, TargetType
from harness.reports import Report, Verdict
from harness.reports.console import show_report
from harness.reports.model import Archives, EnvironmentReport, Seconds, StageReport, TaskReport
from harness.runs import StageStatus

LONG = "the output depends on the other rows of the batch: row 3 is off by 0.25 in column Predictions, " * 3
REPORT = Report(
    verdict=Verdict.FAILED,
    task=TaskReport(
        name="Ridge", path="ridge", language="python", target_type=TargetType.REGRESSION, interface="hooks"
    ),
    environment=EnvironmentReport(id="0" * 24, name="Base", backend="venv", python_version="3.11.7", image=None),
    stages=(
        StageReport(
            name="fit",
            status=StageStatus.PASSED,
            seconds=0.25,
            cpu_seconds=0.2,
            peak_memory_bytes=100 * 2**20,
            exit_code=0,
        ),
    ),
    checks=(
        CheckResult(id="metadata", title="Metadata", status=CheckStatus.WARNING, message="an unknown key"),
        CheckResult(
            id="batch_independence", title="Independent", status=CheckStatus.FAILED, message=LONG, remedy="Fit it."
        ),
        CheckResult(id="row_count", title="Rows", status=CheckStatus.PASSED, message="200 rows"),
    ),
    archives=Archives(logs="out/logs.tar.gz"),
    seconds=Seconds(total=1.25, build=0, run=1, checks=0.1),
)


def printed(report: Report, *, terminal: bool, verbose: bool = False, width: int = 60, color: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=width, no_color=not color)
    show_report(report, console, verbose=verbose)
    return stream.getvalue()


def test_off_a_terminal_each_finding_is_one_line_and_the_failure_comes_first() -> None:
    lines = printed(REPORT, terminal=False).splitlines()
    assert lines[0] == "FAILED Ridge  regression, Base, venv, Python 3.11.7  1.2 s"
    assert lines[1] == f"  failed  batch_independence      {LONG}".rstrip()
    assert lines[2] == "          fix                     Fit it."
    assert lines[3] == "  warning metadata                an unknown key"
    assert lines[4:] == [
        "  checks: 1 passed, 1 failed, 1 warning",
        "  stages: fit 0.25 s; peak memory 100 MiB",
        "  results: out (report.html, logs.tar.gz)",
    ]


def test_in_a_terminal_long_messages_are_wrapped() -> None:
    text = printed(REPORT, terminal=True)
    assert max(Text.from_ansi(line).cell_len for line in text.splitlines()[1:]) <= 60
    assert "batch_independence" in text


def test_colour_is_for_terminals_that_want_it() -> None:
    assert "\x1b[" not in printed(REPORT, terminal=False, color=True)
    assert "\x1b[1;31m" in printed(REPORT, terminal=True, color=True)
    assert "\x1b[1;31m" not in printed(REPORT, terminal=True)


def test_verbose_lists_what_passed() -> None:
    assert "row_count" not in printed(REPORT, terminal=False)
    assert "  passed  row_count               200 rows" in printed(REPORT, terminal=False, verbose=True)


def test_a_task_cannot_write_to_the_terminal_through_the_report() -> None:
    check = CheckResult(id="fit", title="Fit", status=CheckStatus.FAILED, message="no \x1b[2J\x07 [bold]way[/bold]")
    text = printed(REPORT.model_copy(update={"checks": (check,)}), terminal=True)
    assert "\x1b[2J" not in text
    assert "\x07" not in text
    assert "\\x1b[2J\\x07 [bold]way[/bold]" in " ".join(text.split())
