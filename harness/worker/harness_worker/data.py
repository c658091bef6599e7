"""The sample data as the task gets it: features, target, weights, and the part of them that a request asks for.

Source: the platform reads CSV with pandas' own inference, MatrixMarket into a sparse DataFrame.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np
import pandas as pd

from .job import Edit, Request
from .problems import TaskProblem

EXTENSIONS = {"csv": ".csv", "mtx": ".mtx", "arrow": ".arrow"}
LARGEST_SHARED_BYTES = 2 * 1024**3
UNSEEN_CATEGORY = "unseen category 1"


@dataclass(frozen=True)
class Inputs:
    """What lies in the input folder.

    features: DataFrame, or for MatrixMarket a scipy CSR matrix, whose rows are cheap to pick.
    names: the columns of that matrix, None otherwise.
    target: Series under its name, None where there is none. weights: array of float, None where there are none.
    """

    path: str
    format: str
    features: Any
    names: Optional[List[str]]
    target: Optional[pd.Series]
    weights: Optional[np.ndarray]


def read_inputs(folder: str, data_format: str) -> Inputs:
    """Read everything that the host put into the input folder. Raises TaskProblem where a library is missing."""
    path = features_path(folder, data_format)
    names = None
    if data_format == "mtx":
        features, names = _read_matrix(path, os.path.join(folder, "X.colnames"))
    elif data_format == "arrow":
        features = _read_arrow(path)
    else:
        features = _read_csv(path)
    return Inputs(path, data_format, features, names, read_target(folder), _read_weights(folder))


def read_shared_inputs(folder: str, data_format: str) -> Optional[Inputs]:
    """Read the data once for all stages: a fork shares its memory and has a copy of what it changes.

    None where each stage has to read it: very large data, which belongs under the stage's own memory limit; Arrow,
    whose threads do not survive a fork; and data that cannot be read, which a stage tells better.
    """
    path = features_path(folder, data_format)
    try:
        if data_format == "arrow" or os.path.getsize(path) > LARGEST_SHARED_BYTES:
            return None
        return read_inputs(folder, data_format)
    except Exception:
        return None


def features_path(folder: str, data_format: str) -> str:
    return os.path.join(folder, "X" + EXTENSIONS[data_format])


def read_target(folder: str) -> Optional[pd.Series]:
    """Return the target under the name in its header, with the type that pandas infers."""
    path = os.path.join(folder, "y.csv")
    return _read_single_column(path) if os.path.exists(path) else None


def _read_weights(folder: str) -> Optional[np.ndarray]:
    path = os.path.join(folder, "weights.csv")
    return _read_single_column(path).to_numpy() if os.path.exists(path) else None


def _read_csv(path: str) -> pd.DataFrame:
    with open(path, encoding="utf-8") as stream:
        single = "," not in stream.readline()
    # In a file of one column an empty line is a missing value.
    return pd.read_csv(path, low_memory=False, skip_blank_lines=not single)


def _read_single_column(path: str) -> pd.Series:
    return pd.read_csv(path, low_memory=False, skip_blank_lines=False).iloc[:, 0]


def _read_matrix(path: str, names_path: str) -> Any:
    scipy_io = _library("scipy.io", "scipy")
    matrix = scipy_io.mmread(path)
    with open(names_path, encoding="utf-8") as stream:
        names = stream.read().splitlines()
    if not hasattr(matrix, "tocsr"):
        import scipy.sparse

        matrix = scipy.sparse.csr_matrix(matrix)
    return matrix.tocsr(), names


def _read_arrow(path: str) -> pd.DataFrame:
    arrow = _library("pyarrow", "pyarrow")
    ipc = _library("pyarrow.ipc", "pyarrow")
    try:
        table = ipc.open_file(path).read_all()
    except arrow.ArrowInvalid:
        table = ipc.open_stream(path).read_all()
    return table.to_pandas()


def _library(module: str, package: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise TaskProblem(
            "Data of this format cannot be read without %s, which the environment lacks." % package,
            where="data",
            remedy="Add %s to requirements.txt." % package,
        ) from None


def fit_features(inputs: Inputs) -> pd.DataFrame:
    """Return the features for `fit`: all rows, nobody else's copy."""
    return _frame(inputs, None) if inputs.names is not None else inputs.features


def request_features(inputs: Inputs, request: Request) -> pd.DataFrame:
    """Return the rows that a request asks for, numbered from 0 as in a new file, with its edit."""
    frame = _frame(inputs, request.rows)
    return _edited(frame, request.edit) if request.edit else frame


def request_target(inputs: Inputs, request: Request) -> Optional[pd.Series]:
    if inputs.target is None or request.rows is None:
        return inputs.target
    return inputs.target.iloc[request.rows].reset_index(drop=True)


def request_file(inputs: Inputs, request: Request) -> str:
    """Return the path of a file that holds what a request asks for, for a task that reads its data itself."""
    if request.rows is None and request.edit is None:
        return inputs.path
    frame = request_features(inputs, request)
    handle, path = tempfile.mkstemp(prefix="X-", suffix=EXTENSIONS[inputs.format])
    os.close(handle)
    if inputs.format == "mtx":
        import scipy.io

        scipy.io.mmwrite(path, frame.sparse.to_coo())
    elif inputs.format == "arrow":
        frame.to_feather(path)
    else:
        frame.to_csv(path, index=False)
    return path


def _frame(inputs: Inputs, rows: Optional[List[int]]) -> pd.DataFrame:
    if inputs.names is not None:
        matrix = inputs.features if rows is None else inputs.features[rows]
        return pd.DataFrame.sparse.from_spmatrix(matrix, columns=inputs.names)
    if rows is None:
        return inputs.features
    return inputs.features.iloc[rows].reset_index(drop=True)


def _edited(frame: pd.DataFrame, edit: Edit) -> pd.DataFrame:
    count = len(frame)
    if edit.to == "missing":
        values: Any = np.full(count, np.nan)
        if isinstance(frame.dtypes[edit.column], pd.SparseDtype):
            values = pd.arrays.SparseArray(values, fill_value=0)
    else:
        values = pd.Series([UNSEEN_CATEGORY if edit.to == "unseen" else ""] * count, index=frame.index)
    edited = frame.copy()
    edited[edit.column] = values
    return edited
