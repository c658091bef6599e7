"""MatrixMarket files, whose column names lie in a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.files import check_file, open_content, translated_read_errors
from harness.errors import HarnessError

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

SPARSE_COLUMN_OPTION = "--sparse-column-file"


def read_sparse_frame(path: Path, names_file: Path | None) -> pd.DataFrame:
    """Return a MatrixMarket file as a DataFrame of pandas sparse columns, zero where nothing is stored.

    Raises HarnessError for a matrix that cannot be read, is complex or empty, and for column names that are missing,
    not as many as the columns, or blank.
    """
    import numpy as np
    from scipy import io, sparse

    if names_file is None:
        raise HarnessError(
            "A MatrixMarket file does not say what its columns are called.",
            remedy=f"Pass a text file with one column name a line: {SPARSE_COLUMN_OPTION} FILE.",
            file=str(path),
        )
    names = read_lines(names_file, SPARSE_COLUMN_OPTION)
    _check_names(names, names_file)
    with translated_read_errors(path):
        try:
            with open_content(path) as content:
                matrix = io.mmread(content)
        except (ValueError, TypeError, OverflowError, IndexError, MemoryError) as error:
            raise HarnessError(
                f"The MatrixMarket file cannot be read: {str(error).rstrip('.')}.",
                remedy="Write it again, e.g. with scipy.io.mmwrite.",
                file=str(path),
            ) from error
    rows, columns = matrix.shape
    if len(names) != columns:
        raise HarnessError(
            f"The matrix {path} has {columns} columns, but this file names {len(names)}.",
            remedy="Give one name a line for each column, in order.",
            file=str(names_file),
        )
    if np.iscomplexobj(matrix):
        raise HarnessError("The matrix holds complex numbers.", remedy="Give a matrix of real numbers.", file=str(path))
    if rows == 0:
        raise HarnessError("The matrix has no rows.", remedy="Add at least one row of data.", file=str(path))
    matrix = sparse.csc_array(matrix)
    return sparse_frame(matrix, names)


def sparse_frame(matrix: sparse.csc_array, names: list[str]) -> pd.DataFrame:
    """Return a DataFrame of pandas sparse columns, zero where nothing is stored."""
    import pandas as pd

    # The stubs of pandas do not know the accessor on the class.
    accessor: Any = pd.DataFrame.sparse
    frame: pd.DataFrame = accessor.from_spmatrix(matrix, columns=names)
    return frame


def read_lines(path: Path, option: str) -> list[str]:
    """Return the lines of a small text file without line ends; blank lines at its end are left out.

    Raises HarnessError, naming `option`, when the file is missing, empty or not UTF-8.
    """
    check_file(path, option)
    with translated_read_errors(path), open_content(path) as content:
        text = content.read()
    try:
        lines = text.decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise HarnessError(
            f"Byte 0x{text[error.start]:02X} is not UTF-8 text.",
            remedy="Save the file as UTF-8.",
            file=str(path),
            line=text.count(b"\n", 0, error.start) + 1,
        ) from error
    return lines


def _check_names(names: list[str], names_file: Path) -> None:
    for line, name in enumerate(names, start=1):
        if not name.strip():
            raise HarnessError(
                "A column name is blank.",
                remedy="Give each column a name.",
                file=str(names_file),
                line=line,
            )
