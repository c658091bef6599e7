"""What a scoring hook returned, as files that the host reads without running anything.

Source: docs/reference/run-protocol.md, OUTPUT.
"""

from __future__ import annotations

import os
import re
from typing import Any, Dict, List

import numpy as np
import pandas as pd

HASHED_KINDS = ("text", "date", "other")
NUMERIC_KINDS = ("number", "boolean")


def is_sparse_matrix(value: Any) -> bool:
    """Tell whether it is a scipy matrix, without importing scipy where the task has not."""
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "tocsr") and len(value.shape) == 2


def write_output(value: Any, folder: str, request_id: str, with_table: bool) -> Dict[str, Any]:
    """Write a DataFrame or scipy matrix; return the OUTPUT record, `inputPreserved` still to be filled in."""
    stem = re.sub(r"[^\w.-]", "_", request_id)
    if is_sparse_matrix(value):
        names = [str(number) for number in range(value.shape[1])]
        return _write_sparse(value, names, folder, stem, with_table)
    names = [str(name) for name in value.columns]
    if _is_sparse_frame(value):
        return _write_sparse(value.sparse.to_coo(), names, folder, stem, with_table)
    return _write_frame(value, names, folder, stem, with_table)


def _is_sparse_frame(frame: pd.DataFrame) -> bool:
    """Tell whether every column is sparse with zeros left out, which a matrix can hold as it is."""
    return frame.shape[1] > 0 and all(
        isinstance(dtype, pd.SparseDtype) and dtype.fill_value == 0 and dtype.subtype.kind in "iufb"
        for dtype in frame.dtypes
    )


def _write_sparse(value: Any, names: List[str], folder: str, stem: str, with_table: bool) -> Dict[str, Any]:
    import scipy.sparse

    matrix = scipy.sparse.csr_matrix(value)
    kind = {"c": "complex", "b": "boolean"}.get(matrix.dtype.kind, "number")
    if kind != "complex":
        matrix = matrix.astype(np.float64)
    matrix.sum_duplicates()
    record = _record("sparse", matrix.shape[0], names, [kind] * len(names))
    record["sparse"] = stem + ".sparse.npz"
    scipy.sparse.save_npz(os.path.join(folder, record["sparse"]), matrix, compressed=False)
    if with_table:
        import scipy.io

        record["table"] = stem + ".mtx"
        scipy.io.mmwrite(os.path.join(folder, record["table"]), matrix)
    return record


def _write_frame(frame: pd.DataFrame, names: List[str], folder: str, stem: str, with_table: bool) -> Dict[str, Any]:
    plain = [dtype for dtype in frame.dtypes if isinstance(dtype, np.dtype) and dtype.kind in "iuf"]
    if len(plain) == frame.shape[1]:
        kinds = ["number"] * len(plain)
        numbers = frame.to_numpy(dtype=np.float64)
        hashes = np.empty((len(frame), 0), dtype=np.uint64)
    else:
        columns = [frame.iloc[:, position] for position in range(frame.shape[1])]
        kinds = [column_kind(column) for column in columns]
        pairs = [(column, kinds[position]) for position, column in enumerate(columns)]
        numbers = _stack([_numbers(column) for column, kind in pairs if kind in NUMERIC_KINDS], len(frame), np.float64)
        hashes = _stack(
            [_hashes(column, kind) for column, kind in pairs if kind in HASHED_KINDS], len(frame), np.uint64
        )
    record = _record("frame", len(frame), names, kinds)
    if numbers.shape[1]:
        record["numbers"] = stem + ".numbers.npy"
        np.save(os.path.join(folder, record["numbers"]), np.ascontiguousarray(numbers), allow_pickle=False)
    if hashes.shape[1]:
        record["hashes"] = stem + ".hashes.npy"
        np.save(os.path.join(folder, record["hashes"]), hashes, allow_pickle=False)
    if with_table:
        record["table"] = stem + ".csv"
        frame.to_csv(os.path.join(folder, record["table"]), index=False)
    return record


def _record(kind: str, rows: int, names: List[str], kinds: List[str]) -> Dict[str, Any]:
    return {
        "kind": kind,
        "rows": rows,
        "columns": names,
        "columnKinds": kinds,
        "numbers": None,
        "hashes": None,
        "sparse": None,
        "table": None,
        "inputPreserved": True,
    }


def _stack(columns: List[np.ndarray], rows: int, dtype: Any) -> np.ndarray:
    stacked = np.empty((rows, len(columns)), dtype=dtype)
    for position, column in enumerate(columns):
        stacked[:, position] = column
    return stacked


def column_kind(column: pd.Series) -> str:
    """Return what a column holds by its values, not by the type it is stored in.

    A column without any value is `number`: it is written as empty cells, and read back as missing numbers.
    """
    types = pd.api.types
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return column_kind(pd.Series(dtype.categories))
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_complex_dtype(dtype):
        return "complex"
    if types.is_numeric_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        return "date"
    return _KIND_OF_INFERRED.get(types.infer_dtype(column, skipna=True), "other")


_KIND_OF_INFERRED = {
    "empty": "number",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "boolean": "boolean",
    "complex": "complex",
    "string": "text",
    "datetime64": "date",
    "datetime": "date",
    "date": "date",
    "timedelta64": "date",
    "timedelta": "date",
    "time": "date",
    "period": "date",
}


def _numbers(column: pd.Series) -> np.ndarray:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
        return column.to_numpy(dtype=np.float64)
    missing = column.isna().to_numpy()
    values = np.full(len(column), np.nan)
    values[~missing] = [float(value) for value in column.to_numpy(dtype=object)[~missing]]
    return values


def _hashes(column: pd.Series, kind: str) -> np.ndarray:
    missing = column.isna().to_numpy()
    unit = getattr(column.dtype, "kind", "") if kind == "date" else ""
    if unit in ("M", "m"):
        hashes = pd.util.hash_array(column.to_numpy(dtype=unit + "8[ns]").view(np.int64))
    else:
        values = column.to_numpy(dtype=object)
        texts = np.array([value if type(value) is str else str(value) for value in values], dtype=object)
        hashes = pd.util.hash_array(texts)
    hashes[missing] = 0
    return hashes
