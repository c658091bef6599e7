"""CSV files as pandas DataFrames, with no more memory than the frame and one chunk of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.csv_files import CsvLayout
from harness.data.files import open_content, translated_read_errors
from harness.errors import HarnessError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_CHUNK_CELLS = 400_000


def read_csv_frame(path: Path, layout: CsvLayout) -> pd.DataFrame:
    """Return what a plain `pandas.read_csv` of the whole file gives: same names, types and values.

    pandas' own chunk-wise reading needs about twice the memory of the frame, and guesses types a chunk at a time.
    Here numbers go straight into arrays of full length, and a column whose chunks disagree on its type is read
    once more on its own, so that its type is decided on all of its values.
    """
    chunk_rows = max(1, _CHUNK_CELLS // len(layout.header))
    with translated_read_errors(path), _translated_parser_errors(path):
        if layout.rows <= chunk_rows:
            return _read_whole(path, layout)
        return _read_in_chunks(path, layout, chunk_rows)


def read_csv_names(path: Path, layout: CsvLayout) -> pd.Index[str]:
    """Return the columns' names as `read_csv_frame` has them, without reading the values."""
    import pandas as pd

    with translated_read_errors(path), _translated_parser_errors(path), open_content(path) as content:
        return pd.read_csv(content, encoding=layout.encoding, nrows=0).columns


def read_csv_column(path: Path, layout: CsvLayout, position: int) -> pd.Series:
    """Return the column at `position` (from 0) as `read_csv_frame` has it, with no other one in memory."""
    import pandas as pd

    column = _Column(layout.rows)
    name = None
    with (
        translated_read_errors(path),
        _translated_parser_errors(path),
        open_content(path) as content,
        pd.read_csv(
            content,
            encoding=layout.encoding,
            low_memory=False,
            usecols=[position],
            chunksize=max(1, _CHUNK_CELLS // len(layout.header)),
        ) as chunks,
    ):
        for chunk in chunks:
            name = chunk.columns[0]
            column.add(chunk.iloc[:, 0])
        if not column.is_settled:
            return _read_whole(path, layout, [position]).iloc[:, 0]
    return pd.Series(column.take_values(), name=name)


def _read_whole(path: Path, layout: CsvLayout, columns: list[int] | None = None) -> pd.DataFrame:
    import pandas as pd

    with open_content(path) as content:
        return pd.read_csv(content, encoding=layout.encoding, low_memory=False, usecols=columns)


def _read_in_chunks(path: Path, layout: CsvLayout, chunk_rows: int) -> pd.DataFrame:
    import pandas as pd

    columns: list[_Column] = []
    names: list[str] = []
    with (
        open_content(path) as content,
        pd.read_csv(content, encoding=layout.encoding, low_memory=False, chunksize=chunk_rows) as chunks,
    ):
        for chunk in chunks:
            if not columns:
                names = list(chunk.columns)
                columns = [_Column(layout.rows) for _ in names]
            for position, column in enumerate(columns):
                column.add(chunk.iloc[:, position])
    gathered: dict[str, Any] = {}
    for position, (name, column) in enumerate(zip(names, columns, strict=True)):
        if column.is_settled:
            gathered[name] = column.take_values()
        else:
            gathered[name] = _read_whole(path, layout, [position]).iloc[:, 0]
    return pd.DataFrame(gathered, copy=False)


class _Column:
    """The chunks of one column: numbers in one array of full length, texts as they come."""

    def __init__(self, rows: int) -> None:
        self.is_settled = True
        self._rows = rows
        self._filled = 0
        self._numbers: np.ndarray | None = None
        self._texts: list[pd.Series] = []

    def add(self, values: pd.Series) -> None:
        """Take one chunk; `is_settled` becomes False when the chunks do not agree on a type."""
        if not self.is_settled:
            return
        if values.dtype.kind in "biuf" and not self._texts:
            self._add_numbers(values.to_numpy())
        elif self._numbers is None and _is_text(values):
            self._texts.append(values)
        else:
            self.is_settled = False
            self._numbers, self._texts = None, []
        self._filled += len(values)

    def _add_numbers(self, values: np.ndarray) -> None:
        import numpy as np

        if self._numbers is None:
            self._numbers = np.empty(self._rows, values.dtype)
        elif {self._numbers.dtype.kind, values.dtype.kind} == {"i", "f"}:
            self._numbers = self._numbers.astype(np.float64, copy=False)
        elif self._numbers.dtype != values.dtype:
            self.is_settled = False
            self._numbers = None
            return
        self._numbers[self._filled : self._filled + len(values)] = values

    def take_values(self) -> np.ndarray | pd.Series:
        """Hand over the values and forget them."""
        import pandas as pd

        texts, self._texts = self._texts, []
        return self._numbers if self._numbers is not None else pd.concat(texts, ignore_index=True)


def _is_text(values: pd.Series) -> bool:
    import pandas as pd

    return pd.api.types.infer_dtype(values, skipna=True) == "string"


@contextmanager
def _translated_parser_errors(path: Path) -> Iterator[None]:
    """Turn what pandas raises on text that passed every check of ours into a HarnessError on `path`."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise HarnessError(
            f"pandas cannot read the file as CSV: {error}.",
            remedy="Save it as CSV with commas, in UTF-8.",
            file=str(path),
        ) from error
