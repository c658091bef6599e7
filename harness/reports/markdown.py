"""Markdown for the summary of a step of GitHub Actions: the verdict, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.records import CheckStatus
from harness.reports.console import printable
from harness.reports.model import Report, Verdict
from harness.reports.places import findings_of, shown_path

# What GitHub's Markdown takes for more than itself, `$` being its sign of formulas.
_MARKUP = "\\`*_[]<>|#&~$"
_SIGNS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.ERROR: "⚠️"}


def as_markdown(reports: Iterable[Report]) -> str:
    """Return a heading a task with its verdict, a table of what failed or warns, and the counts."""
    return "\n".join(line for report in reports for line in [*_lines(report), ""])


def _lines(report: Report) -> list[str]:
    name = _plain(report.task.name) if report.task else "Task"
    lines = [f"### {_SIGNS[report.verdict]} {name}: {report.verdict}", ""]
    rows = [
        f"| {'error' if check is None else check.status} | {f'`{check.id}`' if check else ''} "
        f"| {_plain(finding.message)} | {_plain(finding.remedy)} | {_place(report, finding.file, finding.line)} |"
        for check, finding in findings_of(report)
    ]
    if rows:
        lines += ["| | check | what | fix | where |", "|---|---|---|---|---|", *rows, ""]
    counts = [(len(report.checks_with(status)), status) for status in CheckStatus]
    counted = ", ".join(f"{count} {status}" for count, status in counts if count)
    details = [counted] if counted else []
    if report.environment:
        details.append(f"{_plain(report.environment.name)}, {report.environment.backend}")
    lines.append(f"{'; '.join([*details, f'{report.seconds.total:.1f} s'])}")
    return lines


def _place(report: Report, file: str | None, line: int | None) -> str:
    return _code(f"{shown_path(report, file)}{f':{line}' if line else ''}") if file else ""


def _plain(text: str) -> str:
    """Return text of a task as it is to be read: no markup, no formulas, no new cells and lines in a table."""
    escaped = "".join(f"\\{character}" if character in _MARKUP else character for character in printable(text))
    return " ".join(escaped.split())


def _code(text: str) -> str:
    """Return text as code in a cell; within it only a longer fence lets backticks stand, and `|` still ends a cell."""
    shown = " ".join(printable(text).split())
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{shown}{space}{fence}".replace("|", "\\|")
