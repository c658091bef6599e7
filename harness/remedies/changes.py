"""Changes to a requirements file that may repair a build: which there are, and what the file looks like with them."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.requirements import Requirements, parse_requirements
from harness.requirements.decoding import DecodedText
from harness.requirements.editing import with_added_line, with_raw_lines, with_requirement
from harness.requirements.lines import LogicalLine


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One line changed. line_number: None adds a line; requirement: None removes the line."""

    line_number: int | None
    requirement: str | None

    def __str__(self) -> str:
        if self.line_number is None:
            return f"add `{self.requirement}`"
        if self.requirement is None:
            return f"remove line {self.line_number}"
        return f"line {self.line_number}: `{self.requirement}`"


Changes = frozenset[Change]


def apply(requirements: Requirements, text: str, changes: Iterable[Change], *, keep_numbers: bool = False) -> str:
    """Return `text`, which `requirements` was read from, with the changes; comments behind changed lines stay.

    keep_numbers: fill up with blank lines, so that every other line keeps its number.
    """
    sources = {line.record.line_number: line.source for line in requirements.lines}
    raw: dict[LogicalLine, str | None] = {}
    added = []
    for change in sorted(changes, key=lambda change: (change.line_number or 0, change.requirement or "")):
        if change.line_number is not None:
            source = sources[change.line_number]
            changed = None if change.requirement is None else with_requirement(source, change.requirement)
            raw[source] = _filled(source, changed) if keep_numbers else changed
        elif change.requirement is not None:
            added.append(change.requirement)
    edited = with_raw_lines(text, raw)
    for requirement in added:
        edited = with_added_line(edited, requirement)
    return edited


def _filled(source: LogicalLine, changed: str | None) -> str:
    missing = len(source.raw.splitlines()) - len((changed or "").splitlines() or [""])
    return (changed or "") + "\n" * missing


def parse_text(decoded: DecodedText, text: str) -> Requirements:
    """Return what a requirements file with this text would hold."""
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        file = Path(folder) / "requirements.txt"
        file.write_bytes(decoded.encode(text))
        return parse_requirements(file)


def as_diff(before: str, after: str) -> str:
    """Return the smallest unified diff between two texts of requirements.txt; empty where they are the same."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        "requirements.txt",
        "requirements.txt (repaired)",
        n=1,
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
