"""Write the rewrites of refused lines into the file, and change nothing else in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.records import RefusedLine
from harness.requirements.decoding import read_text
from harness.requirements.editing import with_raw_lines, write_text
from harness.requirements.model import Language
from harness.requirements.reading import parse_requirements


@dataclass(frozen=True, slots=True)
class RewrittenLine:
    """One line that was changed; `line_number` counts in the file as it was before."""

    line_number: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FixResult:
    """What was rewritten, and the lines that are refused still, numbered as they stand now."""

    rewritten: tuple[RewrittenLine, ...] = ()
    left: tuple[RefusedLine, ...] = ()


def fix_requirements(
    file: Path, language: Language = "python", *, environment: Mapping[str, str] | None = None
) -> FixResult:
    """Rewrite each refused line of this file that has a rewrite; included files stay as they are.

    Comments, blank lines, order, line endings, encoding and the end of the file are kept, and a file without a
    rewrite is not written at all. The new text replaces the old in one step, so that nobody sees half of it.
    HarnessError when the file cannot be read or written.
    """
    parsed = parse_requirements(file, language, environment=environment)
    changes = [line for line in parsed.lines if line.rewrite is not None and isinstance(line.record, RefusedLine)]
    if not changes:
        return FixResult(left=parsed.refused)
    decoded = read_text(file)
    try:
        text = with_raw_lines(decoded.text, {line.source: line.rewrite for line in changes})
    except ValueError as error:
        raise HarnessError(
            "The file changed while it was being fixed; nothing was written.",
            remedy="Run the command again.",
            file=str(file),
        ) from error
    write_text(file, decoded, text)
    rewritten = tuple(
        RewrittenLine(line.record.line_number, line.record.line, line.record.rewrite or "")
        for line in changes
        if isinstance(line.record, RefusedLine)
    )
    return FixResult(rewritten, parse_requirements(file, language, environment=environment).refused)
