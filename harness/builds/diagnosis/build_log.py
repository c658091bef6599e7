"""An installer's log as plain text, however it was captured.

Cleaned as bytes: a single character outside of ASCII would make each copy of a large text two or four times as large.
"""

from __future__ import annotations

import codecs
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.builds.diagnosis.anchors import KEPT_PLACES, places_of_anchors
from harness.builds.diagnosis.line_prefixes import without_prefixes
from harness.builds.log import OWN_PREFIX

Told = TypeVar("Told")

LONGEST_LINE = 5_000
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()*+][A-Z0-9]|[78=>@-Z\\-_])?+")
# What is left of colours where something on the way took the escape character for unprintable.
_LEFT_OVER_COLOURS = re.compile(rb"(?:\^\[|\\u001b|\\x1b|\\033|\xe2\x90\x9b)?\[[0-9;]{1,12}m")
_CREDENTIALS = re.compile(rb"://[^/\s@]+@")
_OVERSTRUCK = re.compile(rb"[^\n\x08]?\x08")
# Characters that take four bytes, such as the emoji of build tools, make Python keep every character in four.
_RARE_CHARACTERS = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")
_BEGIN_RARE_CHARACTERS = range(0xF0, 0xF5)
_OWN_LINES = re.compile(rb"^" + re.escape(OWN_PREFIX.encode()) + rb"[^\n]*\n?", re.MULTILINE)
_ENGINE_STREAM = re.compile(rb'^\s*\{"(?:stream|log|status|error|aux)":')
_ENGINE_FRAME = re.compile(rb"[\x01\x02]\0\0\0[\s\S]{4}")


@dataclass(frozen=True, slots=True)
class BuildLog:
    """The log's text: lines of LONGEST_LINE at most; no colours, carriage returns, credentials or prefixes."""

    text: str
    _places: dict[str, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _told: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, content: bytes | str) -> BuildLog:
        """Return the log in `content`, whatever its bytes are; what is no text becomes U+FFFD."""
        if isinstance(content, str):
            content = content.encode(errors="replace")
        return cls(_with_short_lines(_decoded(_plain(_as_utf8(content)))))

    def places(self, anchor: str, start: int = 0, end: int | None = None) -> Iterator[int]:
        """Yield where `anchor` stands between two places, the last first; quick for those of anchors.register()."""
        if not self._places:
            self._places.update(places_of_anchors(self.text))
        known = self._places.get(anchor)
        end = len(self.text) if end is None else end
        if known:
            for number in range(bisect_right(known, end - len(anchor)) - 1, -1, -1):
                if known[number] < start:
                    return
                yield known[number]
            end = min(end, known[0] + len(anchor) - 1)
        if known is not None and len(known) < KEPT_PLACES:
            return
        position = self.text.rfind(anchor, start, end)
        while position >= 0:
            yield position
            position = self.text.rfind(anchor, start, position)

    def once(self, read: Callable[[BuildLog], Told]) -> Told:
        """Return what `read` makes of this log; several recognisers ask for it, and it is read once."""
        if read not in self._told:
            self._told[read] = read(self)
        told: Told = self._told[read]
        return told

    def start_of_line(self, position: int) -> int:
        return self.text.rfind("\n", 0, position) + 1

    def line_at(self, position: int) -> str:
        """Return the line that holds `position`, without its end."""
        return self.block(position, 1)

    def block(self, position: int, lines: int) -> str:
        """Return the line that holds `position`, and those that follow it, `lines` at most."""
        start = end = self.start_of_line(position)
        for _ in range(lines):
            end = self.text.find("\n", end) + 1
            if end == 0:
                return self.text[start:]
        return self.text[start : end - 1]

    def before(self, position: int, lines: int) -> tuple[str, ...]:
        """Return the lines before the one that holds `position`, `lines` at most, in the log's order."""
        end = start = self.start_of_line(position)
        for _ in range(lines):
            if start == 0:
                break
            start = self.text.rfind("\n", 0, start - 1) + 1
        return tuple(self.text[start:end].splitlines())


def _as_utf8(content: bytes) -> bytes:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace").encode(errors="replace")
    start = content[:2_000]
    if start.count(0) * 3 > len(start):
        # Every second byte of Western text in UTF-16 is zero; a shell that redirects does not always write a mark.
        encoding = "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
        return content.decode(encoding, errors="replace").encode(errors="replace")
    if _ENGINE_STREAM.match(content):
        return _said_by_engine(content)
    if b"\0" in content:
        # Whoever reads a container's output from the engine's API gets each piece behind a header of eight bytes.
        content = _ENGINE_FRAME.sub(b"", content).replace(b"\0", b"")
    return content.removeprefix(codecs.BOM_UTF8)


def _said_by_engine(content: bytes) -> bytes:
    """Return what an engine tells line by line as JSON: its API of a build, or its file with a container's output."""
    said = []
    for line in content.splitlines():
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            said.append(line + b"\n")
            continue
        if isinstance(told, dict):
            text = next((told[key] for key in ("log", "stream", "error", "status") if told.get(key)), "")
            said.append(str(text).encode(errors="replace"))
            if told.get("error"):
                said.append(b"\n")
    return b"".join(said)


def _plain(content: bytes) -> bytes:
    if b"\x1b" in content:
        content = _ESCAPES.sub(b"", content)
    if b"[0m" in content:
        content = _LEFT_OVER_COLOURS.sub(b"", content)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\x08" in content:
        content = _OVERSTRUCK.sub(b"", content)
    if b"\\n" in content and content.count(b"\n") <= 1:
        # One text of a JSON document or a Python program, as people copy it from there.
        content = content.replace(b"\\r", b"").replace(b"\\n", b"\n")
    if b"://" in content:
        content = _CREDENTIALS.sub(b"://****@", content)
    content = without_prefixes(content)
    return _OWN_LINES.sub(b"", content) if OWN_PREFIX.encode() in content else content


def _decoded(content: bytes) -> str:
    if any(byte in content for byte in _BEGIN_RARE_CHARACTERS):
        content = _RARE_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}".encode(), content)
    return content.decode(errors="replace")


def _with_short_lines(text: str) -> str:
    """Return the text with a break in each line that is too long to be looked at as a whole."""
    pieces = []
    start = position = 0
    while len(text) - position > LONGEST_LINE:
        line_end = text.rfind("\n", position, position + LONGEST_LINE)
        if line_end < 0:
            position += LONGEST_LINE
            pieces.append(text[start:position])
            start = position
        else:
            position = line_end + 1
    if not pieces:
        return text
    return "\n".join([*pieces, text[start:]])
