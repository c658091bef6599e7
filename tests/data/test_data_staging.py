"""The input folder of a run: what the worker's plain pandas reads from it."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import io

from harness.data import DataOptions, SampleData, read_sample_data, write_input
from harness.records import TargetType

TYPICAL = (
    "zip,price,ok,maybe,word,note,when,gap,y,huge\n"
    '007,0.1234567890123456789,True,True,NA,"a, ""b""",2020-01-01,1,1.5,18446744073709551615\n'
    "010,1e-300,False,,None,plain,2020-01-02,,2.5,1\n"
    "011,-0.0,TRUE,False, x ,é,2020-01-03,3,3.5,2\n"
)


def staged(path: Path, folder: Path, target: str | None = "y", weights: str | None = None) -> SampleData:
    options = DataOptions(input=path, target=target, row_weights=weights)
    data = read_sample_data(options, TargetType.REGRESSION if target else TargetType.ANOMALY)
    write_input(data, folder)
    return data


@pytest.mark.parametrize("target", [None, "y", "zip", "huge"])
@pytest.mark.parametrize(
    ("change", "encoding"),
    [
        pytest.param(lambda text: text.encode(), "utf-8", id="quoted"),
        pytest.param(lambda text: text.replace('"a, ""b"""', "a b").encode(), "utf-8", id="plain"),
        pytest.param(
            lambda text: text.replace('"a, ""b"""', "a b").replace("\n", "\r\n").encode(), "utf-8", id="windows"
        ),
        pytest.param(
            lambda text: text.replace('"a, ""b"""', "a b").replace("\n", "\n \n").encode(), "utf-8", id="blank-lines"
        ),
        pytest.param(lambda text: text.encode("utf-8-sig"), "utf-8-sig", id="bom"),
        pytest.param(lambda text: text.encode("utf-16"), "utf-16", id="utf-16"),
        pytest.param(lambda text: text.rstrip("\n").replace('"a, ""b"""', "a").encode(), "utf-8", id="no-end"),
    ],
)
def test_the_worker_infers_what_pandas_infers_from_the_users_file(
    tmp_path: Path, change: Callable[[str], bytes], encoding: str, target: str | None
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(change(TYPICAL))

    staged(path, tmp_path / "input", target)

    expected = pd.read_csv(path, encoding=encoding)
    if target is not None:
        y = pd.read_csv(tmp_path / "input" / "y.csv")
        pd.testing.assert_series_equal(y[target], expected.pop(target))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "input" / "X.csv"), expected)
    assert (tmp_path / "input" / "y.csv").exists() == (target is not None)
    assert not (tmp_path / "input" / "weights.csv").exists()


def test_the_text_of_the_users_file_is_kept(tmp_path: Path) -> None:
    """Another version of pandas may take `None` for text, and `007` matters to a hook that reads it as text."""
    path = tmp_path / "data.csv"
    path.write_text("a,y,b,w\n007,1,None,2\n1.10,2,NA,0.5\n")

    staged(path, tmp_path / "input", weights="w")

    assert (tmp_path / "input" / "X.csv").read_text() == "a,b\n007,None\n1.10,NA\n"
    assert (tmp_path / "input" / "y.csv").read_text().split() == ['"y"', "1", "2"]
    assert pd.read_csv(tmp_path / "input" / "weights.csv")["weights"].tolist() == [2.0, 0.5]


def test_a_gzipped_file_is_staged_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))

    staged(path, tmp_path / "input", target=None)

    assert (tmp_path / "input" / "X.csv").read_bytes() == b"a,b\n1,2\n"


def test_blank_lines_of_a_file_with_one_column_are_no_rows(tmp_path: Path) -> None:
    """The worker reads a blank line of a lone column as a missing value; here only the quoted one is meant so."""
    path = tmp_path / "data.csv"
    path.write_text('a\n1\n\n2\n""\n\n')

    data = staged(path, tmp_path / "input", target=None)

    assert data.features["a"].tolist()[:2] == [1.0, 2.0]
    assert (tmp_path / "input" / "X.csv").read_text() == '"a"\n"1"\n"2"\n""\n'


