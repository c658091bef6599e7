"""Compare two outputs of the same rows, cell by cell, within a tolerance that depends on the libraries used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.checks.outputs import read_hashes, read_numbers, read_sparse
from harness.checks.wording import value_text

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

    from harness.runs import Output
    from harness.tasks.model import Task

RELATIVE_TOLERANCE = 1e-6
# Relative to the largest value of the column, and at least to 1: sums that cancel leave noise of the size of the sum.
ABSOLUTE_TOLERANCE = 1e-9
# Libraries that compute in single precision, or in another order for another number of rows.
INEXACT_LIBRARIES = frozenset({"torch", "keras", "tensorflow", "jax", "xgboost", "onnx", "onnxruntime"})
INEXACT_RELATIVE_TOLERANCE = 1e-4
INEXACT_ABSOLUTE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two outputs of one row may be apart. `because` names the library that makes it wide."""

    relative: float = RELATIVE_TOLERANCE
    absolute: float = ABSOLUTE_TOLERANCE
    because: str | None = None

    def __str__(self) -> str:
        why = f", because {self.because} is inexact" if self.because else ""
        return f"tolerance {value_text(self.relative)} relative{why}"


def tolerance_for(task: Task) -> Tolerance:
    """Return how far outputs may be apart, more where a library that the task uses is known to be inexact."""
    used = {module.partition(".")[0] for module in task.hooks.imports}
    used |= {dependency.package_name.lower().partition("-")[0] for dependency in task.requirements.dependencies}
    inexact = sorted(used & INEXACT_LIBRARIES)
    if not inexact:
        return Tolerance()
    return Tolerance(INEXACT_RELATIVE_TOLERANCE, INEXACT_ABSOLUTE_TOLERANCE, inexact[0])


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two outputs of the same rows differ.

    rows: places among the compared rows, from 0. columns: names, in the output's order. row, column, expected, found:
    the cell that is furthest off; the values are NaN where missing and None where they are no numbers.
    is_permutation: the same rows are there, in another order.
    """

    rows: tuple[int, ...]
    columns: tuple[str, ...]
    row: int
    column: str
    expected: float | None
    found: float | None
    is_permutation: bool


@dataclass(frozen=True, slots=True)
class Table:
    """An output's values, opened once for several comparisons.

    numbers: (rows, numeric columns), memory-mapped. hashes: (rows, hashed columns). numeric, hashed: (columns,) of
    bool, which columns these are. matrix: of a sparse output, in place of these.
    """

    columns: tuple[str, ...]
    numbers: np.ndarray
    hashes: np.ndarray
    numeric: np.ndarray
    hashed: np.ndarray
    matrix: csr_matrix | None = None


def open_table(output: Output) -> Table:
    """Open an output's values; raises UnreadableOutput where they are damaged."""
    import numpy as np

    if output.kind == "sparse":
        nothing = np.empty((output.rows, 0))
        no_column = np.zeros(len(output.columns), dtype=bool)
        return Table(output.columns, nothing, nothing, no_column, no_column, read_sparse(output))
    numeric = np.array([kind in ("number", "boolean") for kind in output.column_kinds], dtype=bool)
    hashed = np.array([kind in ("text", "date", "other") for kind in output.column_kinds], dtype=bool)
    return Table(output.columns, read_numbers(output), read_hashes(output), numeric, hashed)


def compare(first: Table, first_rows: Sequence[int] | None, second: Table, tolerance: Tolerance) -> Difference | None:
    """Return where chosen rows of the first output differ from the second one's, None where they agree.

    first_rows: row numbers from 0, as many as the second has, in its order; None for all. Columns are paired by name
    where both have the same names, each once, else by place. Missing equals missing. Raises ValueError where the
    two have other numbers of rows or columns, or only one is sparse.
    """
    import numpy as np

    if len(first.columns) != len(second.columns) or (first.matrix is None) != (second.matrix is None):
        raise ValueError("outputs of another form cannot be compared")
    pairing = _pairing(first.columns, second.columns)
    left: _Dense | _Sparse
    right: _Dense | _Sparse
    if first.matrix is not None and second.matrix is not None:
        rows = np.arange(first.matrix.shape[0]) if first_rows is None else np.asarray(first_rows)
        left, right = _Sparse(first.matrix[rows]), _Sparse(second.matrix[:, pairing])
    else:
        left = _Dense.of(first, first_rows)
        right = _Dense.of(second, None).with_columns(pairing)
    if left.row_count != right.row_count:
        raise ValueError(f"{left.row_count} rows cannot be compared with {right.row_count}")
    cells = _differing(left, right, tolerance)
    if not len(cells.rows):
        return None
    moved = _differing(left.sorted_rows(), right.sorted_rows(), tolerance)
    worst = int(cells.distances().argmax())
    expected, found = float(cells.left[worst]), float(cells.right[worst])
    is_number = not (np.isnan(expected) and np.isnan(found))
    return Difference(
        rows=tuple(np.unique(cells.rows).tolist()),
        columns=tuple(first.columns[number] for number in np.unique(cells.columns)),
        row=int(cells.rows[worst]),
        column=first.columns[int(cells.columns[worst])],
        expected=expected if is_number else None,
        found=found if is_number else None,
        is_permutation=not len(moved.rows),
    )


def _pairing(first: Sequence[str], second: Sequence[str]) -> list[int]:
    """Return, for each column of the first, the place of its partner in the second."""
    places = {name: place for place, name in enumerate(second)}
    if first != second and len(places) == len(second) and set(first) == set(places):
        return [places[name] for name in first]
    return list(range(len(second)))


