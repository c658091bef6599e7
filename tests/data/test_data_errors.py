"""Each way in which data can be wrong: one error with the file, the line and what to do."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import io

from harness.data import DataOptions, read_sample_data
from harness.errors import HarnessError
from harness.records import TargetType

BINARY, MULTICLASS = TargetType.BINARY, TargetType.MULTICLASS
REGRESSION, ANOMALY, TRANSFORM = TargetType.REGRESSION, TargetType.ANOMALY, TargetType.TRANSFORM


def refusal(target_type: TargetType, **options: Any) -> HarnessError:
    with pytest.raises(HarnessError) as caught:
        read_sample_data(DataOptions(**options), target_type)
    assert caught.value.exit_code == 2
    return caught.value


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("target_type", "options", "message"),
    [
        pytest.param(BINARY, {"input": None, "target": "y"}, "--input FILE", id="target-without-input"),
        pytest.param(BINARY, {}, "--target NAME, or its file with --target-csv FILE", id="no-target"),
        pytest.param(REGRESSION, {}, "A regression task needs a target.", id="no-target-regression"),
        pytest.param(
            BINARY,
            {"target": "y", "target_csv": Path("y.csv")},
            "--target and --target-csv exclude each other",
            id="two-targets",
        ),
        pytest.param(
            BINARY,
            {"target": "y", "row_weights": "w", "row_weights_csv": Path("w.csv")},
            "--row-weights and --row-weights-csv exclude each other",
            id="two-weights",
        ),
        pytest.param(BINARY, {"target": "y", "row_weights": "y"}, "name the same column, 'y'", id="target-as-weights"),
        pytest.param(ANOMALY, {"target": "y"}, "Anomaly detection has no target", id="anomaly-with-target"),
        pytest.param(ANOMALY, {"target_csv": Path("y.csv")}, "Leave out --target", id="anomaly-with-target-file"),
        pytest.param(
            BINARY,
            {"target": "y", "positive_class_label": "a"},
            "Give --negative-class-label too.",
            id="one-label-of-two",
        ),
        pytest.param(
            BINARY,
            {"target": "y", "positive_class_label": "a", "negative_class_label": "a"},
            "are the same, 'a'",
            id="same-label-twice",
        ),
        pytest.param(
            REGRESSION,
            {"target": "y", "positive_class_label": "a", "negative_class_label": "b"},
            "are for binary tasks; this task is of target type regression",
            id="binary-labels-for-regression",
        ),
        pytest.param(
            BINARY,
            {"target": "y", "class_labels": ("a", "b")},
            "Use --positive-class-label and --negative-class-label.",
            id="multiclass-labels-for-binary",
        ),
        pytest.param(TRANSFORM, {"class_labels": ("a", "b")}, "Leave the class labels out", id="labels-for-none"),
        pytest.param(
            MULTICLASS,
            {"target": "y", "class_labels": ("a",), "class_labels_file": Path("l.txt")},
            "--class-labels and --class-labels-file exclude each other",
            id="two-sources-of-labels",
        ),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, target_type: TargetType, options: dict[str, Any], message: str
) -> None:
    path = write(tmp_path / "d.csv", "a,y\n1,u\n2,v\n")

    assert message in str(refusal(target_type, **{"input": path, **options}))


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        pytest.param(b"", None, "--input is empty", id="empty"),
        pytest.param(b"\n \r\n\n", None, "nothing but blank lines", id="blank-lines-only"),
        pytest.param(b"\xef\xbb\xbf", None, "nothing but blank lines", id="only-a-bom"),
        pytest.param(gzip.compress(b""), None, "nothing but blank lines", id="empty-gzip"),
        pytest.param(b"a,y\n", None, "a header but no rows", id="header-only"),
        pytest.param(b'"a","y"\n\n', None, "a header but no rows", id="quoted-header-only"),
        pytest.param(
            b"a,y\n1,2\n1,2,3\n", 3, "2 fields are expected, as in the header, but this row has 3", id="too-long"
        ),
        pytest.param(b"a,b,y\n1,2,3\n\n4,5\n", 4, "3 fields are expected", id="too-short"),
        pytest.param(b"a,y\n1,2,3\n4,5,6\n", 2, "this row has 3", id="all-rows-too-long"),
        pytest.param(b'a,y\n"1,\n2",2\n1,2,3\n', 4, "this row has 3", id="too-long-after-quotes"),
        pytest.param("a,y\n1,2,3\n".encode("utf-16"), 2, "this row has 3", id="too-long-in-utf-16"),
        pytest.param(b"a,y\n1,2\n" * 60_000 + b"3\n", 120_001, "this row has 1", id="far-down"),
        pytest.param(b"a,y\n1,caf\xe9\n", 2, "Byte 0xE9 is not UTF-8 text", id="latin-1"),
        pytest.param(b"caf\xe9,y\n1,2\n", 1, "Byte 0xE9", id="latin-1-header"),
        pytest.param(b'"a",y\n1,"\n"\n\xff,2\n', 4, "Byte 0xFF", id="latin-1-after-quotes"),
        pytest.param(b"\xff\xfea\x00,\x00y", None, "begins as UTF-16 but cannot be read", id="half-a-character"),
        pytest.param("a,y\n1,2\n".encode("utf-16-le"), 1, "NUL bytes", id="utf-16-without-bom"),
        pytest.param(b"a,y\n1,2\n3,\x004\n", 3, "NUL bytes", id="nul"),
        pytest.param(b'a,y\n1,2\n"3,4\n5,6\n', 3, "never closed", id="open-quote"),
        pytest.param(b"PK\x03\x04xxxx", None, "an Excel workbook or a zip archive", id="excel"),
        pytest.param(b"BZh91AY", None, "compressed with bzip2", id="bzip2"),
        pytest.param(b"FEA1xxxx", None, "an old Feather file", id="feather-1"),
        pytest.param(gzip.compress(gzip.compress(b"a")), None, "compressed with gzip twice", id="gzip-twice"),
        pytest.param(gzip.compress(os.urandom(4000))[:-900], None, "gzip data cannot be unpacked", id="gzip-cut-off"),
        pytest.param(b"\x1f\x8bnothing", None, "gzip data cannot be unpacked", id="gzip-by-name-only"),
        pytest.param(b"PAR1garbage", None, "begins like Parquet but cannot be read", id="damaged-parquet"),
        pytest.param(b"ARROW1garbage", None, "begins like Arrow or Feather", id="damaged-arrow"),
        pytest.param(b"\xff\xff\xff\xff\x01", None, "begins like Arrow or Feather", id="damaged-stream"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, line: int | None, message: str) -> None:
    path = write(tmp_path / "d.csv", content)

    error = refusal(TRANSFORM, input=path)

    assert message in error.finding.message
    assert error.finding.file == str(path)
    assert error.finding.line == line
    assert error.finding.remedy.endswith((".", ")."))


@pytest.mark.parametrize("name", ["d.parquet", "d.feather", "d.mtx", "d.mtx.gz"])
def test_a_name_that_promises_another_format(tmp_path: Path, name: str) -> None:
    error = refusal(TRANSFORM, input=write(tmp_path / name, "a\n1\n"))

    assert "The name promises a" in error.finding.message


def test_a_missing_file_is_answered_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", "a\n1\n")

    error = refusal(TRANSFORM, input=tmp_path / "tarin.csv")

    assert error.finding.message == "--input does not exist."
    assert error.finding.remedy == "Did you mean 'train.csv'?"
    assert "no folder" in str(refusal(TRANSFORM, input=tmp_path / "nowhere" / "x.csv"))
    assert "Check the path." in str(refusal(TRANSFORM, input=tmp_path / "zzz"))


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    assert "--input is a folder, not a file." in str(refusal(TRANSFORM, input=tmp_path))
    assert "--input is not a regular file." in str(refusal(TRANSFORM, input=Path("/dev/null")))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"target_csv": Path("gone.csv")}, "--target-csv"),
        ({"target": "y", "row_weights_csv": Path("gone.csv")}, "--row-weights-csv"),
        ({"target": "y", "class_labels_file": Path("gone.txt")}, "--class-labels-file"),
    ],
)
def test_a_missing_file_names_its_option(tmp_path: Path, options: dict[str, Any], name: str) -> None:
    path = write(tmp_path / "d.csv", "a,y\n1,u\n2,v\n")

    assert f"{name} does not exist." in str(refusal(MULTICLASS, input=path, **options))


@pytest.mark.parametrize(
    ("header", "target", "remedy"),
    [
        pytest.param("age,Price", "price", "Did you mean 'Price'? The file has 'age', 'Price'.", id="case"),
        pytest.param("age,price", "pirce", "Did you mean 'price'? The file has 'age', 'price'.", id="typing"),
        pytest.param("age,size", "zzz", "The file has 'age', 'size'.", id="nothing-near"),
        pytest.param("age;price", "price", "The file looks separated by semicolons", id="semicolons"),
        pytest.param(
            ",".join(f"c{i}" for i in range(12)),
            "zzz",
            "The file has 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9' and 2 more.",
            id="many",
        ),
    ],
)
def test_a_missing_target_column(tmp_path: Path, header: str, target: str, remedy: str) -> None:
    path = write(tmp_path / "d.csv", f"{header}\n{header}\n")

    error = refusal(REGRESSION, input=path, target=target)

    assert error.finding.message == f"There is no column '{target}' (--target)."
    assert error.finding.remedy.startswith(remedy)


def test_missing_weights_column_and_weights_that_are_the_target_but_for_blanks(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "a, y\n1,2\n")

    assert "no column 'w' (--row-weights)" in str(refusal(REGRESSION, input=path, target="y", row_weights="w"))
    assert "are the same column, ' y'" in str(refusal(REGRESSION, input=path, target="y", row_weights=" y"))


def test_nothing_left_beside_the_target(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "y\n1\n")

    assert "No columns are left" in str(refusal(REGRESSION, input=path, target="y"))


@pytest.mark.parametrize(
    ("target_type", "values", "line", "message"),
    [
        pytest.param(
            BINARY,
            ["a", "b", "a", "c", "a", "b"],
            None,
            "A binary target has exactly two classes, but 'y' has 3: 'a' (3 rows), 'b' (2 rows), 'c' (1 row).",
            id="binary-with-three-classes",
        ),
        pytest.param(BINARY, ["a", "a"], None, "but 'y' has 1: 'a' (2 rows).", id="binary-with-one-class"),
        pytest.param(BINARY, ["a"], None, "but 'y' has 1: 'a' (1 row).", id="binary-with-one-row"),
        pytest.param(MULTICLASS, ["1", "1"], None, "at least two classes, but 'y' has 1", id="one-class"),
        pytest.param(
            BINARY,
            ["a", "", "b", ""],
            3,
            "The target 'y' is missing in 2 of 4 rows: rows 1, 3 (counted from 0).",
            id="missing-before-labels",
        ),
        pytest.param(REGRESSION, ["1", "NA"], 3, "missing in 1 of 2 rows: row 1", id="missing-number"),
        pytest.param(TRANSFORM, ["1", ""], 3, "missing in 1 of 2 rows", id="missing-in-a-transform"),
        pytest.param(REGRESSION, ["1", "-inf"], 3, "infinite in 1 of 2 rows: row 1", id="infinite"),
        pytest.param(
            REGRESSION,
            ["1", "2,5", "3", "4 EUR"],
            3,
            "must be numeric, but 2 of 4 rows are not: rows 1, 3 (counted from 0), e.g. '2,5', '4 EUR'.",
            id="not-numeric",
        ),
        pytest.param(
            REGRESSION,
            list("abcdefg"),
            2,
            "7 of 7 rows are not: rows 0, 1, 2, 3, 4 and 2 more (counted from 0), e.g. 'a', 'b', 'c'.",
            id="text",
        ),
    ],
)
def test_targets_that_cannot_be_learnt(
    tmp_path: Path, target_type: TargetType, values: list[str], line: int | None, message: str
) -> None:
    path = write(tmp_path / "d.csv", "a,y\n" + "".join(f'{i},"{value}"\n' for i, value in enumerate(values)))

    error = refusal(target_type, input=path, target="y")

    assert message in error.finding.message
    assert (error.finding.file, error.finding.line) == (str(path), line)


def test_dates_are_no_regression_target(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": [1], "y": pd.to_datetime(["2020-01-01"])}).to_parquet(path)

    assert "must be numeric" in str(refusal(REGRESSION, input=path, target="y"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"positive_class_label": "yes", "negative_class_label": "No"},
            "The target has no class 'No'; it has 'no' (1 row), 'yes' (1 row).",
            id="binary-other-case",
        ),
        pytest.param({"class_labels": ("yes", "no", "maybe")}, "no class 'maybe'", id="multiclass-absent"),
        pytest.param({"class_labels": ("yes",)}, "not among the class labels: 'no'", id="multiclass-unnamed"),
        pytest.param({"class_labels": ("yes", "no", "no")}, "'no' is given more than once", id="twice"),
    ],
)
def test_labels_that_do_not_fit_the_target(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "d.csv", "a,y\n1,yes\n2,no\n")
    target_type = MULTICLASS if "class_labels" in options else BINARY

    assert message in str(refusal(target_type, input=path, target="y", **options))


@pytest.mark.parametrize(
    ("values", "line", "message"),
    [
        pytest.param(["1", "-2"], 3, "'w' are negative in 1 of 2 rows: row 1", id="negative"),
        pytest.param(["", "2"], 2, "'w' are missing in 1 of 2 rows: row 0", id="missing"),
        pytest.param(["1", "x"], 3, "'w' are not numeric in 1 of 2 rows: row 1", id="not-numeric"),
        pytest.param(["1", "inf"], 3, "'w' are infinite in 1 of 2 rows", id="infinite"),
        pytest.param(["0", "0"], None, "'w' are all zero", id="all-zero"),
    ],
)
def test_row_weights_that_cannot_be_used(tmp_path: Path, values: list[str], line: int | None, message: str) -> None:
    path = write(tmp_path / "d.csv", "a,w\n" + "".join(f"1,{value}\n" for value in values))

    error = refusal(ANOMALY, input=path, row_weights="w")

    assert message in error.finding.message
    assert (error.finding.file, error.finding.line) == (str(path), line)


def test_dates_are_no_row_weights(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": [1], "w": pd.to_datetime(["2020-01-01"])}).to_parquet(path)

    assert "'w' are not numeric in 1 of 1 rows" in str(refusal(ANOMALY, input=path, row_weights="w"))


def test_target_and_weight_files_must_fit_the_data(tmp_path: Path) -> None:
    data = write(tmp_path / "X.csv", "a\n1\n2\n3\n")
    short = write(tmp_path / "short.csv", "v\n1\n2\n")
    wide = write(tmp_path / "wide.csv", "id,v\n0,1\n1,2\n2,3\n")

    target = refusal(REGRESSION, input=data, target_csv=short)
    assert target.finding.message == f"The file has 2 rows, but the data in {data} has 3."
    assert target.finding.file == str(short)
    assert "has 2 rows" in str(refusal(ANOMALY, input=data, row_weights_csv=short))
    assert "--target-csv takes a file with one column, but this one has 2: 'id', 'v'." in str(
        refusal(REGRESSION, input=data, target_csv=wide)
    )
    assert "--row-weights-csv takes a file with one column" in str(refusal(ANOMALY, input=data, row_weights_csv=wide))


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    path = tmp_path / "X.mtx"
    io.mmwrite(path, np.array([[1.0, 2.0]]))
    return path


@pytest.mark.parametrize(
    ("names", "line", "message"),
    [
        pytest.param("a\nb\nc\n", None, "has 2 columns, but this file names 3", id="too-many"),
        pytest.param("a\n", None, "has 2 columns, but this file names 1", id="too-few"),
        pytest.param("a\n\nb\n", 2, "A column name is blank", id="blank"),
        pytest.param(b"a\n\xe9\n", 2, "Byte 0xE9 is not UTF-8", id="latin-1"),
        pytest.param("", None, "--sparse-column-file is empty", id="empty"),
    ],
)
def test_column_names_that_do_not_fit_the_matrix(
    tmp_path: Path, matrix: Path, names: str | bytes, line: int | None, message: str
) -> None:
    file = write(tmp_path / "names.txt", names)

    error = refusal(TRANSFORM, input=matrix, sparse_column_file=file)

    assert message in error.finding.message
    assert (error.finding.file, error.finding.line) == (str(file), line)


def test_a_matrix_needs_column_names_and_nothing_else_does(tmp_path: Path, matrix: Path) -> None:
    assert "--sparse-column-file FILE" in str(refusal(TRANSFORM, input=matrix))
    gone = refusal(TRANSFORM, input=matrix, sparse_column_file=tmp_path / "gone")
    assert "--sparse-column-file does not exist." in str(gone)
    table = write(tmp_path / "d.csv", "a\n1\n")
    stray = refusal(TRANSFORM, input=table, sparse_column_file=write(tmp_path / "names", "a\n"))
    assert "--sparse-column-file goes with a MatrixMarket file" in str(stray)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("%%MatrixMarket nonsense\n", "cannot be read", id="bad-banner"),
        pytest.param(
            "%%MatrixMarket matrix coordinate real general\n2 1 1\n9 1 1\n", "cannot be read", id="row-too-large"
        ),
        pytest.param("%%MatrixMarket matrix coordinate real general\n2 1 2\n1 1 1\n", "cannot be read", id="cut-off"),
        pytest.param("%%MatrixMarket matrix coordinate real general\n0 1 0\n", "has no rows", id="no-rows"),
        pytest.param("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 2\n", "complex", id="complex"),
        pytest.param(
            "%%MatrixMarket matrix array real general\n999999999999 999999999999\n", "cannot be read", id="huge"
        ),
    ],
)
def test_matrices_that_cannot_be_read(tmp_path: Path, content: str, message: str) -> None:
    path = write(tmp_path / "X.mtx", content)

    error = refusal(TRANSFORM, input=path, sparse_column_file=write(tmp_path / "names", "a\n"))

    assert message in error.finding.message
    assert error.finding.file == str(path)


def test_parquet_that_no_task_can_have(tmp_path: Path) -> None:
    lists, empty = tmp_path / "lists.parquet", tmp_path / "empty.parquet"
    pd.DataFrame({"a": [[1, 2]]}).to_parquet(lists)
    pd.DataFrame({"a": np.array([], dtype=np.int64)}).to_parquet(empty)

    assert "Column 'a' is of type list" in str(refusal(TRANSFORM, input=lists))
    assert "The file has no rows." in str(refusal(TRANSFORM, input=empty))


def test_parquet_without_pyarrow_says_how_to_install_it(tmp_path: Path) -> None:
    """In a process of its own, in which pyarrow cannot be found."""
    path = write(tmp_path / "d.parquet", b"PAR1")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from harness.data import DataOptions, read_sample_data\n"
        "from harness.errors import HarnessError\n"
        "from harness.records import TargetType\n"
        "try: read_sample_data(DataOptions(input=Path(sys.argv[1])), TargetType.ANOMALY)\n"
        "except HarnessError as error: print(error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)

    assert "pip install 'task-harness[arrow]'" in answer.stdout
