"""uv's error reports as whole sentences: it draws them as a tree and breaks lines at the terminal's width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge
from itertools import islice

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.patterns import Pattern

# A tree: a heading behind a cross, then branches, each broken into several lines; where the terminal has no such
# signs, `x`, `|->` and `` `-> ``. Newer: `error: ...`, `  cause: ...`.
_BRANCH = Pattern(
    "^ {0,8}(?:\u00d7|├─▶|╰─▶|\\|->|`->) |^ {0,4}x (?=[A-Z])|^(?:error|warning): |^ +(?:cause|Caused by): |^ *hint: "
)
_GOES_ON = Pattern("^(?: {1,8}[│|] {0,3}| {2,})(?=\\S)")
_START = Pattern("^ {0,8}(?:\u00d7 |error: |x (?=[A-Z]))", re.MULTILINE)
_LONGEST = 200_000
_MOST_REPORTS = 300
_ANCHORS = tuple(f"\n{' ' * indent}{sign}" for sign in ("\u00d7 ", "error: ", "x ") for indent in range(9))
register(*_ANCHORS)


def uv_sentences(log: BuildLog) -> Iterator[tuple[int, str]]:
    """Yield each branch of uv's last error reports on one line, without drawing, and where it begins in the log."""
    for report in uv_reports(log):
        yield from report


def uv_reports(log: BuildLog) -> Iterator[list[tuple[int, str]]]:
    """Yield each of uv's last error reports: its heading, its causes and its hints, as `uv_sentences` has them."""
    for start in reversed(tuple(islice(_starts(log), _MOST_REPORTS))):
        yield uv_report_at(log, start)


def _starts(log: BuildLog) -> Iterator[int]:
    """Yield where a line begins as a report does, the last such line first."""
    for position in merge(*map(log.places, _ANCHORS), reverse=True):
        if _START.match(log.text, position + 1):
            yield position + 1
    if _START.match(log.text):
        yield 0


def uv_report_at(log: BuildLog, position: int) -> list[tuple[int, str]]:
    """Return the branches from the line that holds `position` to the end of its report, as `uv_sentences` has them."""
    end = log.start_of_line(position)
    report: list[tuple[int, str]] = []
    begun, words = end, list[str]()
    for line in _lines(log, end):
        branch, goes_on = _BRANCH.match(line), _GOES_ON.match(line)
        if branch:
            if words:
                report.append((begun, " ".join(words)))
                if branch.group().strip() in {"\u00d7", "x", "error:", "warning:"}:
                    return report
            begun, words = end, [line[branch.end() :].strip()]
        elif words and (goes_on or _is_unfinished(words, line)):
            words.append(line[goes_on.end() if goes_on else 0 :].strip())
        elif line.strip(" \t\r\n│|"):
            break
        end += len(line)
    if words:
        report.append((begun, " ".join(words)))
    return report


def _is_unfinished(words: list[str], line: str) -> bool:
    """Tell whether a derivation goes on in a text that was pasted without its indentation."""
    return words[0].startswith("Because ") and "unsatisfiable" not in words[-1] and bool(line.strip())


def _lines(log: BuildLog, start: int) -> Iterator[str]:
    """Yield the lines from `start` on with their ends, as far as a report may reach."""
    last = min(len(log.text), start + _LONGEST)
    while start < last:
        end = log.text.find("\n", start) + 1 or len(log.text)
        yield log.text[start:end]
        start = end
