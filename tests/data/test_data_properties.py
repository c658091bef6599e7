"""What holds for any file: nothing but a HarnessError, and what is staged reads as the file did."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import DataOptions, SampleData, read_sample_data, write_input
from harness.errors import HarnessError
from harness.records import TargetType

# Bytes that matter to a CSV reader come up far more often than by chance.
TELLING = st.sampled_from([b",", b"\n", b"\r", b'"', b" ", b"\t", b"a", b"1", b"\0", b"\xe9", b"\xef\xbb\xbf", b"0.5"])
RAW = st.one_of(st.binary(max_size=60), st.lists(TELLING, max_size=40).map(b"".join))
CELL = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(
        [
            "",
            "007",
            "True",
            "false",
            "NA",
            "None",
            " x ",
            "2020-01-01",
            '"',
            "a,b",
            "1e5",
            "é",
            "x\ny",
            "x\r\ny",
            '"\r"',
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=5),
)


def read_bytes(folder: Path, content: bytes, target: str | None = None) -> SampleData | None:
    path = folder / "data.csv"
    path.write_bytes(content)
    try:
        return read_sample_data(DataOptions(input=path, target=target), TargetType.TRANSFORM)
    except HarnessError:
        return None


@settings(max_examples=200, deadline=None)
@given(RAW)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        data = read_bytes(Path(folder), content)
        if data is None:
            return
        write_input(data, Path(folder) / "input")
        staged = pd.read_csv(Path(folder) / "input" / "X.csv", low_memory=False)
        pd.testing.assert_frame_equal(staged, data.features)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_staged_features_read_as_the_file_without_its_target(draw: st.DataObject) -> None:
    width = draw.draw(st.integers(2, 4))
    rows = draw.draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6))
    place = draw.draw(st.integers(0, width - 1))
    for number, row in enumerate(rows):
        row[place] = f"class {number}"
    header = [f"c{i}" for i in range(width)]
    text = io.StringIO()
    quote_all = draw.draw(st.booleans())
    ends = draw.draw(st.sampled_from(["\n", "\r\n"]))
    csv.writer(text, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL, lineterminator=ends).writerows(
        [header, *rows]
    )
    encoding = draw.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))

    with TemporaryDirectory() as folder:
        data = read_bytes(Path(folder), text.getvalue().encode(encoding), target=f"c{place}")
        assert data is not None
        expected = pd.read_csv(Path(folder) / "data.csv", encoding=encoding).drop(columns=f"c{place}")
        write_input(data, Path(folder) / "input")
        pd.testing.assert_frame_equal(pd.read_csv(Path(folder) / "input" / "X.csv"), expected)
        pd.testing.assert_frame_equal(data.features, expected)
        target = pd.read_csv(Path(folder) / "input" / "y.csv")[f"c{place}"]
        assert target.tolist() == [f"class {number}" for number in range(len(rows))]
