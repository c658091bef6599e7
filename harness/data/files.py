"""Files of sample data: is there one, may it be read, is it compressed, and which format does it hold."""

from __future__ import annotations

import difflib
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from harness.errors import HarnessError

ContentKind = Literal["csv", "parquet", "arrow", "mtx"]

_GZIP_MAGIC = b"\x1f\x8b"

# The first bytes by which each format makes itself known; CSV has none.
_MAGIC: dict[bytes, ContentKind] = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow",
    b"%%matrixmarket": "mtx",
}
_NAMES: dict[str, ContentKind] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ftr": "arrow",
    ".mtx": "mtx",
}
_TITLES: dict[ContentKind, str] = {
    "csv": "CSV",
    "parquet": "Parquet",
    "arrow": "Arrow or Feather",
    "mtx": "MatrixMarket",
}

# What people take for a data file, with what to do about it.
_FOREIGN: dict[bytes, tuple[str, str]] = {
    b"PK\x03\x04": ("an Excel workbook or a zip archive", "Save the table as CSV, or unpack the archive first."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the table as CSV."),
    b"BZh": ("compressed with bzip2", "Unpack it, or compress it with gzip."),
    b"\xfd7zXZ": ("compressed with xz", "Unpack it, or compress it with gzip."),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "Unpack it, or compress it with gzip."),
    _GZIP_MAGIC: ("compressed with gzip twice", "Unpack it once."),
    b"\x89HDF": ("an HDF5 file", "Save the table as CSV or Parquet."),
    b"SQLite format 3": ("an SQLite database", "Save the table as CSV or Parquet."),
    b"FEA1": ("an old Feather file (version 1)", "Write it again with a current pyarrow, or as Parquet."),
    b"%PDF": ("a PDF document", "Save the table as CSV."),
}


def check_file(path: Path, option: str) -> None:
    """Raise HarnessError unless `path`, given with `option`, is a regular file that is not empty."""
    with translated_read_errors(path):
        if path.is_dir():
            raise HarnessError(f"{option} is a folder, not a file.", remedy="Name a file in it.", file=str(path))
        if not path.exists():
            raise HarnessError(f"{option} does not exist.", remedy=_nearest_file(path), file=str(path))
        if not path.is_file():
            raise HarnessError(
                f"{option} is not a regular file.", remedy="Save the data to a file first.", file=str(path)
            )
        if path.stat().st_size == 0:
            raise HarnessError(f"{option} is empty.", remedy="Give a file that holds data.", file=str(path))


def _nearest_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return f"There is no folder {str(path.parent)!r} that can be read; check the path."
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {near[0]!r}?" if near else "Check the path."


@contextmanager
def translated_read_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's and gzip's errors into a HarnessError on `path`."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise HarnessError(
            f"The gzip data cannot be unpacked: {error}.",
            remedy="The file is cut off or damaged; compress it again.",
            file=str(path),
        ) from error
    except OSError as error:
        raise HarnessError(
            f"The file cannot be read: {error.strerror or error}.",
            remedy="Check the path and the permissions.",
            file=str(path),
        ) from error


def is_gzip(path: Path) -> bool:
    """Tell by the content, not by the name, whether `path` is compressed with gzip."""
    with path.open("rb") as stream:
        return stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC


def open_content(path: Path) -> BinaryIO:
    """Open `path` for reading bytes, unpacked where it is gzip'd."""
    return cast("BinaryIO", gzip.open(path)) if is_gzip(path) else path.open("rb")


def content_kind(path: Path) -> ContentKind:
    """Tell which format `path` holds, by its first bytes; what has no mark of its own is CSV.

    Raises HarnessError where the first bytes are those of a format that is not sample data, or where the name
    promises a format that the content is not.
    """
    with translated_read_errors(path), open_content(path) as stream:
        head = stream.read(16)
    for magic, (title, remedy) in _FOREIGN.items():
        if head.startswith(magic):
            raise HarnessError(f"The file is {title}.", remedy=remedy, file=str(path))
    for magic, kind in _MAGIC.items():
        if head.lower().startswith(magic.lower()):
            return kind
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    promised = _NAMES.get(suffixes[-1]) if suffixes else None
    if promised is not None:
        raise HarnessError(
            f"The name promises a {_TITLES[promised]} file, but the content is not one.",
            remedy="Write the file again, or give it the ending of what it holds.",
            file=str(path),
        )
    return "csv"
