"""Hooks in custom.R, found in its text: R is not needed to read a task."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<raw>\b[rR](?P<quote>["'])(?P<dashes>-*)[(\[{])
    | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<name>`(?:\\.|[^`\\])*`|[A-Za-z.][A-Za-z0-9._]*)
    | (?P<assign><<?-|=(?!=))
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    | (?P<lambda>\\)
    | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def find_r_functions(text: str) -> dict[str, int]:
    r"""Return the functions that an R file binds at its top level, each with its line, counted from 1.

    `name <- function(`, `name = function(`, `name <<- function(` and the short form `\(` count; the last binding of
    a name wins.
    """
    found: dict[str, int] = {}
    depth = 0
    previous: list[tuple[str, str, int]] = []
    for kind, word, start in _tokens(text):
        if kind in ("open", "close"):
            depth += 1 if kind == "open" else -1
        is_function = kind == "lambda" or (kind == "name" and word == "function")
        if is_function and depth == 0 and len(previous) == 2:
            (name_kind, name, name_start), (assign_kind, _, _) = previous
            if (name_kind, assign_kind) == ("name", "assign"):
                found[name.strip("`")] = text.count("\n", 0, name_start) + 1
        previous = [*previous[-1:], (kind, word, start)]
    return found


def calls_source(text: str) -> bool:
    """Tell whether an R file runs another one with `source()`, which may bring hooks with it."""
    return any(kind == "name" and word == "source" for kind, word, _ in _tokens(text))


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, text and start of each token; comments and strings are passed over."""
    position = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        if match["raw"]:
            closing = _CLOSING[match.group()[-1]] + match["dashes"] + match["quote"]
            end = text.find(closing, position)
            position = end + len(closing) if end >= 0 else len(text)
        elif match.lastgroup and match.lastgroup not in ("comment", "text"):
            yield match.lastgroup, match.group(), match.start()
