"""Choose which lines of a log a page shows: the begin, the end, and whatever tells of an error between."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from harness.archives import star_out
from harness.reports.page.model import LineKind, Log, LogLine
from harness.reports.page.wording import plain_line

FIRST_LINES = 1_000
LAST_LINES = 2_000
MOST_BETWEEN = 200
# Shorter parts of lines may be the same by chance.
SHORTEST_QUOTE = 12
# Of a line, in bytes; a task may write without ever ending one.
LONGEST_READ = 64 * 1024
# What is looked at of a file that is larger than both together.
FIRST_BYTES = LAST_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
_ERROR = re.compile(
    r"\b(?:ERROR|FATAL|error|fatal|fatal error):|^\s*\u00d7 |^(?:\w+\.)*\w*(?:Error|Exception)\b|^Traceback \("
)
_SIGNS = re.compile(r"^[\W_]+(?:cause: |hint: )?|^(?:error|ERROR): ")


def choose_lines(name: str, lines: Iterable[tuple[int, str]], evidence: Iterable[str] = ()) -> Log:
    """Return the log of that name, cleaned, with the middle left out where it is long.

    lines: with their numbers, from 1 on. evidence: lines that prove a diagnosis; they are kept wherever they stand, and
    so are the first errors.
    """
    proofs = [core for line in evidence if (core := _core(plain_line(line)))]
    first: list[LogLine] = []
    between: list[LogLine] = []
    last: deque[LogLine] = deque(maxlen=LAST_LINES)
    number = 0
    for number, text in lines:
        if len(first) < FIRST_LINES:
            first.append(_line(number, text, proofs))
            continue
        if len(last) == LAST_LINES and len(between) < MOST_BETWEEN and last[0].kind != "plain":
            between.append(last[0])
        last.append(_line(number, text, proofs))
    return Log(name, (*first, *between, *last), number)


def _line(number: int, text: str, proofs: Sequence[str]) -> LogLine:
    plain = plain_line(text.rstrip("\r\n"))
    core = _core(plain) if proofs else ""
    kind: LineKind = "plain"
    if any(_is_same(core, proof) for proof in proofs):
        kind = "evidence"
    elif _ERROR.search(plain):
        kind = "error"
    return LogLine(number, plain, kind)


def find_line(log: Log, evidence: str) -> LogLine | None:
    """Return the first line of the log that a line of evidence quotes, wholly or in part; None where none is shown."""
    proof = _core(plain_line(evidence))
    return next((line for line in log.lines if line.kind == "evidence" and _is_same(_core(line.text), proof)), None)


def _is_same(core: str, proof: str) -> bool:
    """Tell whether one quotes the other: evidence may leave out a line's beginning, or join what an installer wraps."""
    if core == proof:
        return bool(core)
    return min(len(core), len(proof)) >= SHORTEST_QUOTE and (core in proof or proof in core)


def _core(line: str) -> str:
    """Return a line without the signs that installers draw before it."""
    return _SIGNS.sub("", line).rstrip()


def read_lines(file: Path, secrets: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a log file, secrets starred out; of a large file those of its first and last part."""
    with file.open("rb") as log:
        passed = 0
        for passed, line in enumerate(_whole_lines(log, until=FIRST_BYTES), start=1):
            yield passed, _text(line, secrets)
        begin = file.stat().st_size - LAST_BYTES
        if log.tell() < begin:
            passed += _count_lines(log, until=begin)
        for number, line in enumerate(_whole_lines(log), start=passed + 1):
            yield number, _text(line, secrets)


def _whole_lines(log: BinaryIO, until: int | None = None) -> Iterator[bytes]:
    """Yield the lines that begin before `until`, or all; of one without an end, what is shown of it at most."""
    while (until is None or log.tell() < until) and (line := log.readline(LONGEST_READ)):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = log.readline(LONGEST_READ)
        yield line


def _count_lines(log: BinaryIO, until: int) -> int:
    """Read on to the first line that begins after `until`, and return how many were passed."""
    passed = 0
    while (left := until - log.tell()) > 0:
        passed += log.read(min(left, CHUNK_BYTES)).count(b"\n")
    while rest := log.readline(LONGEST_READ):
        if rest.endswith(b"\n"):
            return passed + 1
    return passed


def _text(line: bytes, secrets: Iterable[str]) -> str:
    return star_out(line.decode(errors="replace"), secrets)
