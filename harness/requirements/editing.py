"""Change single lines of a requirements file and nothing else: comments, order, line ends and encoding stay."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness.errors import HarnessError
from harness.requirements.decoding import DecodedText, read_text
from harness.requirements.lines import Edit, LogicalLine


def with_requirement(line: LogicalLine, requirement: str) -> str:
    """Return the raw line with another requirement in it; a comment behind it stays."""
    return line.edited([Edit(0, len(line.content), requirement)])


def with_raw_lines(text: str, changes: Mapping[LogicalLine, str | None]) -> str:
    """Return the text with other raw lines; None removes the line with its line end.

    ValueError where a line does not stand in the text as it did when it was read.
    """
    for line in sorted(changes, key=lambda line: line.start, reverse=True):
        start, end = line.start, line.start + len(line.raw)
        if text[start:end] != line.raw:
            raise ValueError(line.raw)
        replacement = changes[line]
        if replacement is None:
            rest = text[end:]
            end += len(rest) - len(rest.removeprefix("\r").removeprefix("\n"))
        text = text[:start] + (replacement or "") + text[end:]
    return text


def with_added_line(text: str, requirement: str) -> str:
    """Return the text with one more line at its end, in the way that its other lines end."""
    ending = "\r\n" if "\r\n" in text else "\n"
    separator = "" if not text or text.endswith(("\n", "\r")) else ending
    return f"{text}{separator}{requirement}{ending}"


def write_text(file: Path, decoded: DecodedText, text: str) -> None:
    """Replace the file's content in one step; a symbolic link stays one, and the file keeps its permissions.

    HarnessError when it is not what was read any more, or cannot be written.
    """
    target = Path(os.path.realpath(file))
    if read_text(file).text != decoded.text:
        raise HarnessError(
            "The file changed while it was being worked on; nothing was written.",
            remedy="Run the command again.",
            file=str(file),
        )
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
