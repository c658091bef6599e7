"""Parquet, Arrow and Feather files; they need pyarrow, an optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.data.files import is_gzip, open_content, translated_read_errors
from harness.errors import HarnessError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_STREAM_MAGIC = b"\xff\xff\xff\xff"


def read_arrow_frame(path: Path, kind: Literal["parquet", "arrow"]) -> pd.DataFrame:
    """Return the table of a Parquet or Arrow/Feather file; column names become text, rows are counted anew.

    Raises HarnessError when pyarrow is not installed, the file is damaged, it has no rows, or a column holds lists,
    structures or bytes, which no task input can.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise HarnessError(
            "Reading Parquet and Arrow files needs pyarrow, which is not installed.",
            remedy="Run: pip install 'task-harness[arrow]'",
            file=str(path),
        ) from error
    with translated_read_errors(path):
        try:
            table = _read_table(path, kind)
        except pa.ArrowException as error:
            title = "Parquet" if kind == "parquet" else "Arrow or Feather"
            raise HarnessError(
                f"The file begins like {title} but cannot be read: {_first_line(error)}.",
                remedy="The file is cut off or damaged; write it again.",
                file=str(path),
            ) from error
    _check_columns(path, table)
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    frame.columns = [str(name) for name in frame.columns]
    return frame.reset_index(drop=True)


def _read_table(path: Path, kind: Literal["parquet", "arrow"]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import ipc, parquet

    source: Any = str(path)
    if is_gzip(path):
        with open_content(path) as content:
            source = pa.BufferReader(content.read())
    if kind == "parquet":
        return parquet.ParquetFile(source).read()
    with open_content(path) as content:
        magic = content.read(len(_STREAM_MAGIC))
    if isinstance(source, str):
        source = pa.OSFile(source)
    with source, (ipc.open_stream if magic == _STREAM_MAGIC else ipc.open_file)(source) as reader:
        return reader.read_all()


def _check_columns(path: Path, table: pa.Table) -> None:
    import pyarrow as pa

    for column in table.schema:
        is_bytes = pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
        if pa.types.is_nested(column.type) or is_bytes:
            raise HarnessError(
                f"Column {column.name!r} is of type {column.type}, which a task's input cannot hold.",
                remedy="Turn it into columns of numbers, texts or dates.",
                file=str(path),
            )
    if table.num_rows == 0:
        raise HarnessError("The file has no rows.", remedy="Add at least one row of data.", file=str(path))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
