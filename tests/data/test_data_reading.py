"""What a user sees of good data: features, target, weights, labels and warnings."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest
from scipy import io, sparse

from harness.data import DataOptions, read_sample_data, write_input
from harness.errors import HarnessError
from harness.records import TargetType

TABLE = "age,colour,bought,weight\n31,red,yes,1\n,blue,no,0.5\n58,red,yes,2\n"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_target_and_weights_are_split_off_and_the_column_order_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "bought,zip,weight,age\nyes,007,1,31\nno,010,0.5,40\n")
    options = DataOptions(input=path, target="bought", row_weights="weight")

    data = read_sample_data(options, TargetType.BINARY)

    assert data.source == str(path)
    assert data.format == "csv"
    assert list(data.features.columns) == ["zip", "age"]
    assert data.features["zip"].tolist() == [7, 10]
    assert data.target is not None
    assert data.target.name == "bought"
    assert data.target.tolist() == ["yes", "no"]
    assert data.row_weights is not None
    assert data.row_weights.tolist() == [1.0, 0.5]
    assert data.class_labels == ("no", "yes")
    assert [column.name for column in data.columns] == ["zip", "age"]
    assert data.warnings == ()


def test_target_and_weights_may_have_files_of_their_own(tmp_path: Path) -> None:
    options = DataOptions(
        input=write(tmp_path / "X.csv", "a\n1\n2\n"),
        target_csv=write(tmp_path / "y.csv", "price\n1.5\n2.5\n"),
        row_weights_csv=write(tmp_path / "w.csv.gz", gzip.compress(b"w\n3\n4\n")),
    )

    data = read_sample_data(options, TargetType.REGRESSION)

    assert data.target is not None
    assert (data.target.name, data.target.tolist()) == ("price", [1.5, 2.5])
    assert data.row_weights is not None
    assert data.row_weights.tolist() == [3.0, 4.0]
    assert data.class_labels is None


@pytest.mark.parametrize("target_type", [TargetType.ANOMALY, TargetType.TRANSFORM])
def test_these_target_types_need_no_target(tmp_path: Path, target_type: TargetType) -> None:
    data = read_sample_data(DataOptions(input=write(tmp_path / "d.csv", "a,b\n1,2\n")), target_type)

    assert data.target is None
    assert data.class_labels is None
    assert data.features.to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TABLE.encode(), id="utf-8"),
        pytest.param(TABLE.encode("utf-8-sig"), id="utf-8-with-bom"),
        pytest.param(TABLE.encode("utf-16"), id="utf-16"),
        pytest.param(b"\xfe\xff" + TABLE.encode("utf-16-be"), id="utf-16-big-endian"),
        pytest.param(TABLE.encode("utf-32"), id="utf-32"),
        pytest.param(TABLE.replace("\n", "\r\n").encode(), id="windows-line-ends"),
        pytest.param(TABLE.replace("\n", "\r").encode(), id="old-mac-line-ends"),
        pytest.param(TABLE.replace("red", '"red"').encode(), id="quotes"),
        pytest.param(b"\n \n" + TABLE.replace("\n", "\n\n").encode(), id="blank-lines"),
        pytest.param(TABLE.rstrip("\n").encode(), id="no-newline-at-the-end"),
        pytest.param(gzip.compress(TABLE.encode()), id="gzip-without-saying-so"),
    ],
)
def test_every_way_of_writing_the_same_csv(tmp_path: Path, content: bytes) -> None:
    options = DataOptions(input=write(tmp_path / "data.csv", content), target="bought", row_weights="weight")

    data = read_sample_data(options, TargetType.BINARY)

    assert list(data.features.columns) == ["age", "colour"]
    assert data.features["age"].tolist() == pytest.approx([31, np.nan, 58], nan_ok=True)
    assert data.features["colour"].tolist() == ["red", "blue", "red"]
    assert data.target is not None
    assert data.target.tolist() == ["yes", "no", "yes"]


def test_quoted_values_may_hold_commas_quotes_and_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", 'note,n\n"a, ""b""\nc",1\n"\n",2\n')

    features = read_sample_data(DataOptions(input=path), TargetType.TRANSFORM).features

    assert features["note"].tolist() == ['a, "b"\nc', "\n"]


def test_a_very_long_text_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", 'note,n\n"' + "word " * 60_000 + '",1\n')

    assert len(read_sample_data(DataOptions(input=path), TargetType.TRANSFORM).features["note"][0]) == 300_000


@pytest.mark.parametrize("kind", ["parquet", "feather", "arrow-file", "arrow-stream"])
@pytest.mark.parametrize("compressed", [False, True], ids=["as-is", "gzip"])
def test_parquet_and_arrow(tmp_path: Path, kind: str, compressed: bool) -> None:
    frame = pd.DataFrame({"a": [1, 2], "when": pd.to_datetime(["2020-01-01", "2020-02-03"]), "y": [0.5, 1.5]})
    path = tmp_path / "data.bin"
    table = pa.Table.from_pandas(frame)
    if kind == "parquet":
        pyarrow.parquet.write_table(table, path)
    elif kind == "feather":
        pyarrow.feather.write_feather(frame, str(path))
    else:
        make = pyarrow.ipc.new_stream if kind == "arrow-stream" else pyarrow.ipc.new_file
        with make(str(path), table.schema) as writer:
            writer.write_table(table)
    if compressed:
        path = write(tmp_path / "data.bin.gz", gzip.compress(path.read_bytes()))
    options = DataOptions(input=path, target="y")

    data = read_sample_data(options, TargetType.REGRESSION)

    assert data.format == "csv"
    assert data.features["a"].tolist() == [1, 2]
    assert data.features["when"].tolist() == [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-03")]
    assert data.target is not None
    assert data.target.tolist() == [0.5, 1.5]
    assert read_sample_data(options, TargetType.REGRESSION, prefer_arrow=True).format == "arrow"


def test_arrow_is_for_arrow_input_only(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "a\n1\n")

    assert read_sample_data(DataOptions(input=path), TargetType.ANOMALY, prefer_arrow=True).format == "csv"


def test_a_saved_index_is_no_feature_and_numbers_are_names_too(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=pd.Index([8, 9], name="id")).to_parquet(path)

    features = read_sample_data(DataOptions(input=path), TargetType.ANOMALY).features

    assert features.to_dict("list") == {"a": [1, 2], "b": [3, 4]}
    assert features.index.tolist() == [0, 1]


def test_numbers_as_text_in_parquet_are_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"zip": ["007", "010"], "name": ["a", "1"]}).to_parquet(path)
    options = DataOptions(input=path)

    (warning,) = read_sample_data(options, TargetType.TRANSFORM).warnings

    assert warning == "Column 'zip' holds numbers as text; in the CSV that the task reads they are numbers."
    assert read_sample_data(options, TargetType.TRANSFORM, prefer_arrow=True).warnings == ()


def test_a_regression_target_of_numbers_as_text_becomes_numbers(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": [1, 2], "y": ["1.5", "2"]}).to_parquet(path)

    data = read_sample_data(DataOptions(input=path, target="y"), TargetType.REGRESSION)

    assert data.target is not None
    assert data.target.tolist() == [1.5, 2.0]


@pytest.mark.parametrize("compressed", [False, True], ids=["mtx", "mtx-gz"])
def test_matrix_market_with_a_target_among_its_columns(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "X.mtx"
    io.mmwrite(path, sparse.coo_array(np.array([[0.0, 2.5, 1.0], [3.0, 0.0, 0.0]])))
    if compressed:
        path = write(tmp_path / "X.mtx.gz", gzip.compress(path.read_bytes()))
    names = write(tmp_path / "X.colnames", "first\nsecond\ny\n\n")

    data = read_sample_data(DataOptions(input=path, sparse_column_file=names, target="y"), TargetType.REGRESSION)

    assert data.format == "mtx"
    assert data.is_sparse
    assert data.features.dtypes.astype(str).tolist() == ["Sparse[float64, 0.0]"] * 2
    assert data.features.to_numpy().tolist() == [[0.0, 2.5], [3.0, 0.0]]
    assert data.target is not None
    assert data.target.tolist() == [1.0, 0.0]
    assert data.target.dtype == np.float64


def test_a_dense_matrix_market_array_is_read_too(tmp_path: Path) -> None:
    path = write(tmp_path / "X.mtx", "%%MatrixMarket matrix array integer general\n% a comment\n2 2\n1\n0\n0\n4\n")
    names = write(tmp_path / "names.txt", "a\r\nb\r\n")

    data = read_sample_data(DataOptions(input=path, sparse_column_file=names), TargetType.ANOMALY)

    assert data.features.to_numpy().tolist() == [[1, 0], [0, 4]]
    assert list(data.features.columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        pytest.param(["yes", "no", "yes"], ("no", "yes"), id="text-sorted-first-is-positive"),
        pytest.param(["1", "0", "1"], ("0", "1"), id="whole-numbers"),
        pytest.param(["1.0", "0.0", "1.0"], ("0.0", "1.0"), id="decimal-numbers"),
        pytest.param(["True", "False", "True"], ("False", "True"), id="booleans"),
        pytest.param(["true", "false", "true"], ("False", "True"), id="booleans-as-pandas-reads-them"),
        pytest.param(["10", "9", "9"], ("10", "9"), id="sorted-as-text"),
        pytest.param(["it's", '"a ""b"""', "it's"], ('a "b"', "it's"), id="quotes"),
        pytest.param(["Yes", "yes", "yes"], ("Yes", "yes"), id="differ-in-case-only"),
    ],
)
def test_inferred_binary_labels(tmp_path: Path, values: list[str], labels: tuple[str, str]) -> None:
    path = write(tmp_path / "d.csv", "a,y\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))

    assert read_sample_data(DataOptions(input=path, target="y"), TargetType.BINARY).class_labels == labels


def test_given_labels_win_and_keep_their_order(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "a,y\n1,c\n2,a\n3,b\n")

    def labels(**given: object) -> tuple[str, ...] | None:
        options = DataOptions(input=path, target="y", **given)  # type: ignore[arg-type]
        return read_sample_data(options, TargetType.MULTICLASS).class_labels

    assert labels() == ("a", "b", "c")
    assert labels(class_labels=("b", "c", "a")) == ("b", "c", "a")
    file = write(tmp_path / "labels.txt", "\ufeffc\r\nb\r\na\r\n")
    assert labels(class_labels_file=file) == ("c", "b", "a")


def test_given_binary_labels_may_be_the_same_number_in_another_spelling(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "a,y\n1,1.0\n2,0.0\n")
    options = DataOptions(input=path, target="y", positive_class_label="1", negative_class_label="0")

    assert read_sample_data(options, TargetType.BINARY).class_labels == ("1", "0")


def test_given_truth_values_may_be_spelled_as_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "a,y\n1,true\n2,false\n")
    options = DataOptions(input=path, target="y", positive_class_label="true", negative_class_label="false")

    assert read_sample_data(options, TargetType.BINARY).class_labels == ("true", "false")


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        pytest.param(pd.to_datetime(["2020-01-01", "2020-01-02"]), ("2020-01-01", "2020-01-02"), id="dates"),
        pytest.param(["00", "01"], ("0", "1"), id="numbers-as-text"),
        pytest.param(pd.array([1, 0], "Int64"), ("0", "1"), id="nullable"),
        pytest.param(pd.Categorical(["u", "v"], ["w", "v", "u"]), ("u", "v"), id="categories"),
        pytest.param(['a"b', "it's"], ('a"b', "it's"), id="quotes"),
    ],
)
def test_labels_of_parquet_are_those_that_the_task_reads(
    tmp_path: Path, values: object, labels: tuple[str, str]
) -> None:
    pd.DataFrame({"a": [1.0, 2.0], "y": values}).to_parquet(tmp_path / "d.parquet")

    data = read_sample_data(DataOptions(input=tmp_path / "d.parquet", target="y"), TargetType.BINARY)
    write_input(data, tmp_path / "input")

    assert data.class_labels == labels
    assert sorted(pd.read_csv(tmp_path / "input" / "y.csv")["y"].astype(str)) == list(labels)


