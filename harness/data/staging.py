"""The input folder of a run: the files that the worker reads (see docs/reference/run-protocol.md)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.data.csv_copies import copy_csv
from harness.data.model import CsvSource, SampleData

if TYPE_CHECKING:
    import pandas as pd

# Texts are quoted: without quotes a lone column's value of blanks would be a blank line, which pandas passes over,
# and a carriage return would be the end of a line.
_QUOTING: Final = csv.QUOTE_NONNUMERIC


def write_input(data: SampleData, directory: Path) -> None:
    """Write `X.csv` (or `X.mtx` and `X.colnames`, or `X.arrow`), `y.csv` and `weights.csv` into `directory`.

    y.csv and weights.csv are there where the data has a target and weights; each has one column and a header.
    Features that come from a CSV file are written as the very text that stands there, so that the environment's
    pandas, whatever its version, infers from them what it would infer from the user's file.
    """
    directory.mkdir(parents=True, exist_ok=True)
    match data.format:
        case "csv":
            _write_csv_features(data, directory / "X.csv")
        case "mtx":
            _write_sparse_features(data.features, directory)
        case "arrow":
            from pyarrow import feather

            feather.write_feather(data.features, str(directory / "X.arrow"), compression="uncompressed")
    if data.target is not None:
        data.target.to_csv(directory / "y.csv", index=False, quoting=_QUOTING)
    if data.row_weights is not None:
        import pandas as pd

        pd.Series(data.row_weights, name="weights").to_csv(directory / "weights.csv", index=False)


def _write_csv_features(data: SampleData, path: Path) -> None:
    source = data.csv_source
    if source is None or not _is_current(source, data.features):
        data.features.to_csv(path, index=False, quoting=_QUOTING)
    else:
        copy_csv(source, [str(name) for name in data.features.columns], path)


def _is_current(source: CsvSource, features: pd.DataFrame) -> bool:
    """Tell whether the file still holds the features that are in memory."""
    try:
        status = source.path.stat()
    except OSError:
        return False
    unchanged = (status.st_size, status.st_mtime_ns) == (source.size_bytes, source.modified_ns)
    return unchanged and source.features is features


def _write_sparse_features(features: pd.DataFrame, directory: Path) -> None:
    from scipy import io

    accessor: Any = features.sparse
    io.mmwrite(directory / "X.mtx", accessor.to_coo(), symmetry="general")
    (directory / "X.colnames").write_text("".join(f"{name}\n" for name in features.columns), encoding="utf-8")
