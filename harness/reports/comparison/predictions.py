"""What a task returned for all rows, then and now: compared by row, with a tolerance, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from harness.checks.comparison import Tolerance, is_apart, stored_cells
from harness.reports.comparison.model import OutputChanges, Shape
from harness.reports.comparison.tables import (
    BLOCK_CELLS,
    SPARSE_SUFFIX,
    Block,
    read_blocks,
    read_columns,
    read_matrix,
)
from harness.reports.comparison.tally import Tally


def compare_tables(before: Path, after: Path, tolerance: Tolerance, *, labels: bool) -> OutputChanges:
    """Return what changed between two tables of the same rows.

    labels: whether leading columns are class probabilities. Tables with another number of rows, and columns that only
    one side has, are told and not compared. Raises HarnessError where a file is damaged.
    """
    if (before.suffix == SPARSE_SUFFIX) != (after.suffix == SPARSE_SUFFIX):
        reason = f"{before.name} cannot be compared with {after.name}: only one of them is sparse"
        return output_changes("changed", tolerance, reason=reason)
    if before.suffix == SPARSE_SUFFIX:
        return _compare_sparse(before, after, tolerance)
    return _compare_dense(before, after, tolerance, labels=labels)


def output_changes(status: str, tolerance: Tolerance, **fields: Any) -> OutputChanges:
    """Return the record with the tolerance in it."""
    return OutputChanges.model_validate(
        {
            "status": status,
            "relative_tolerance": tolerance.relative,
            "absolute_tolerance": tolerance.absolute,
            **fields,
        }
    )


def _compare_dense(before: Path, after: Path, tolerance: Tolerance, *, labels: bool) -> OutputChanges:
    old, new = read_columns(before), read_columns(after)
    shared = [name for name in old if name in set(new)]
    tally = Tally(shared, tolerance, labels=labels)
    step = max(1, BLOCK_CELLS // max(len(old), len(new)))
    old_blocks = read_blocks(before, len(old), [old.index(name) for name in shared], step)
    new_blocks = read_blocks(after, len(new), [new.index(name) for name in shared], step)
    old_rows = new_rows = 0
    for one, other in zip_longest(old_blocks, new_blocks):
        old_rows, new_rows = old_rows + _rows(one), new_rows + _rows(other)
        if old_rows == new_rows:
            tally.add(one, other)
    form = {
        "before": Shape(rows=old_rows, columns=len(old)),
        "after": Shape(rows=new_rows, columns=len(new)),
        "columns_added": tuple(name for name in new if name not in set(old)),
        "columns_removed": tuple(name for name in old if name not in set(new)),
        "columns_moved": shared != [name for name in new if name in set(old)],
    }
    return _judge(tally, tolerance, form)


def _rows(block: Block | None) -> int:
    return block.rows if block else 0


def _judge(tally: Tally, tolerance: Tolerance, form: dict[str, Any]) -> OutputChanges:
    before, after = form["before"], form["after"]
    if before.rows != after.rows:
        reason = f"there were {before.rows:,} rows and are {after.rows:,} now, so that no values are compared"
        return output_changes("changed", tolerance, reason=reason, **form)
    if not tally.columns:
        return output_changes("changed", tolerance, reason="no column has the same name in both", **form)
    has_other_columns = any(form.get(name) for name in ("columns_added", "columns_removed", "columns_moved"))
    status = "changed" if tally.changed_cells or has_other_columns else "same"
    return output_changes(status, tolerance, **form, **tally.fields())


def _compare_sparse(before: Path, after: Path, tolerance: Tolerance) -> OutputChanges:
    """Compare the cells that either side stores; all others are 0 on both. Such a file names no columns."""
    import numpy as np

    old, new = read_matrix(before), read_matrix(after)
    form = {
        "before": Shape(rows=old.shape[0], columns=old.shape[1]),
        "after": Shape(rows=new.shape[0], columns=new.shape[1]),
    }
    if old.shape != new.shape:
        reason = "the matrix has another form now, so that no values are compared"
        return output_changes("changed", tolerance, reason=reason, **form)
    old_cells, old_values = stored_cells(old)
    new_cells, new_values = stored_cells(new)
    cells = np.union1d(old_cells, new_cells)
    left, right = np.zeros(len(cells)), np.zeros(len(cells))
    left[np.searchsorted(cells, old_cells)] = old_values
    right[np.searchsorted(cells, new_cells)] = new_values
    apart = is_apart(left, right, 1.0, tolerance)
    rows, columns = np.divmod(cells[apart], max(1, old.shape[1]))
    tally = Tally(_numbered(old.shape[1]), tolerance, labels=False)
    tally.add_cells(rows, columns, left[apart], right[apart])
    return _judge(tally, tolerance, form)


def _numbered(count: int) -> Sequence[str]:
    return [str(number) for number in range(count)]