def test_a_label_of_parquet_that_the_task_reads_as_missing_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.0, 2.0], "y": ["None", "x"]}).to_parquet(tmp_path / "d.parquet")

    with pytest.raises(HarnessError, match="missing in 1 of 2 rows: row 0") as refused:
        read_sample_data(DataOptions(input=tmp_path / "d.parquet", target="y"), TargetType.BINARY)
    assert "None" in refused.value.finding.remedy


def test_multiclass_with_two_classes_is_fine(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "a,y\n1,u\n2,v\n")

    data = read_sample_data(DataOptions(input=path, target="y"), TargetType.MULTICLASS)

    assert data.class_labels == ("u", "v")


@pytest.mark.parametrize(
    ("content", "target", "expected"),
    [
        pytest.param("a,a,y\n1,2,3\n", "y", ["The header has the same name more than once: 'a'."], id="twice"),
        pytest.param(",a,y\n0,1,3\n", "y", ["The first column has no name"], id="saved-index"),
        pytest.param("Unnamed: 0,a,y\n0,1,3\n", "y", ["The first column has no name"], id="index-saved-twice"),
        pytest.param("a,b,y\n,1,3\n,2,4\n", "y", ["Column 'a' holds nothing but missing values."], id="empty-column"),
        pytest.param(
            "a, y \n1,2\n", "y", ["--target 'y' matches the column ' y ' only without the blanks"], id="blanks"
        ),
    ],
)
def test_what_looks_odd_is_a_warning(tmp_path: Path, content: str, target: str, expected: list[str]) -> None:
    options = DataOptions(input=write(tmp_path / "d.csv", content), target=target)

    warnings = read_sample_data(options, TargetType.REGRESSION).warnings

    assert [warning[: len(text)] for warning, text in zip(warnings, expected, strict=True)] == expected


