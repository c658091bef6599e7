"""Counts what differs between two tables while their blocks of rows come by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from harness.checks.comparison import Tolerance, is_apart
from harness.checks.wording import excerpt, json_number
from harness.reports.comparison.flips import Flips
from harness.reports.comparison.model import Cell, ColumnChanges, Distance
from harness.reports.comparison.tables import Block

if TYPE_CHECKING:
    import numpy as np

FIRST_CELLS = 10
LONGEST_TEXT = 80
# Of the powers of ten: what is nearer together than the least differs in the last digits.
POWERS = range(-16, 17)


class Tally:
    """What differed so far. columns: the names of those that are compared.

    labels: whether leading columns are class probabilities.
    """

    def __init__(self, columns: Sequence[str], tolerance: Tolerance, *, labels: bool) -> None:
        import numpy as np

        count = len(columns)
        self.columns = columns
        self.changed_cells = 0
        self._tolerance = tolerance
        self._flips = Flips(columns) if labels else None
        self._changed_rows = 0
        self._changed = np.zeros(count, dtype=np.int64)
        self._now_missing = np.zeros(count, dtype=np.int64)
        self._no_longer_missing = np.zeros(count, dtype=np.int64)
        self._largest: dict[int, tuple[float, Cell]] = {}
        self._first: list[Cell] = []
        self._distances: Counter[int] = Counter()

    def add(self, before: Block, after: Block) -> None:
        """Count the differences of the same rows of both tables."""
        import numpy as np

        left, right = before.numbers, after.numbers
        self._count_distances(left, right)
        apart = is_apart(left, right, 1.0, self._tolerance) | (before.missing != after.missing)
        for place in before.texts.keys() | after.texts.keys():
            nothing = np.full(before.rows, None)
            apart[:, place] |= before.texts.get(place, nothing) != after.texts.get(place, nothing)
        changed_rows = apart.any(axis=1)
        if self._flips is not None:
            self._flips.add(left, right, changed_rows, before.start)
        rows, columns = np.nonzero(apart)
        self._changed_rows += int(changed_rows.sum())
        self._count(columns, before.missing[apart], after.missing[apart])
        self._keep(
            lambda number: _cell(
                before.start + int(rows[number]),
                self.columns[int(columns[number])],
                before.value(int(rows[number]), int(columns[number])),
                after.value(int(rows[number]), int(columns[number])),
            ),
            columns,
            left[apart],
            right[apart],
        )

    def add_cells(self, rows: np.ndarray, columns: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        """Count single cells that differ, of the whole of two sparse tables."""
        import numpy as np

        self._count_distances(left, right)
        self._changed_rows += len(np.unique(rows))
        self._count(columns, np.isnan(left), np.isnan(right))
        self._keep(
            lambda number: _cell(
                int(rows[number]),
                self.columns[int(columns[number])],
                _or_none(float(left[number])),
                _or_none(float(right[number])),
            ),
            columns,
            left,
            right,
        )

    def _count_distances(self, left: np.ndarray, right: np.ndarray) -> None:
        import numpy as np

        differing = left != right
        with np.errstate(invalid="ignore", over="ignore"):
            distances = np.abs(left[differing] - right[differing])
        distances = distances[np.isfinite(distances)]
        powers, counts = np.unique(np.floor(np.log10(distances)).astype(int), return_counts=True)
        for power, count in zip(powers.tolist(), counts.tolist(), strict=True):
            self._distances[min(max(power, POWERS[0]), POWERS[-1])] += count

    def _count(self, columns: np.ndarray, missing_before: np.ndarray, missing_after: np.ndarray) -> None:
        import numpy as np

        count = len(self.columns)
        self.changed_cells += len(columns)
        self._changed += np.bincount(columns, minlength=count)
        self._now_missing += np.bincount(columns[missing_after & ~missing_before], minlength=count)
        self._no_longer_missing += np.bincount(columns[missing_before & ~missing_after], minlength=count)

    def _keep(self, cell: Callable[[int], Cell], columns: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        """Keep the first cells, and of each column the one that is furthest apart. cell: the cell of a place."""
        import numpy as np

        for number in range(min(len(columns), FIRST_CELLS - len(self._first))):
            self._first.append(cell(number))
        with np.errstate(invalid="ignore", over="ignore"):
            distances = np.abs(left - right)
        # Of text and of what is missing nobody can say how far it is apart.
        distances = np.nan_to_num(distances, nan=-1.0, posinf=np.inf)
        order = np.lexsort((-distances, columns))
        furthest = order[np.unique(columns[order], return_index=True)[1]]
        for number in furthest.tolist():
            place, distance = int(columns[number]), float(distances[number])
            if place not in self._largest or distance > self._largest[place][0]:
                self._largest[place] = (distance, cell(number))

    def fields(self) -> dict[str, Any]:
        """Return the counts as fields of OutputChanges."""
        import numpy as np

        order = [place for place in np.argsort(-self._changed, kind="stable").tolist() if self._changed[place]]
        found = {
            "changed_rows": self._changed_rows,
            "changed_cells": self.changed_cells,
            "now_missing": int(self._now_missing.sum()),
            "no_longer_missing": int(self._no_longer_missing.sum()),
            "changed": tuple(self._column(place) for place in order),
            "largest": max(self._largest.values(), key=lambda kept: kept[0])[1] if self._largest else None,
            "first": tuple(self._first),
            "distances": tuple(
                Distance(at_least=float(f"1e{power}"), values=self._distances[power])
                for power in sorted(self._distances)
            ),
        }
        if self._flips is not None and self._flips.are_told:
            found |= {"flipped_rows": self._flips.rows, "flips": self._flips.records()}
        return found

    def _column(self, place: int) -> ColumnChanges:
        return ColumnChanges(
            name=self.columns[place],
            changed=int(self._changed[place]),
            now_missing=int(self._now_missing[place]),
            no_longer_missing=int(self._no_longer_missing[place]),
            largest=self._largest[place][1] if place in self._largest else None,
        )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _cell(row: int, column: str, before: float | str | None, after: float | str | None) -> Cell:
    difference = None
    if isinstance(before, float) and isinstance(after, float):
        difference = json_number(after - before)
    return Cell(row=row, column=column, before=_shown(before), after=_shown(after), difference=difference)


def _shown(value: float | str | None) -> float | str | None:
    if value is None:
        return None
    return json_number(value) if isinstance(value, float) else excerpt(value, LONGEST_TEXT)
