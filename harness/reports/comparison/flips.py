"""Rows of a classification whose most probable class is another one now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.reports.comparison.model import LabelFlip

if TYPE_CHECKING:
    import numpy as np

FIRST_ROWS = 5
MOST_PAIRS = 20
# The platform's own tolerance is finer; here it only tells class columns from extra ones.
SUM_TOLERANCE = 1e-3


class Flips:
    """Counts flips while rows come by. columns: all names of the output.

    A report does not name the class labels. Their columns lead, and extra columns may follow: the class columns are
    the first two or more that add up to 1 in every row of the first block, on both sides, where none is missing.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._classes: int | None = None
        self._pairs: Counter[tuple[int, int]] = Counter()
        self._first_rows: dict[tuple[int, int], list[int]] = {}

    @property
    def are_told(self) -> bool:
        """Tell whether there were class columns."""
        return bool(self._classes)

    @property
    def rows(self) -> int:
        return self._pairs.total()

    def add(self, before: np.ndarray, after: np.ndarray, changed: np.ndarray, start: int) -> None:
        """Count the flips among the changed rows. before, after: (rows, columns); changed: (rows,) of bool.

        start: the first row's number.
        """
        import numpy as np

        if self._classes is None:
            self._classes = _class_columns(before, after)
        if not self._classes:
            return
        rows = np.flatnonzero(changed & ~np.isnan(before[:, : self._classes]).any(axis=1))
        rows = rows[~np.isnan(after[rows, : self._classes]).any(axis=1)]
        left = before[rows, : self._classes].argmax(axis=1)
        right = after[rows, : self._classes].argmax(axis=1)
        flipped = left != right
        places = zip(left[flipped].tolist(), right[flipped].tolist(), (rows[flipped] + start).tolist(), strict=True)
        for one, other, row in places:
            self._pairs[one, other] += 1
            known = self._first_rows.setdefault((one, other), [])
            if len(known) < FIRST_ROWS:
                known.append(row)

    def records(self) -> tuple[LabelFlip, ...]:
        """Return the most frequent flips."""
        return tuple(
            LabelFlip(
                before=self._columns[one],
                after=self._columns[other],
                rows=count,
                first_rows=tuple(self._first_rows[one, other]),
            )
            for (one, other), count in self._pairs.most_common(MOST_PAIRS)
        )


def _class_columns(before: np.ndarray, after: np.ndarray) -> int:
    """Return how many leading columns are class probabilities, 0 where none are."""
    import numpy as np

    for count in range(2, before.shape[1] + 1):
        sums = [side[:, :count].sum(axis=1) for side in (before, after)]
        known = [one[~np.isnan(one)] for one in sums]
        if all(len(one) and (np.abs(one - 1) < SUM_TOLERANCE).all() for one in known):
            return count
    return 0