def test_duplicate_names_are_staged_as_they_are_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,y,a,y\n1,2,3,4\n")

    staged(path, tmp_path / "input")

    assert (tmp_path / "input" / "X.csv").read_text().splitlines()[0] == "a,a.1,y.1"


def test_features_that_were_changed_are_staged_as_they_are_now(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,x\n2,y\n3,z\n")
    data = read_sample_data(DataOptions(input=path), TargetType.ANOMALY)

    write_input(dataclasses.replace(data, features=data.features.head(2)), tmp_path / "first")
    path.write_text("a,b\n9,other\n9,other\n9,other\n")
    write_input(data, tmp_path / "second")

    assert pd.read_csv(tmp_path / "first" / "X.csv").to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert pd.read_csv(tmp_path / "second" / "X.csv")["a"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "features",
    [
        pytest.param(pd.DataFrame({"a": [0.1, 1 / 3, 1e300], "b": [1, 2, 3]}), id="numbers"),
        pytest.param(pd.DataFrame({"a": [True, False, True]}), id="booleans"),
        pytest.param(pd.DataFrame({"a": [1.0, np.nan, 3.0]}), id="missing"),
        pytest.param(pd.DataFrame({"a": [" ", "x", 'q"'], "b": ["\r", "a,b", "\n"]}), id="awkward-texts"),
        pytest.param(pd.DataFrame({"a": [" ", "x", "y"]}), id="lone-blanks"),
    ],
)
def test_features_without_a_file_round_trip(tmp_path: Path, features: pd.DataFrame) -> None:
    target = pd.Series([" ", "b", "c"], name="y")
    write_input(SampleData("made here", "csv", features, target), tmp_path)

    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "X.csv"), features)
    assert pd.read_csv(tmp_path / "y.csv")["y"].tolist() == [" ", "b", "c"]


def test_dates_of_parquet_are_staged_in_iso_form(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"day": pd.to_datetime(["2020-01-31", "2020-02-01"])}).to_parquet(path)

    staged(path, tmp_path / "input", target=None)

    assert pd.read_csv(tmp_path / "input" / "X.csv")["day"].tolist() == ["2020-01-31", "2020-02-01"]


def test_arrow_is_staged_as_arrow_where_it_is_preferred(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    frame = pd.DataFrame({"zip": ["007"], "when": pd.to_datetime(["2020-01-31"])})
    frame.to_parquet(path)

    data = read_sample_data(DataOptions(input=path), TargetType.ANOMALY, prefer_arrow=True)
    write_input(data, tmp_path / "input")

    assert [file.name for file in (tmp_path / "input").iterdir()] == ["X.arrow"]
    pd.testing.assert_frame_equal(pd.read_feather(tmp_path / "input" / "X.arrow"), frame)


def test_sparse_features_are_staged_as_a_matrix_with_its_names(tmp_path: Path) -> None:
    path, names = tmp_path / "data.mtx", tmp_path / "names.txt"
    path.write_text("%%MatrixMarket matrix coordinate real general\n2 3 3\n1 1 0.1\n2 2 0.3333333333333333\n2 3 7\n")
    names.write_text("one\ntwo é\ny\n")
    options = DataOptions(input=path, sparse_column_file=names, target="y")

    write_input(read_sample_data(options, TargetType.REGRESSION), tmp_path / "input")

    matrix = io.mmread(tmp_path / "input" / "X.mtx")
    assert matrix.toarray().tolist() == [[0.1, 0.0], [0.0, 0.3333333333333333]]
    assert matrix.nnz == 2
    assert (tmp_path / "input" / "X.colnames").read_text(encoding="utf-8") == "one\ntwo é\n"
    assert pd.read_csv(tmp_path / "input" / "y.csv")["y"].tolist() == [0.0, 7.0]
