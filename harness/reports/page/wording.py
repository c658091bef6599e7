"""How a page writes numbers, and what a task's own words are before they may stand in it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.archives import star_out
from harness.builds.log import clean_line
from harness.reports.console import printable

LONGEST_LINE = 2_000
LONGEST_NAME = 80


def number_text(value: float) -> str:
    """Write a number with four significant digits: `0.9312`, `1.2e-5`, `12,400`."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "-∞"}.get(value, "missing")
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    text = f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.4g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def percent_text(part: float, whole: float) -> str:
    """Write a share: `12.5 %`, `0 %`, `<0.1 %` for what is hardly there."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return "<0.1 %"
    return f"{share:.1f}".removesuffix(".0") + " %"


def plain_line(text: str) -> str:
    """Return a line as a terminal would leave it: no colours, control characters spelled out, cut where it is long."""
    if not text.isprintable():
        text = clean_line(text)
    if len(text) <= LONGEST_LINE:
        return printable(text)
    return f"{printable(text[:LONGEST_LINE])} … ({len(text):,} characters)"


def plain_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a task's text of any number of lines for a page: lines as in `plain_line`, secrets starred out."""
    return "\n".join(plain_line(line) for line in star_out(text, secrets).split("\n"))


def name_text(name: object) -> str:
    """Return a column's or class's name in one line, cut where it is long; an empty one is said to be so."""
    text = " ".join(plain_line(str(name)).split())
    return f"{text[:LONGEST_NAME]}…" if len(text) > LONGEST_NAME else text or "(empty)"
