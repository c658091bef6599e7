"""The sample data that a task is tried on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.tasks.model import DataType

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DataFormat = Literal["csv", "mtx", "arrow"]


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What one column of the features holds.

    data_types: every typeSchema type that it can count as (whole numbers also as categories, text as both).
    has_missing: whether any value is missing.
    """

    name: str
    data_types: frozenset[DataType]
    has_missing: bool


@dataclass(frozen=True, slots=True)
class CsvSource:
    """The CSV file that features were read from, so that they can be staged as the text that the user wrote.

    is_plain: whether commas and newlines alone part the values (UTF-8, no quotes).
    columns: where each feature stands among the file's columns, from 0; width: how many columns the file has.
    size_bytes, modified_ns: of the file when it was read.
    features: the very DataFrame that was read; another one means that the text is no longer what is in memory.
    """

    path: Path
    encoding: str
    is_plain: bool
    columns: tuple[int, ...]
    width: int
    size_bytes: int
    modified_ns: int
    features: pd.DataFrame


@dataclass(frozen=True, slots=True)
class SampleData:
    """Features, target and weights in memory, with the class labels that the platform would use.

    features: (rows, columns) without target and weights, column order kept; pandas sparse columns for MatrixMarket.
    target: (rows,) named as in the data, None where the task has none.
    row_weights: (rows,) of float, None where not given.
    class_labels: for binary (positive, negative), for multiclass all labels as text, else None.
    source: what the user would call it: the file's path or `bundled sample "iris"`.
    csv_source: where the features' own text lies; None where they were not read from a CSV file.
    """

    source: str
    format: DataFormat
    features: pd.DataFrame
    target: pd.Series | None = None
    row_weights: np.ndarray | None = None
    class_labels: tuple[str, ...] | None = None
    columns: tuple[ColumnProfile, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    csv_source: CsvSource | None = field(default=None, repr=False, compare=False)

    @property
    def is_sparse(self) -> bool:
        return self.format == "mtx"
