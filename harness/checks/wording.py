"""How messages write numbers, lists and what a task's own code said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

# A person looks at the first few of several; the details of a result say how many there are.
FIRST_FEW = 5
LONGEST_EXCERPT = 300


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Write `1 row`, `12,000 rows`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def verb(count: int, one: str, several: str) -> str:
    """Return the verb's form for a count: `verb(1, "differs", "differ")`."""
    return one if count == 1 else several


def listed(items: Sequence[object], limit: int = FIRST_FEW) -> str:
    """Write the first few of several: `3, 5, 8, 9, 10 and 7 more`."""
    first = ", ".join(str(item) for item in items[:limit])
    return f"{first} and {len(items) - limit:,} more" if len(items) > limit else first


def named(names: Iterable[str], limit: int = FIRST_FEW) -> str:
    """Write names in quotation marks: `"age", "income" and 2 more`."""
    return listed([f'"{excerpt(name, 80)}"' for name in names], limit)


def rows_listed(rows: Sequence[int], count: int) -> str:
    """Write `row 17` or `rows 3, 5, 8, 9, 10 and 7 more`; `rows` are the first few of `count`, from 0."""
    shown = [int(row) for row in rows[:FIRST_FEW]]
    more = count - len(shown)
    text = ", ".join(f"{row}" for row in shown) + (f" and {more:,} more" if more else "")
    return f"{'row' if count == 1 else 'rows'} {text}"


def value_text(value: float) -> str:
    """Write a number with six significant digits at most: `0.93`, `1e-5`."""
    return f"{float(value):.6g}".replace("e-0", "e-").replace("e+0", "e")


def json_number(value: float) -> float | str:
    """Return the number as JSON can hold it: NaN and infinities as text."""
    plain = float(value)
    return plain if math.isfinite(plain) else str(plain)


def size_text(size_bytes: int) -> str:
    """Write a size in the largest unit that leaves a number of at least one: `173 MiB`, `12.5 GiB`, `512 bytes`."""
    if size_bytes < 1024:
        return counted(size_bytes, "byte")
    size = float(size_bytes)
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024 or unit == "GiB":
            break
    number = f"{size:.0f}" if size >= 100 else f"{size:.1f}".removesuffix(".0")
    return f"{number} {unit}"


def seconds_text(seconds: float) -> str:
    """Write a duration: `0.31 s`, `12.5 s`, `600 s`."""
    digits = 0 if seconds >= 100 or seconds == int(seconds) else 1 if seconds >= 10 else 2
    return f"{seconds:.{digits}f} s"


def excerpt(text: str, limit: int = LONGEST_EXCERPT) -> str:
    """Return a task's own words in one line without control characters, cut where they run long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