def test_duplicate_names_arrive_as_pandas_renames_them(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "a,a,a\n1,2,3\n")

    features = read_sample_data(DataOptions(input=path), TargetType.ANOMALY).features

    assert list(features.columns) == ["a", "a.1", "a.2"]


@pytest.mark.parametrize("kind", ["mtx", "parquet"])
def test_duplicate_names_of_other_formats_are_renamed_in_the_same_way(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"d.{kind}"
    names = write(tmp_path / "names", "a\na\na.1\n") if kind == "mtx" else None
    if kind == "mtx":
        io.mmwrite(path, np.array([[1.0, 2.0, 3.0]]))
    else:
        arrays = [pa.array([value]) for value in (1.0, 2.0, 3.0)]
        pyarrow.parquet.write_table(pa.Table.from_arrays(arrays, names=["a", "a", "a.1"]), path)

    data = read_sample_data(DataOptions(input=path, sparse_column_file=names), TargetType.ANOMALY)

    assert list(data.features.columns) == ["a", "a.2", "a.1"]
    assert data.features.to_numpy().tolist() == [[1.0, 2.0, 3.0]]
    assert data.warnings[0].startswith("The header has the same name more than once: 'a'.")


def test_a_twin_of_the_target_among_the_features_is_warned_about(tmp_path: Path) -> None:
    options = DataOptions(input=write(tmp_path / "X.csv", "a,y\n1,5\n"), target_csv=write(tmp_path / "y.csv", "y\n5\n"))

    (warning,) = read_sample_data(options, TargetType.REGRESSION).warnings

    assert warning.startswith("The data also has a column called 'y'")


def test_a_long_file_has_the_types_that_pandas_gives_the_whole_of_it(tmp_path: Path) -> None:
    """Read in chunks, but typed as a whole: what changes its nature far down is typed by all of its values."""
    rows = 150_000
    late = rows - 1
    values = {
        "whole": [str(i) for i in range(rows)],
        "decimal_late": [str(i) for i in range(late)] + ["0.5"],
        "text_late": ["007"] * late + ["x"],
        "truth_late": ["True"] * late + ["yes"],
        "missing_then_text": [""] * late + ["x"],
        "missing_then_truth": [""] * late + ["True"],
        "huge_late": ["1"] * late + ["18446744073709551615"],
        "missing_in_whole": [""] + ["5"] * late,
        "text": ["a", "b,c"] * (rows // 2),
    }
    path = tmp_path / "long.csv"
    pd.DataFrame(values).to_csv(path, index=False)

    data = read_sample_data(DataOptions(input=path), TargetType.TRANSFORM)

    pd.testing.assert_frame_equal(data.features, pd.read_csv(path, low_memory=False))
    assert data.features["text_late"].iloc[0] == "007"
    assert data.features["huge_late"].iloc[-1] == 18446744073709551615


def test_the_package_is_light_to_import() -> None:
    code = "import sys, harness.data; print({'pandas', 'numpy', 'scipy', 'sklearn', 'pyarrow'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert answer.stdout.strip() == "set()"


def test_the_peak_of_memory_is_less_than_twice_the_frame(tmp_path: Path) -> None:
    """The measurement of benchmarks/data_memory.py on a fifth of its rows: less than twice the frame."""
    script = Path(__file__).parents[2] / "benchmarks" / "data_memory.py"
    path = tmp_path / "data.csv"
    header = ",".join(f"c{i}" for i in range(19)) + ",target\n"
    line = ",".join(f"0.{i}234567890123" for i in range(10, 29))
    path.write_text(header + f"{line},0\n{line},1\n" * 100_000)

    command = [sys.executable, str(script), "--measure", str(path)]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert figures["frame"] == pytest.approx(200_000 * 20 * 8, rel=0.01)
    assert figures["stage"]["peak"] < 2 * figures["frame"]
