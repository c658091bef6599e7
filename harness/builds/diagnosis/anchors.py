"""Where each anchor of the recognisers stands in a log: all of them in one pass, however many there are.

Looking for one text after the other takes as long for a hundred anchors as for a hundred logs.
"""

from __future__ import annotations

from functools import cache

import ahocorasick_rs

CHUNK = 1 << 20
KEPT_PLACES = 1_000

_ANCHORS: set[str] = set()


def register(*anchors: str) -> None:
    """Let `places_of_anchors` look for these too; for modules that recognise something, while they are imported."""
    _ANCHORS.update(anchors)


def registered() -> tuple[str, ...]:
    """Return every anchor that is looked for, sorted."""
    return tuple(sorted(_ANCHORS))


def places_of_anchors(text: str) -> dict[str, list[int]]:
    """Return the last places of each anchor, KEPT_PLACES or a few more, in the text's order; an empty list for many.

    The text is searched in chunks, so that the memory for what is found in one of them stays small.
    """
    anchors, automaton = _automaton(frozenset(_ANCHORS))
    found: dict[str, list[int]] = {anchor: [] for anchor in anchors}
    if not anchors:
        return found
    plain = frozenset(filter(_is_plain, anchors))
    overlap = max(map(len, anchors)) - 1
    for start in range(0, len(text), CHUNK):
        # One byte for each character, whatever it is, so that places are the same in both.
        chunk = text[start : start + CHUNK + overlap].encode("ascii", errors="replace")
        for number, place, _ in automaton.find_matches_as_indexes(chunk, overlapping=True):
            anchor = anchors[number]
            if place < CHUNK and (anchor in plain or text.startswith(anchor, start + place)):
                found[anchor].append(start + place)
        for places in found.values():
            if len(places) > KEPT_PLACES:
                del places[:-KEPT_PLACES]
    return found


@cache
def _automaton(anchors: frozenset[str]) -> tuple[list[str], ahocorasick_rs.BytesAhoCorasick]:
    ordered = sorted(anchors)
    return ordered, ahocorasick_rs.BytesAhoCorasick([anchor.encode("ascii", errors="replace") for anchor in ordered])


def _is_plain(anchor: str) -> bool:
    """Tell whether a place of its bytes is certain to be one of its characters."""
    return anchor.isascii() and "?" not in anchor
