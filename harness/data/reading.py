"""From the user's options to sample data: read, split off target and weights, judge, profile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.data.model import CsvSource, DataFormat, SampleData
from harness.data.options import DataOptions, check_options
from harness.data.profiles import profile_columns
from harness.data.row_weights import check_row_weights
from harness.data.tables import Table, find_column, read_table, show_names
from harness.data.targets import check_target, find_class_labels
from harness.records import TargetType

if TYPE_CHECKING:
    import pandas as pd


def read_sample_data(options: DataOptions, target_type: TargetType, *, prefer_arrow: bool = False) -> SampleData:
    """Read and judge the data that the options name.

    prefer_arrow: hand Parquet and Arrow input to the task as Arrow, for environments that have pyarrow; else it
    becomes CSV, as on the platform.
    Raises HarnessError, with file, line and remedy, for whatever the platform would refuse or silently misread.
    """
    check_options(options, target_type)
    assert options.input is not None
    table = read_table(options.input, "--input", sparse_column_file=options.sparse_column_file)
    all_columns = list(table.frame.columns)
    notes = list(table.warnings)

    target_name = _named_column(table, options.target, "--target", notes)
    weights_name = _named_column(table, options.row_weights, "--row-weights", notes)
    if target_name is not None and target_name == weights_name:
        raise table.error(
            f"The target and the row weights are the same column, {target_name!r}.",
            remedy="Give the weights a column of their own.",
        )
    target_table, target = table, _take_column(table, target_name)
    weights_table, weights = table, _take_column(table, weights_name)
    if options.target_csv is not None:
        target_table = read_table(options.target_csv, "--target-csv")
        target = _only_column(target_table, table)
        notes += [*target_table.warnings, *_twin_warnings(table, target)]
    if options.row_weights_csv is not None:
        weights_table = read_table(options.row_weights_csv, "--row-weights-csv")
        weights = _only_column(weights_table, table)
        notes += weights_table.warnings
    if table.frame.shape[1] == 0:
        raise table.error(
            "No columns are left beside the target and the row weights.", remedy="Add at least one feature."
        )

    if target is not None:
        target = check_target(target_table, target, target_type)
    labels = find_class_labels(target_table, target, target_type, options) if target is not None else None
    row_weights = check_row_weights(weights_table, weights) if weights is not None else None
    data_format = _data_format(table, prefer_arrow=prefer_arrow)
    notes += _feature_warnings(table, data_format)
    return SampleData(
        source=str(options.input),
        format=data_format,
        features=table.frame,
        target=target,
        row_weights=row_weights,
        class_labels=labels,
        columns=profile_columns(table.frame),
        warnings=tuple(notes),
        csv_source=_csv_source(table, all_columns),
    )


def _named_column(table: Table, name: str | None, option: str, notes: list[str]) -> str | None:
    if name is None:
        return None
    column, warnings = find_column(table, name, option)
    notes += warnings
    return column


def _take_column(table: Table, name: str | None) -> pd.Series | None:
    """Take a column out of the table's frame without copying the others."""
    import pandas as pd

    if name is None:
        return None
    column: pd.Series = table.frame.pop(name)
    if isinstance(column.dtype, pd.SparseDtype):
        return pd.Series(column.to_numpy(), name=name)
    return column


def _only_column(table: Table, data: Table) -> pd.Series:
    columns, rows = table.frame.shape[1], len(table.frame)
    if columns != 1:
        raise table.error(
            f"{table.option} takes a file with one column, but this one has {columns}: "
            f"{show_names([str(name) for name in table.frame.columns])}.",
            remedy="Keep only the one column, without an index.",
        )
    if rows != len(data.frame):
        raise table.error(
            f"The file has {rows} rows, but the data in {data.path} has {len(data.frame)}.",
            remedy="Give one value for each row of the data; the first line is the header.",
        )
    return table.frame.iloc[:, 0]


def _twin_warnings(table: Table, target: pd.Series) -> Iterable[str]:
    if target.name in table.frame.columns:
        yield (
            f"The data also has a column called {str(target.name)!r}, like the target in the file of its own; "
            "the task sees it as a feature."
        )


def _data_format(table: Table, *, prefer_arrow: bool) -> DataFormat:
    if table.kind == "mtx":
        return "mtx"
    return "arrow" if prefer_arrow and table.kind in ("parquet", "arrow") else "csv"


def _feature_warnings(table: Table, data_format: DataFormat) -> Iterable[str]:
    frame = table.frame
    if data_format == "mtx":
        return
    empty = [str(name) for name in frame.columns if frame[name].isna().all()]
    if empty:
        yield f"{_columns(empty)} nothing but missing values."
    if data_format == "csv" and table.kind != "csv":
        numbers = [str(name) for name in frame.columns if _holds_numbers_as_text(frame[name])]
        if numbers:
            yield f"{_columns(numbers)} numbers as text; in the CSV that the task reads they are numbers."


def _columns(names: list[str]) -> str:
    return f"{'Column' if len(names) == 1 else 'Columns'} {show_names(names)} hold{'s' * (len(names) == 1)}"


def _holds_numbers_as_text(column: pd.Series) -> bool:
    import pandas as pd

    if not (pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)):
        return False
    distinct = column.dropna().unique()
    if len(distinct) == 0 or not all(isinstance(value, str) for value in distinct[:1000]):
        return False
    return bool(pd.to_numeric(pd.Series(distinct), errors="coerce").notna().all())


def _csv_source(table: Table, all_columns: list[str]) -> CsvSource | None:
    if table.layout is None or table.status is None:
        return None
    kept = set(table.frame.columns)
    return CsvSource(
        path=table.path,
        encoding=table.layout.encoding,
        is_plain=table.layout.is_plain,
        columns=tuple(position for position, name in enumerate(all_columns) if name in kept),
        width=len(all_columns),
        size_bytes=table.status.st_size,
        modified_ns=table.status.st_mtime_ns,
        features=table.frame,
    )
