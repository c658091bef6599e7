"""The text of a CSV file, copied without some of its columns."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from harness.data.csv_files import BLOCK_BYTES, csv_records, open_text, whole_lines
from harness.data.files import translated_read_errors
from harness.data.model import CsvSource

_NEWLINE, _COMMA = ord("\n"), ord(",")


def copy_csv(source: CsvSource, names: Sequence[str], path: Path) -> None:
    """Write the columns of `source`, each value as it stands there, to `path` in UTF-8.

    names: what the columns are called; pandas has made them unique where the file has not.
    """
    with translated_read_errors(source.path), path.open("wb") as copy:
        if len(source.columns) == source.width > 1 and source.encoding.startswith("utf-8"):
            with open_text(source.path) as content:
                shutil.copyfileobj(content, copy, BLOCK_BYTES)
        elif source.is_plain and len(source.columns) > 1:
            copy.writelines(_without_columns(source, names))
        else:
            copy.writelines(_picked_records(source, names))


def _picked_records(source: CsvSource, names: Sequence[str]) -> Iterator[bytes]:
    """Pick columns record by record; every value is quoted, which changes nothing of what pandas reads.

    Without quotes a lone column's value of blanks would be a blank line, and a carriage return the end of one. A blank
    line of the file is no row, but would become one in a file of one column, where it is a missing value.
    """
    only = source.columns[0]
    pick: Callable[[list[str]], Sequence[str]] = (
        itemgetter(*source.columns) if len(source.columns) > 1 else lambda record: (record[only],)
    )
    line = _Line()
    writer = csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL)
    records = csv_records(source.path, source.encoding)
    next(records)
    writer.writerow(names)
    yield line.text.encode()
    for _, record in records:
        writer.writerow(pick(record))
        yield line.text.encode()


class _Line:
    """Where `csv.writer` leaves the one line that it has written."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def _without_columns(source: CsvSource, names: Sequence[str]) -> Iterator[bytes]:
    """Cut columns out of a file without quotes, a block at a time: several times as fast as record by record."""
    header = _Line()
    csv.writer(header, lineterminator="\n").writerow(names)
    yield header.text.encode()
    is_first = True
    for block in whole_lines(source.path):
        lines = block if block.endswith(b"\n") else block + b"\n"
        if is_first or _has_blank_lines(lines, source.width):
            kept = [line for line in lines.split(b"\n") if line.strip(b" \t\r")]
            if is_first and kept:
                del kept[0]
                is_first = False
            lines = b"".join(line + b"\n" for line in kept)
        if lines:
            yield _cut(lines, source.width, source.columns)


def _has_blank_lines(lines: bytes, width: int) -> bool:
    """Tell by the separators: a record has `width` of them, its newline included, a blank line has one."""
    newlines = lines.count(b"\n")
    return lines.count(b",") + newlines != newlines * width


def _cut(lines: bytes, width: int, columns: Sequence[int]) -> bytes:
    """Return the lines with only `columns`; each line is a record of `width` fields and ends with a newline."""
    import numpy as np

    content = np.frombuffer(lines, np.uint8)
    # ends[i, j]: where field j of record i ends, that is the place of its comma or newline.
    ends = np.flatnonzero((content == _COMMA) | (content == _NEWLINE)).reshape(-1, width)
    starts = np.concatenate(([0], ends.ravel()[:-1] + 1)).reshape(-1, width)
    borders = np.zeros(len(content) + 1, np.int8)
    first_kept = min(columns)
    for column in set(range(width)) - set(columns):
        if column < first_kept:
            borders[starts[:, column]] += 1
            borders[ends[:, column] + 1] -= 1
        else:
            borders[ends[:, column - 1]] += 1
            borders[ends[:, column]] -= 1
    is_kept = np.cumsum(borders[:-1], dtype=np.int8) == 0
    cut: bytes = content[is_kept].tobytes()
    return cut
