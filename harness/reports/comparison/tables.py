"""Two tables of one form, row by row: CSV in blocks that fit into memory, MatrixMarket as the sparse matrix it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_matrix

BLOCK_CELLS = 500_000
SPARSE_SUFFIX = ".mtx"


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table from `start` on. numbers: (rows, columns), NaN where missing or no number.

    texts: column's place -> (rows,) of what is no number, None elsewhere; only columns that have such. missing:
    (rows, columns) of bool.
    """

    start: int
    numbers: np.ndarray
    texts: dict[int, np.ndarray]
    missing: np.ndarray

    @property
    def rows(self) -> int:
        return len(self.numbers)

    def value(self, row: int, column: int) -> float | str | None:
        """Return a cell; row: within the block."""
        if self.missing[row, column]:
            return None
        if column in self.texts and self.texts[column][row] is not None:
            return str(self.texts[column][row])
        return float(self.numbers[row, column])


def read_columns(file: Path) -> tuple[str, ...]:
    """Return the names in a CSV's first line; raises HarnessError where there are none or the file was cut off."""
    import pandas as pd

    with _explained(file):
        _refuse_cut_off(file)
        return tuple(map(str, pd.read_csv(file, nrows=0).columns))


def read_blocks(file: Path, columns: int, chosen: Sequence[int], rows: int) -> Iterator[Block]:
    """Yield `rows` rows at a time of the chosen columns of a CSV, by their places, in that order.

    columns: how many the file has. Raises HarnessError where it is damaged.
    """
    import pandas as pd

    with (
        _explained(file),
        pd.read_csv(
            file,
            header=0,
            names=list(range(columns)),
            chunksize=rows,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
            skip_blank_lines=False,
        ) as chunks,
    ):
        start = 0
        for chunk in chunks:
            # A first row that is too long makes pandas take its first cells for names of rows.
            has_names = not isinstance(chunk.index, pd.RangeIndex)
            if has_names:
                raise ValueError("a row has more cells than there are columns")
            yield _block(start, chunk[list(chosen)])
            start += len(chunk)


def _block(start: int, frame: pd.DataFrame) -> Block:
    import numpy as np
    import pandas as pd

    if all(isinstance(dtype, np.dtype) and dtype.kind in "iufb" for dtype in frame.dtypes):
        numbers = frame.to_numpy(dtype=np.float64)
        return Block(start, numbers, {}, np.isnan(numbers))
    numbers = np.full(frame.shape, np.nan)
    missing = np.zeros(frame.shape, dtype=bool)
    texts = {}
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        absent = column.isna().to_numpy()
        found = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        numbers[:, place], missing[:, place] = found, absent
        is_text = np.isnan(found) & ~absent
        if is_text.any():
            values = column.to_numpy(dtype=object, copy=True)
            values[~is_text] = None
            texts[place] = values
    return Block(start, numbers, texts, missing)


def read_matrix(file: Path) -> csr_matrix:
    """Return the matrix of a MatrixMarket file; raises HarnessError where it is damaged."""
    import numpy as np
    from scipy import io, sparse

    with _explained(file):
        matrix = sparse.csr_matrix(io.mmread(file))
        if np.iscomplexobj(matrix):
            raise ValueError("the values are complex")
        return matrix


def _refuse_cut_off(file: Path) -> None:
    """Raise ValueError for a file that does not end with its last line: what writes it always ends the line."""
    with file.open("rb") as content:
        size = content.seek(0, 2)
        if size == 0:
            raise ValueError("it is empty")
        content.seek(size - 1)
        if content.read() != b"\n":
            raise ValueError("it ends in the middle of a line, so that it was cut off")


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn what a damaged table makes its reader raise into an error that names the file."""
    try:
        yield
    except (OSError, ValueError, TypeError, OverflowError, IndexError, MemoryError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        raise HarnessError(
            f"the table cannot be read: {said.rstrip('.')}",
            file=str(file),
            remedy="Validate the task again with --output DIR, and compare that folder.",
        ) from error
