"""Read what the scoring requests returned, in pieces where a whole copy would double the memory.

The files were written by the process that ran the task, so they are judged before they are trusted: anything odd
is an `UnreadableOutput`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from harness.records import TargetType
from harness.runs import Output, RequestResult, plan_stages

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

    from harness.checks.evidence import Evidence

# 8 MiB a block: large enough for numpy to be fast, small enough not to be noticed.
BLOCK_BYTES = 8 * 1024 * 1024


class UnreadableOutput(ValueError):
    """The recorded values are damaged, or are not what the record says of them."""


def whole_output(evidence: Evidence) -> Output | None:
    """Return what the scoring hook gave for all rows, or None where it gave nothing."""
    scoring = evidence.run.scoring if evidence.run else None
    return scoring.output("whole") if scoring else None


def read_numbers(output: Output) -> np.ndarray:
    """Return (rows, numeric columns) of float64, memory-mapped; missing values as NaN."""
    return _expect(_read(output.load_numbers), "fiub", len(output.numeric_columns))


def read_hashes(output: Output) -> np.ndarray:
    """Return (rows, hashed columns) of uint64, memory-mapped: equal values have equal hashes, missing ones 0."""
    return _expect(_read(output.load_hashes), "u", len(output.hashed_columns))


def read_sparse(output: Output) -> csr_matrix:
    """Return the (rows, columns) matrix of a sparse output."""
    matrix: csr_matrix = _read(output.load_sparse)
    if matrix.dtype.kind not in "fiub":
        raise UnreadableOutput(f"the values are of type {matrix.dtype}")
    return matrix


def _expect(array: np.ndarray, kinds: str, column_count: int) -> np.ndarray:
    if array.dtype.kind not in kinds:
        raise UnreadableOutput(f"the values are of type {array.dtype}")
    if array.shape[1] != column_count:
        raise UnreadableOutput(f"there are values of {array.shape[1]} columns, expected {column_count}")
    return array


def _read(load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, MemoryError) as error:
        raise UnreadableOutput(str(error) or type(error).__name__) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise UnreadableOutput(f"the archive is damaged: {error}") from error


def blocks(array: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (number of the first row, rows) for the whole (rows, columns) array, a block at a time."""
    row_bytes = max(1, array.shape[1] * array.dtype.itemsize)
    step = max(1, BLOCK_BYTES // row_bytes)
    for start in range(0, array.shape[0], step):
        yield start, array[start : start + step]


def prediction_columns(evidence: Evidence) -> int:
    """Return how many columns the platform reads from an estimator's output; what follows is extra."""
    if evidence.target_type.is_classification and evidence.data and evidence.data.class_labels:
        return len(evidence.data.class_labels)
    return 1


def predictions(evidence: Evidence, output: Output) -> np.ndarray:
    """Return (rows, prediction columns) of an estimator's output, without extra columns; memory-mapped."""
    return read_numbers(output)[:, : prediction_columns(evidence)]


def row_numbers(evidence: Evidence) -> dict[str, tuple[int, ...] | None]:
    """Return the rows of the data that each planned request asks for, by request id; None for all of them."""
    if evidence.data is None:
        return {}
    stages = plan_stages(evidence.target_type, evidence.data, evidence.timeout_seconds)
    return {request.id: request.rows for stage in stages for request in stage.requests}


def answered_requests(evidence: Evidence) -> tuple[RequestResult, ...]:
    """Return the requests of both scoring processes, in the order they were sent; damaged input is left out."""
    if evidence.run is None:
        return ()
    stages = (evidence.run.scoring, evidence.run.repeated)
    return tuple(request for stage in stages if stage is not None for request in stage.reported.requests)


def request_name(request_id: str) -> str:
    """Write a request as a person calls it: `all rows`, `some rows`, `row 17 alone`."""
    names = {
        "whole": "all rows",
        "subset": "some of the rows",
        "reordered": "the same rows in another order",
        "subset-again": "some of the rows, sent once more",
        "repeated": "the rows sent to a second fresh process",
        "untouched": "undamaged rows",
    }
    kind, _, row = request_id.rpartition("-")
    return f"row {row} alone" if kind == "single" else names.get(request_id, request_id)


def is_transform(evidence: Evidence) -> bool:
    return evidence.target_type is TargetType.TRANSFORM
