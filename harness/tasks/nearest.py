"""The known word that a user most likely meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word closest to `word`, whatever its case and underscores; None where none is close."""
    by_bare_form = {_bare(candidate): candidate for candidate in known}
    close = get_close_matches(_bare(word), by_bare_form, n=1, cutoff=0.7)
    return by_bare_form[close[0]] if close else None


def listed(words: Iterable[str]) -> str:
    """Write words as a person lists them: `a`, `a or b`, `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _bare(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")
