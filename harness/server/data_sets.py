"""What a project has to know of its data: which columns the file has, and what is to be predicted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.csv_files import read_csv_layout
from harness.data.csv_frames import read_csv_column, read_csv_names
from harness.data.files import check_file, content_kind
from harness.data.options import DataOptions
from harness.data.tables import Table, find_column, read_table
from harness.data.targets import check_target, find_class_labels
from harness.records import TargetType
from harness.server.records.tasks import ApiTargetType
from harness.server.trainings import TARGET_TYPES

if TYPE_CHECKING:
    import pandas as pd

# What messages call the file and the target.
FILE = "The file"
TARGET = "the target"
# A numeric target with more values than this is one to regress on. Source: the platform's choice of a target type.
MOST_CLASSES_OF_NUMBERS = 10


@dataclass(frozen=True, slots=True)
class DataSet:
    """columns: their names as a task sees them. rows: those under the header."""

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Target:
    """name: the column as the file has it. class_labels: of a binary one positive and negative, else empty."""

    name: str
    target_type: ApiTargetType
    class_labels: tuple[str, ...]


def read_data_set(file: Path) -> DataSet:
    """Return what the file holds; of a CSV file no more than a block at a time is in memory.

    Raises HarnessError where it cannot be read as a table.
    """
    table = _read_header(file)
    rows = table.layout.rows if table.layout else len(table.frame)
    return DataSet(tuple(str(name) for name in table.frame.columns), rows)


def read_target(file: Path, name: str, target_type: ApiTargetType | None = None) -> Target:
    """Return the target of that name; of a CSV file only its column is in memory.

    target_type: None finds it from the values. Raises HarnessError where there is no such column, with the nearest
    name, and where its values are nothing to learn from.
    """
    table = _read_header(file)
    column, _ = find_column(table, name, TARGET)
    if table.frame.shape[1] == 1:
        raise table.error("No columns are left beside the target.", remedy="Add at least one feature.")
    position = list(table.frame.columns).index(column)
    values = read_csv_column(file, table.layout, position) if table.layout else table.frame[column]
    chosen = target_type or _find_target_type(values)
    kind = TARGET_TYPES[chosen]
    values = check_target(table, values, kind)
    labels = find_class_labels(table, values, kind, DataOptions())
    return Target(column, chosen, labels if labels and kind is TargetType.BINARY else ())


def _read_header(file: Path) -> Table:
    """Return the table, of a CSV file without its rows."""
    check_file(file, FILE)
    if content_kind(file) != "csv":
        return read_table(file, FILE)
    import pandas as pd

    layout = read_csv_layout(file)
    return Table(file, FILE, "csv", pd.DataFrame(columns=read_csv_names(file, layout)), layout)


def _find_target_type(values: pd.Series) -> ApiTargetType:
    import pandas as pd

    distinct = values.nunique()
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if is_number and distinct > MOST_CLASSES_OF_NUMBERS:
        return ApiTargetType.REGRESSION
    return ApiTargetType.BINARY if distinct == 2 else ApiTargetType.MULTICLASS
