"""What others write before each line of an installer: a build step, a container's name, the time.

A prefix is taken away only where the log shows that it has such prefixes, so that no words of the installer are lost.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SAMPLE = 100_000
MOST_LAYERS = 4
_DAY = rb"\d{4}[-/]\d\d[-/]\d\d"
_TIME = rb"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ZONE = rb"(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
# A level that a logger adds; `ERROR:` is the installer's own word and stays.
_LEVEL = rb"(?:\[(?:DEBUG|INFO|WARN(?:ING)?|ERROR|stdout|stderr)\] |(?:DEBUG|INFO|WARN(?:ING)?|ERROR) )?"


class _Prefix(NamedTuple):
    """A pattern behind a line's beginning; on_most_lines: words of installers look like it, so one is no proof."""

    pattern: re.Pattern[bytes]
    on_most_lines: bool


def _prefix(pattern: bytes, *, on_most_lines: bool = False) -> _Prefix:
    return _Prefix(re.compile(rb"\n" + pattern), on_most_lines)


_PREFIXES = (
    # Times: engines with --timestamps, hosted runners, pip's own --log.
    _prefix(rb"(?:\[Container\] )?\[?" + _DAY + rb"[T ]" + _TIME + _ZONE + rb"\]?[ \t]" + _LEVEL),
    _prefix(rb"\[?" + _TIME + rb"\]? (?:\| )?", on_most_lines=True),
    # The system's log: `Jan 31 10:00:00 host program[12]: `.
    _prefix(rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,80} [\w./-]{1,80}(?:\[\d{1,9}\])?: "),
    # BuildKit: `#12 3.456 ` in its plain output, ` => => # ` on a terminal.
    _prefix(
        rb"#\d{1,5} (?:\d{1,6}\.\d{1,3} |(?=\[|DONE|ERROR|CACHED|CANCELED|sha256:|extracting|exporting|transferring))"
    ),
    _prefix(rb" => => # "),
    # Hosted builds: `Step #0 - "image": `, `remote:        `.
    _prefix(rb'Step #\d{1,4}(?: - "[^"\n]{1,80}")?: '),
    _prefix(rb"remote: ", on_most_lines=True),
    # A container's name: `web-1  | `.
    _prefix(rb"[A-Za-z][\w.-]{0,60} {1,40}\| ", on_most_lines=True),
    _prefix(rb"\[[A-Za-z][^\]\n]{0,80}\]:? (?: *\| )?", on_most_lines=True),
)
# BuildKit tells the last lines of a failed step again, each with its seconds, below a heading.
_RECAP = b"\n > ["
_SECONDS = re.compile(rb"\n\d{1,6}\.\d{1,3} ")


def without_prefixes(content: bytes) -> bytes:
    """Return the log's bytes without what was written before its lines; lines end with a line feed."""
    content = b"\n" + content
    for _ in range(MOST_LAYERS):
        sample = content[:SAMPLE] + content[-SAMPLE:]
        shown = [prefix for prefix in _PREFIXES if _is_shown(prefix, sample)]
        for prefix in shown:
            content = prefix.pattern.sub(b"\n", content)
        if not shown:
            break
    recap = content.find(_RECAP)
    if recap >= 0:
        content = content[:recap] + _SECONDS.sub(b"\n", content[recap:])
    elif _is_shown(_Prefix(_SECONDS, on_most_lines=True), content[:SAMPLE]):
        content = _SECONDS.sub(b"\n", content)
    return content[1:]


def _is_shown(prefix: _Prefix, sample: bytes) -> bool:
    if not prefix.on_most_lines:
        return prefix.pattern.search(sample) is not None
    lines = len(re.findall(rb"\n[^\n]", sample))
    return len(prefix.pattern.findall(sample)) * 2 > lines
