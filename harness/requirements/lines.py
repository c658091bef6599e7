"""From a file's text to its logical lines: continuations joined, comments and blank lines left out.

A logical line remembers where each of its characters stands in the text, so that a rewrite can change a few of
them and leave everything else, comments and line endings included, as it was. Where lines end, what continues and
what is a comment follows pip's reader to the letter:

- lines end wherever `str.splitlines` ends them, which includes form feeds and U+2028;
- a line that ends in a backslash is joined with the next one, and loses every backslash at both of its ends;
- a line that holds nothing but a comment is never continued, and it ends the line that was continued into it;
- a comment begins with a `#` at the start or after white space, looked for after joining: a backslash at the end of
  a comment behind a requirement therefore draws the next line into the comment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

COMMENT_START = re.compile(r"(?:^|\s)#")
# Upper case, digits and underscore only, so that a `$` in a URL is not taken for a variable by accident.
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


class Edit(NamedTuple):
    """Put `text` in place of the characters `start` to `end` (excluded) of a logical line's content."""

    start: int
    end: int
    text: str


class _Piece(NamedTuple):
    """A stretch of the joined line that stands in one piece in the text."""

    joined_start: int
    raw_start: int


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """One requirement or option, on one physical line or on several.

    line_number: its first physical line, from 1. start: where `raw` begins in the text of the file.
    raw: exactly what stands there, without the last line's end. content: what pip reads of it.
    """

    line_number: int
    start: int
    raw: str
    content: str
    swallows_next_line: bool
    pieces: tuple[_Piece, ...]

    @property
    def written(self) -> str:
        """Return the line as its author sees it, physical lines separated by a newline."""
        return "\n".join(self.raw.splitlines())

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the environment variables that pip would look up, in order."""
        return tuple(dict.fromkeys(VARIABLE.findall(self.content)))

    def edited(self, edits: Sequence[Edit]) -> str:
        """Return `raw` with the edits made; they must not overlap."""
        text = self.raw
        for edit in sorted(edits, reverse=True):
            start, end = self._raw_span(edit.start, edit.end)
            text = text[:start] + edit.text + text[end:]
        return text

    def _raw_span(self, start: int, end: int) -> tuple[int, int]:
        if start < end:
            return self._raw_position(start), self._raw_position(end - 1) + 1
        # An insertion stays on the physical line of the character before it.
        place = self._raw_position(start - 1) + 1 if start else self._raw_position(0)
        return place, place

    def _raw_position(self, index: int) -> int:
        piece = self.pieces[bisect_right(self.pieces, index, key=lambda piece: piece.joined_start) - 1]
        return piece.raw_start + index - piece.joined_start


def logical_lines(text: str) -> Iterator[LogicalLine]:
    """Yield the logical lines of a requirements file that hold more than a comment."""
    position = 0
    pending: list[tuple[int, int, str]] = []  # physical line number, offset in the text, text without line end
    for line_number, physical in enumerate(text.splitlines(keepends=True), start=1):
        line = physical.splitlines()[0]
        pending.append((line_number, position, line))
        position += len(physical)
        if not line.endswith("\\") or _is_comment(line):
            yield from _join(text, pending)
            pending = []
    if pending:
        yield from _join(text, pending)


def physical_lines(text: str) -> Iterator[LogicalLine]:
    """Yield the lines of a file without continuations that hold more than a comment, from a `#` to the line's end."""
    position = 0
    for line_number, physical in enumerate(text.splitlines(keepends=True), start=1):
        raw = physical.splitlines()[0]
        kept = raw.partition("#")[0]
        blanks = len(kept) - len(kept.lstrip())
        if kept.strip():
            piece = _Piece(0, blanks)
            yield LogicalLine(line_number, position, raw, kept.strip(), swallows_next_line=False, pieces=(piece,))
        position += len(physical)


def expand_variables(content: str, environment: Mapping[str, str]) -> str:
    """Replace each `${NAME}` that is set and not empty, one after the other, as pip does."""
    for name in VARIABLE.findall(content):
        if environment.get(name):
            content = content.replace(f"${{{name}}}", environment[name])
    return content


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _join(text: str, physical_lines: Sequence[tuple[int, int, str]]) -> Iterator[LogicalLine]:
    start = physical_lines[0][1]
    last_start = physical_lines[-1][1]
    end = last_start + len(physical_lines[-1][2])
    joined = ""
    places: list[_Piece] = []
    for _, position, line in physical_lines:
        if not line.endswith("\\") or _is_comment(line):
            # The blank makes a comment that follows a continuation a comment of the joined line, too.
            joined += " " if _is_comment(line) else ""
            places.append(_Piece(len(joined), position - start))
            joined += line
        else:
            cut = len(line) - len(line.lstrip("\\"))
            places.append(_Piece(len(joined), position - start + cut))
            joined += line.strip("\\")
    comment = COMMENT_START.search(joined)
    kept = joined[: comment.start()] if comment else joined
    content = kept.strip()
    if not content:
        return
    blanks = len(kept) - len(kept.lstrip())
    swallows = comment is not None and any(
        piece.joined_start > comment.start() and not _is_comment(line) and line.strip()
        for piece, (_, _, line) in zip(places, physical_lines, strict=True)
    )
    yield LogicalLine(
        line_number=physical_lines[0][0],
        start=start,
        raw=text[start:end],
        content=content,
        swallows_next_line=swallows,
        pieces=tuple(_Piece(piece.joined_start - blanks, piece.raw_start) for piece in places),
    )