@dataclass(frozen=True, slots=True)
class _Dense:
    """(rows, columns) of numbers, NaN where missing or no number, and of hashes, 0 where missing or a number."""

    numbers: np.ndarray
    hashes: np.ndarray

    @classmethod
    def of(cls, table: Table, rows: Sequence[int] | None) -> _Dense:
        import numpy as np

        chosen = slice(None) if rows is None else np.asarray(rows)
        count = len(table.numbers) if rows is None else len(rows)
        numbers = np.full((count, len(table.columns)), np.nan)
        hashes = np.zeros((count, len(table.columns)), dtype=np.uint64)
        numbers[:, table.numeric] = table.numbers[chosen]
        hashes[:, table.hashed] = table.hashes[chosen]
        return cls(numbers, hashes)

    @property
    def row_count(self) -> int:
        return len(self.numbers)

    def with_columns(self, places: Sequence[int]) -> _Dense:
        return _Dense(self.numbers[:, places], self.hashes[:, places])

    def sorted_rows(self) -> _Dense:
        """Return the rows in an order that depends on their values alone."""
        weights = _weights(self.numbers.shape[1])
        order = (_bounded(self.numbers) @ weights + self.hashes.astype(float) @ weights).argsort(kind="stable")
        return _Dense(self.numbers[order], self.hashes[order])


@dataclass(frozen=True, slots=True)
class _Sparse:
    """(rows, columns) of numbers, most of them 0."""

    matrix: csr_matrix

    @property
    def row_count(self) -> int:
        return int(self.matrix.shape[0])

    def sorted_rows(self) -> _Sparse:
        bounded = self.matrix.copy()
        bounded.data = _bounded(bounded.data)
        return _Sparse(self.matrix[(bounded @ _weights(self.matrix.shape[1])).argsort(kind="stable")])


def _weights(count: int) -> np.ndarray:
    """Return always the same weights, so that the weighted sum of a row tells it apart from others."""
    import numpy as np

    weights: np.ndarray = np.random.default_rng(0).random(count) + 0.5
    return weights


def _bounded(numbers: np.ndarray) -> np.ndarray:
    import numpy as np

    bounded: np.ndarray = np.clip(np.nan_to_num(numbers.astype(float), nan=-0.123456789), -1e100, 1e100)
    return bounded


@dataclass(frozen=True, slots=True)
class _CellsApart:
    """The cells that differ: their rows and columns, and the values of both sides, NaN where they are no numbers."""

    rows: np.ndarray
    columns: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def distances(self) -> np.ndarray:
        """Return how far each is off; infinitely where one side is missing, 0 for what is no number."""
        import numpy as np

        with np.errstate(invalid="ignore", over="ignore"):
            distances = np.abs(self.left - self.right)
        no_number = np.isnan(self.left) & np.isnan(self.right)
        return np.where(no_number, 0.0, np.nan_to_num(distances, nan=np.inf, posinf=np.inf))


def _differing(left: _Dense | _Sparse, right: _Dense | _Sparse, tolerance: Tolerance) -> _CellsApart:
    import numpy as np

    if isinstance(left, _Sparse) and isinstance(right, _Sparse):
        return _differing_sparse(left.matrix, right.matrix, tolerance)
    assert isinstance(left, _Dense)
    assert isinstance(right, _Dense)
    scale = np.maximum(_magnitude(left.numbers), _magnitude(right.numbers)).max(axis=0, initial=1.0)
    apart = is_apart(left.numbers, right.numbers, scale, tolerance) | (left.hashes != right.hashes)
    rows, columns = np.nonzero(apart)
    return _CellsApart(rows, columns, left.numbers[apart], right.numbers[apart])


def _differing_sparse(left: csr_matrix, right: csr_matrix, tolerance: Tolerance) -> _CellsApart:
    """Compare the cells that either side stores; all others are 0 on both."""
    import numpy as np

    left_cells, left_values = stored_cells(left)
    right_cells, right_values = stored_cells(right)
    cells = np.union1d(left_cells, right_cells)
    first, second = np.zeros(len(cells)), np.zeros(len(cells))
    first[np.searchsorted(cells, left_cells)] = left_values
    second[np.searchsorted(cells, right_cells)] = right_values
    rows, columns = np.divmod(cells, max(1, left.shape[1]))
    scale = np.ones(max(1, left.shape[1]))
    np.maximum.at(scale, columns, np.maximum(_magnitude(first), _magnitude(second)))
    apart = is_apart(first, second, scale[columns], tolerance)
    return _CellsApart(rows[apart], columns[apart], first[apart], second[apart])


def stored_cells(matrix: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells that a matrix stores, each once, as row x columns + column, and their values."""
    import numpy as np

    single = matrix.copy()
    single.sum_duplicates()
    rows = np.repeat(np.arange(single.shape[0], dtype=np.int64), np.diff(single.indptr))
    return rows * single.shape[1] + single.indices, single.data.astype(float)


def _magnitude(numbers: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.abs(np.where(np.isfinite(numbers), numbers, 0.0))


def is_apart(left: np.ndarray, right: np.ndarray, scale: np.ndarray | float, tolerance: Tolerance) -> np.ndarray:
    """Return where two values are further apart than the tolerance; equal infinities and two NaN are not.

    scale: the size of value for which the absolute tolerance holds as it is.
    """
    import numpy as np

    allowed = tolerance.absolute * scale + tolerance.relative * np.maximum(_magnitude(left), _magnitude(right))
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(left - right) <= allowed
    agree: np.ndarray = near | (left == right) | (np.isnan(left) & np.isnan(right))
    return ~agree
