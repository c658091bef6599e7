"""Write the rewrites of refused lines into the file, and change nothing else in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.records import RefusedLine
from harness.requirements.decoding import DecodedText, read_text
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
    text = decoded.text
    for line in reversed(changes):
        start, end = line.source.start, line.source.start + len(line.source.raw)
        if text[start:end] != line.source.raw:
            raise HarnessError(
                "The file changed while it was being fixed; nothing was written.",
                remedy="Run the command again.",
                file=str(file),
            )
        text = text[:start] + (line.rewrite or "") + text[end:]
    _write(file, decoded, text)
    rewritten = tuple(
        RewrittenLine(line.record.line_number, line.record.line, line.record.rewrite or "")
        for line in changes
        if isinstance(line.record, RefusedLine)
    )
    return FixResult(rewritten, parse_requirements(file, language, environment=environment).refused)


def _write(file: Path, decoded: DecodedText, text: str) -> None:
    """Replace the file's content; a symbolic link stays one, and the file keeps its permissions."""
    target = Path(os.path.realpath(file))
    try:
        if decoded.encode(decoded.text) != target.read_bytes():
            raise HarnessError(
                f"The encoding {decoded.encoding} does not let the other lines be written back as they are.",
                remedy="Save the file as UTF-8 first.",
                file=str(file),
            )
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(decoded.encode(text))
            shutil.copymode(target, temporary)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise HarnessError(
            f"The file cannot be written: {error.strerror or error}.",
            remedy="Give yourself permission to write it and its folder, or change the lines by hand.",
            file=str(file),
        ) from error
