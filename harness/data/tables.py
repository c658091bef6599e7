"""A file of sample data as one table, whatever its format, with what looks odd about it."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.arrow_files import read_arrow_frame
from harness.data.csv_files import CsvLayout, line_of_row, read_csv_layout
from harness.data.csv_frames import read_csv_frame
from harness.data.files import ContentKind, check_file, content_kind, translated_read_errors
from harness.data.matrix_market import SPARSE_COLUMN_OPTION, read_sparse_frame
from harness.errors import HarnessError

if TYPE_CHECKING:
    import pandas as pd

_NAMES_SHOWN = 10
_ROWS_SHOWN = 5


@dataclass(frozen=True)
class Table:
    """One file, read. `option` is the option that named it; `layout` and `status` (before reading) are CSV's."""

    path: Path
    option: str
    kind: ContentKind
    frame: pd.DataFrame
    layout: CsvLayout | None = None
    status: os.stat_result | None = None
    warnings: tuple[str, ...] = ()

    def error(self, message: str, *, remedy: str, row: int | None = None) -> HarnessError:
        """Return an error on this file; with `row` (from 0), on the line where that row stands."""
        line = None
        if row is not None and self.layout is not None:
            line = line_of_row(self.path, self.layout.encoding, row)
        return HarnessError(message, remedy=remedy, file=str(self.path), line=line)


def read_table(path: Path, option: str, *, sparse_column_file: Path | None = None) -> Table:
    """Read a CSV, Parquet, Arrow/Feather or MatrixMarket file, gzip'd or not, told apart by its content.

    Raises HarnessError for whatever cannot be read; see the modules of the formats.
    """
    import pandas as pd

    check_file(path, option)
    kind = content_kind(path)
    if sparse_column_file is not None and kind != "mtx":
        raise HarnessError(
            f"{SPARSE_COLUMN_OPTION} goes with a MatrixMarket file, but this is none.",
            remedy=f"Leave out {SPARSE_COLUMN_OPTION}.",
            file=str(path),
        )
    match kind:
        case "csv":
            with translated_read_errors(path):
                status = path.stat()
            layout = read_csv_layout(path)
            frame = read_csv_frame(path, layout)
            return Table(path, option, kind, frame, layout, status, tuple(_header_warnings(layout.header)))
        case "mtx":
            frame = read_sparse_frame(path, sparse_column_file)
        case _:
            frame = read_arrow_frame(path, kind)
    names = [str(name) for name in frame.columns]
    frame.columns = pd.Index(_unique_names(names))
    return Table(path, option, kind, frame, warnings=tuple(_header_warnings(names)))


def _unique_names(names: Sequence[str]) -> list[str]:
    """Return the names with a number behind each that is there already (a, a.1), as pandas does it for CSV."""
    written = set(names)
    unique: dict[str, None] = {}
    for name in names:
        candidate, count = name, 0
        while candidate in unique or (count and candidate in written):
            count += 1
            candidate = f"{name}.{count}"
        unique[candidate] = None
    return list(unique)


def _header_warnings(header: Sequence[str]) -> Iterable[str]:
    twice = [name for name, count in Counter(header).items() if count > 1 and name.strip()]
    if twice:
        yield (
            f"The header has the same name more than once: {show_names(twice)}. "
            "pandas, and so the task, sees the later ones with a number behind the name (a, a.1)."
        )
    if header[0] in ("", "Unnamed: 0"):
        yield (
            "The first column has no name: it looks like a row index that was saved with the data. "
            "The task sees it as a feature called 'Unnamed: 0'; save with index=False to leave it out."
        )


def find_column(table: Table, name: str, option: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of the column that `name`, given with `option`, means, and warnings about it.

    Blanks around a name are passed over where nothing matches exactly. Raises HarnessError with the nearest
    names when there is no such column.
    """
    names = [str(column) for column in table.frame.columns]
    if name in names:
        return name, ()
    stripped = [column for column in names if column.strip() == name.strip()]
    if len(stripped) == 1:
        return stripped[0], (
            f"{option} {name!r} matches the column {stripped[0]!r} only without the blanks around the name.",
        )
    raise table.error(f"There is no column {name!r} ({option}).", remedy=_nearest_column(table, name, names))


def _nearest_column(table: Table, name: str, names: Sequence[str]) -> str:
    columns = f"The file has {show_names(names)}."
    if len(names) == 1 and table.kind == "csv":
        for separator, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if separator in names[0]:
                return f"The file looks separated by {word}; save it with commas. {columns}"
    folded = {column.strip().casefold(): column for column in names}
    near = difflib.get_close_matches(name.strip().casefold(), folded, n=1)
    return f"Did you mean {folded[near[0]]!r}? {columns}" if near else columns


def show_names(names: Sequence[str]) -> str:
    """Return the first names for a message, quoted, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def show_rows(rows: Sequence[int]) -> str:
    """Return the first row numbers for a message and how many more there are: `row 3`, `rows 3, 7 and 9 more`."""
    shown = ", ".join(str(row) for row in rows[:_ROWS_SHOWN])
    more = len(rows) - _ROWS_SHOWN
    if len(rows) == 1:
        return f"row {shown} (counted from 0)"
    return f"rows {shown}{f' and {more} more' if more > 0 else ''} (counted from 0)"
