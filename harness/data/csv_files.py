"""CSV files as text: judged line by line before pandas reads them, so that every complaint names its line.

pandas passes over what silently moves values to another column (rows that are too short, rows that are one field
longer than the header); here each row must have as many fields as the header. The rules of quoting and of blank
lines are those of pandas' own reader, whose plain `read_csv` is what the worker uses.
"""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.data.files import open_content, translated_read_errors
from harness.errors import HarnessError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
BLOCK_BYTES = 1 << 20
_NEWLINE, _COMMA = ord("\n"), ord(",")

# Follows the last line of a file, so that a quoted text that is never closed shows: it swallows the mark.
# A NUL cannot be part of the data, as those are refused.
_END_MARK = "\0"


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """What a CSV file looks like, known without keeping its values.

    header: the names as written. rows: without header and blank lines. encoding: a codec name.
    is_plain: UTF-8, without quotes, and lines end with a newline, so that commas and newlines tell all.
    """

    header: tuple[str, ...]
    rows: int
    encoding: str
    is_plain: bool


def read_csv_layout(path: Path) -> CsvLayout:
    """Judge a CSV file as text and return its layout.

    Raises HarnessError, with the line, for: no content, no rows, bytes that are not text in UTF-8 (or UTF-16 and
    UTF-32 with a byte order mark), NUL bytes, rows of another length than the header, quotes never closed.
    """
    with translated_read_errors(path):
        encoding = _encoding(path)
        plain_records = _count_plain_records(path) if encoding.startswith("utf-8") else None
        header = _header(path, encoding)
        records = plain_records
        if records is None:
            records = _count_records(path, encoding, len(header))
    if records == 1:
        raise HarnessError(
            "The CSV file has a header but no rows.", remedy="Add at least one row of data.", file=str(path)
        )
    return CsvLayout(header, records - 1, encoding, is_plain=plain_records is not None)


def csv_records(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank, with the line where it starts (from 1); the header is the first.

    Raises HarnessError for NUL characters, a quote that is never closed, and text that is not in `encoding`.
    """
    # The module's default refuses cells of more than 131,072 characters; documents are longer. The limit is
    # one for the whole process, so it is only ever raised.
    csv.field_size_limit(sys.maxsize)
    line = ""

    def lines() -> Iterator[str]:
        nonlocal line
        for line in text:
            yield line
        line = _END_MARK
        yield line

    start = 1
    try:
        with open_content(path) as content, io.TextIOWrapper(content, encoding=encoding, newline="") as text:
            reader = csv.reader(lines())
            for record in reader:
                if line == _END_MARK:
                    if record != [_END_MARK]:
                        _refuse_open_quote(path, start)
                    return
                if "\0" in line:
                    _refuse_nul(path, reader.line_num)
                if not _is_blank(line):
                    yield start, record
                start = reader.line_num + 1
    except UnicodeError as error:
        raise HarnessError(
            f"The file begins as {encoding.upper()} but cannot be read as such: {error}.",
            remedy="Save it as UTF-8.",
            file=str(path),
        ) from error


def line_of_row(path: Path, encoding: str, row: int) -> int | None:
    """Return the line (from 1) on which data row `row` (from 0) starts, None where there is no such row."""
    for number, (line, _) in enumerate(csv_records(path, encoding)):
        if number == row + 1:
            return line
    return None


def _encoding(path: Path) -> str:
    with open_content(path) as content:
        head = content.read(4)
    return next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")


def _header(path: Path, encoding: str) -> tuple[str, ...]:
    for _, record in csv_records(path, encoding):
        return tuple(record)
    raise HarnessError(
        "The CSV file holds nothing but blank lines.",
        remedy="Give a file with a header line and rows.",
        file=str(path),
    )


def _count_records(path: Path, encoding: str, width: int) -> int:
    """Count the records, header included, by the full rules of quoting."""
    count = 0
    for line, record in csv_records(path, encoding):
        if len(record) != width:
            _refuse_ragged(path, line, width, len(record))
        count += 1
    return count


def _count_plain_records(path: Path) -> int | None:
    """Judge the bytes of a UTF-8 file; count its records where no quoting makes that any harder.

    Returns None when quotes or lone carriage returns ask for the full rules. This way is several
    times as fast as a record at a time.
    """
    width: int | None = None
    count: int | None = 0
    line = 1
    for block in whole_lines(path):
        _check_text(path, block, line)
        if count is not None and (b'"' in block or block.count(b"\r") != block.count(b"\r\n")):
            count = None
        if count is not None:
            width, records = _count_block(path, block, line, width)
            count += records
        line += block.count(b"\n")
    return count


def open_text(path: Path) -> BinaryIO:
    """Open a UTF-8 file for reading bytes, behind its byte order mark where it has one."""
    content = open_content(path)
    if content.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
        content.seek(0)
    return content


def whole_lines(path: Path) -> Iterator[bytes]:
    """Yield the file in blocks that end with a line (as far as lines end with a newline)."""
    with open_text(path) as content:
        while block := content.read(BLOCK_BYTES):
            yield block + content.readline()


def _check_text(path: Path, block: bytes, line: int) -> None:
    if (place := block.find(b"\0")) >= 0:
        _refuse_nul(path, line + block.count(b"\n", 0, place))
    if block.isascii():
        return
    try:
        block.decode()
    except UnicodeDecodeError as error:
        raise HarnessError(
            f"Byte 0x{block[error.start]:02X} is not UTF-8 text.",
            remedy="Save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
            file=str(path),
            line=line + block.count(b"\n", 0, error.start),
        ) from error


def _count_block(path: Path, block: bytes, first_line: int, width: int | None) -> tuple[int | None, int]:
    """Return the number of fields of a record (that of the file's first one) and how many records `block` has."""
    import numpy as np

    content = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(content == _NEWLINE)
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block))
    starts = np.concatenate(([0], ends[:-1] + 1))
    separators = np.diff(np.searchsorted(np.flatnonzero(content == _COMMA), ends), prepend=0)

    may_be_blank = np.flatnonzero((separators == 0) & np.isin(content[np.minimum(starts, len(block) - 1)], _SPACE))
    blank = [int(i) for i in may_be_blank if not block[starts[i] : ends[i]].strip(b" \t\r")]
    is_record = np.ones(len(ends), bool)
    is_record[blank] = False
    records = np.flatnonzero(is_record)
    if len(records) == 0:
        return width, 0
    if width is None:
        width = int(separators[records[0]]) + 1
    ragged = records[separators[records] != width - 1]
    if len(ragged):
        _refuse_ragged(path, first_line + int(ragged[0]), width, int(separators[ragged[0]]) + 1)
    return width, len(records)


_SPACE = tuple(b" \t\r\n")


def _is_blank(line: str) -> bool:
    return not line.strip(" \t\r\n")


def _refuse_ragged(path: Path, line: int, expected: int, found: int) -> None:
    raise HarnessError(
        f"{expected} fields are expected, as in the header, but this row has {found}.",
        remedy="Give each row one value (or nothing between two commas) for each column, "
        "and quote values that contain commas.",
        file=str(path),
        line=line,
    )


def _refuse_nul(path: Path, line: int) -> None:
    raise HarnessError(
        "The file contains NUL bytes: it is binary, or UTF-16 without a byte order mark.",
        remedy="Save the data as CSV in UTF-8.",
        file=str(path),
        line=line,
    )


def _refuse_open_quote(path: Path, line: int) -> None:
    raise HarnessError(
        "A quoted value in this row is never closed.",
        remedy='Close the quote, or double it where it is part of the value ("").',
        file=str(path),
        line=line,
    )
