"""One column of a CSV file, and its names, as the whole file would give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data.csv_files import read_csv_layout
from harness.data.csv_frames import read_csv_column, read_csv_names
from harness.errors import HarnessError

# Of a file with two columns a part that is read at once has 200,000 rows.
MANY = 200_001


def test_names_are_those_that_pandas_gives(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text(',size,size,"a, b"\n1,2,3,4\n')
    assert list(read_csv_names(file, read_csv_layout(file))) == ["Unnamed: 0", "size", "size.1", "a, b"]


def test_a_column_is_found_by_its_place(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("size,size,word\n1,2.5,no\n2,,yes\n")
    layout = read_csv_layout(file)
    second, third = read_csv_column(file, layout, 1), read_csv_column(file, layout, 2)
    assert (second.name, second[0], second.isna().tolist()) == ("size.1", 2.5, [False, True])
    assert (third.name, third.tolist()) == ("word", ["no", "yes"])


@pytest.mark.parametrize(
    ("last", "first_value", "last_value"),
    [
        pytest.param("7", 0, 7, id="whole"),
        pytest.param("0.5", 0.0, 0.5, id="decimal-at-the-end"),
        pytest.param("x", "0", "x", id="text-at-the-end"),
    ],
)
def test_the_type_of_a_column_is_decided_on_all_of_it(
    tmp_path: Path, last: str, first_value: object, last_value: object
) -> None:
    file = tmp_path / "data.csv"
    file.write_text("size,y\n" + "1,0\n" * (MANY - 1) + f"1,{last}\n")
    column = read_csv_column(file, read_csv_layout(file), 1)
    assert (len(column), column.iloc[0], column.iloc[-1]) == (MANY, first_value, last_value)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("size,y\n1,2\n")
    layout = read_csv_layout(file)
    file.unlink()
    with pytest.raises(HarnessError, match="cannot be read"):
        read_csv_column(file, layout, 1)
