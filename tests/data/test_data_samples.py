"""The bundled samples: scikit-learn's data, in the shape that a typeSchema asks for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from harness.data import choose_sample, write_input
from harness.data.bundled_sets import BundledName, read_bundled_set
from harness.errors import HarnessError
from harness.records import TargetType
from harness.tasks.model import DataType, SchemaRequirement, TypeSchema


def schema(*requirements: tuple[str, str, tuple[str | int, ...]]) -> TypeSchema:
    return TypeSchema(tuple(SchemaRequirement(*entry) for entry in requirements))  # type: ignore[arg-type]


def types(*names: str) -> tuple[str, str, tuple[str | int, ...]]:
    return ("data_types", "IN", names)


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("breast cancer", datasets.load_breast_cancer),
        ("iris", datasets.load_iris),
        ("wine", datasets.load_wine),
        ("diabetes", lambda: datasets.load_diabetes(scaled=False)),
    ],
)
def test_bundled_sets_are_those_of_scikit_learn(name: BundledName, load: Callable[[], Any]) -> None:
    bundled, original = read_bundled_set(name), load()

    assert list(bundled.features.columns) == list(original.feature_names)
    np.testing.assert_array_equal(bundled.features.to_numpy(float), original.data)
    expected = original.target if name == "diabetes" else original.target_names[original.target]
    assert bundled.target.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("target_type", "source", "shape", "labels", "values"),
    [
        pytest.param(
            TargetType.BINARY,
            'bundled sample "breast cancer"',
            (200, 10),
            ("benign", "malignant"),
            {"benign": 125, "malignant": 75},
            id="binary",
        ),
        pytest.param(
            TargetType.MULTICLASS,
            'bundled sample "iris"',
            (150, 4),
            ("setosa", "versicolor", "virginica"),
            {"setosa": 50, "versicolor": 50, "virginica": 50},
            id="multiclass",
        ),
        pytest.param(TargetType.ANOMALY, 'bundled sample "breast cancer"', (200, 10), None, None, id="anomaly"),
        pytest.param(
            TargetType.TRANSFORM, 'bundled sample "breast cancer"', (200, 10), None, {0: 125, 1: 75}, id="transform"
        ),
    ],
)
def test_without_a_schema_the_sample_is_plain_numbers(
    target_type: TargetType,
    source: str,
    shape: tuple[int, int],
    labels: tuple[str, ...] | None,
    values: dict[object, int] | None,
) -> None:
    data = choose_sample(target_type, None)

    assert (data.source, data.format, data.features.shape) == (source, "csv", shape)
    assert {str(dtype) for dtype in data.features.dtypes} == {"float64"}
    assert not data.features.isna().any().any()
    assert data.class_labels == labels
    assert (None if data.target is None else data.target.value_counts().to_dict()) == values


def test_regression_gets_diabetes() -> None:
    data = choose_sample(TargetType.REGRESSION, TypeSchema())

    assert data.source == 'bundled sample "diabetes"'
    assert data.features.shape == (200, 10)
    assert data.target is not None
    assert data.target.dtype == np.float64
    assert data.class_labels is None


def test_the_first_rows_have_all_classes() -> None:
    for columns in (4, 13):
        data = choose_sample(TargetType.MULTICLASS, schema(("number_of_columns", "EQUALS", (columns,))))
        assert data.target is not None
        assert data.target.head(6).nunique() == 3


def test_the_platforms_default_schema_gets_plain_numbers_too() -> None:
    default = TypeSchema((SchemaRequirement("data_types", "IN", ("NUM", "CAT", "TXT")),), declared=False)

    assert {str(dtype) for dtype in choose_sample(TargetType.TRANSFORM, default).features.dtypes} == {"float64"}


@pytest.mark.parametrize("target_type", list(TargetType))
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(types("NUM"), {"NUM"}, id="numbers"),
        pytest.param(("data_types", "EQUALS", ("CAT",)), {"CAT"}, id="categories"),
        pytest.param(("data_types", "EQUALS", ("TXT",)), {"TXT"}, id="text"),
        pytest.param(("data_types", "EQUALS", ("DATE",)), {"DATE"}, id="dates"),
        pytest.param(types("NUM", "IMG"), {"NUM"}, id="numbers-and-images"),
        pytest.param(types("NUM", "CAT", "TXT", "DATE"), {"NUM", "CAT", "TXT", "DATE"}, id="all-of-them"),
        pytest.param(("data_types", "NOT_EQUALS", ("NUM",)), {"CAT", "TXT", "DATE"}, id="no-numbers"),
        pytest.param(("data_types", "NOT_IN", ("TXT", "DATE", "GEO")), {"NUM", "CAT"}, id="no-text-no-dates"),
    ],
)
def test_the_columns_are_of_the_wanted_types(
    tmp_path: Path, target_type: TargetType, wanted: tuple[str, str, tuple[str | int, ...]], expected: set[str]
) -> None:
    data = choose_sample(target_type, schema(wanted))

    found = [column.data_types for column in data.columns]
    assert all(any(DataType(name) in column for name in expected) for column in found)
    assert all(any(DataType(name) in column for column in found) for name in expected)
    assert not any(column.has_missing for column in data.columns)
    assert len(set(data.features.columns)) == data.features.shape[1]
    write_input(data, tmp_path)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "X.csv"), data.features)


def test_what_the_variants_look_like() -> None:
    wanted = schema(types("NUM", "CAT", "TXT", "DATE"))
    data = choose_sample(TargetType.BINARY, wanted)

    first = data.features.iloc[0]
    assert data.source == 'bundled sample "breast cancer" with CAT, TXT, DATE columns'
    assert first["mean radius"] == 17.99
    assert first["mean texture in 3 levels"] == "low"
    assert first["note 1"] == "The mean radius is high, with a mean texture of 10.4."
    assert data.features["visit 1"].tolist()[:2] == ["2020-01-01", "2020-01-02"]
    assert data.features["mean fractal dimension above median"].dtype == bool
    pd.testing.assert_frame_equal(choose_sample(TargetType.BINARY, wanted).features, data.features)


def test_missing_values_where_the_task_supports_them() -> None:
    entries = (types("NUM", "CAT", "TXT", "DATE"), ("contains_missing", "EQUALS", ("SUPPORTED",)))

    features = choose_sample(TargetType.BINARY, schema(*entries)).features

    share = features.isna().mean()
    assert share.drop("mean fractal dimension above median").unique().tolist() == [0.05]
    forbidden = (types("NUM"), ("contains_missing", "EQUALS", ("FORBIDDEN",)))
    assert not choose_sample(TargetType.BINARY, schema(*forbidden)).features.isna().any().any()


@pytest.mark.parametrize("target_type", list(TargetType))
def test_a_sparse_sample_where_the_task_requires_one(tmp_path: Path, target_type: TargetType) -> None:
    data = choose_sample(target_type, schema(types("NUM", "TXT"), ("sparse", "EQUALS", ("REQUIRED",))))

    assert data.format == "mtx"
    assert data.source.endswith(" as a sparse matrix")
    assert all(dtype == pd.SparseDtype(float, 0.0) for dtype in data.features.dtypes)
    assert 0.05 < np.count_nonzero(data.features.to_numpy()) / data.features.size < 0.3
    write_input(data, tmp_path)
    assert (tmp_path / "X.colnames").read_text().splitlines() == list(data.features.columns)


@pytest.mark.parametrize("word", ["SUPPORTED", "FORBIDDEN"])
def test_a_dense_sample_where_sparse_is_not_required(word: str) -> None:
    assert choose_sample(TargetType.BINARY, schema(("sparse", "EQUALS", (word,)))).format == "csv"


@pytest.mark.parametrize(
    ("condition", "values", "columns"),
    [
        ("EQUALS", (1,), 1),
        ("EQUALS", (100,), 100),
        ("IN", (2, 9), 9),
        ("NOT_EQUALS", (10,), 9),
        ("NOT_IN", (9, 10), 11),
        ("GREATER_THAN", (10,), 11),
        ("NOT_LESS_THAN", (12,), 12),
        ("LESS_THAN", (3,), 2),
        ("NOT_GREATER_THAN", (3,), 3),
    ],
)
def test_the_number_of_columns(condition: str, values: tuple[int, ...], columns: int) -> None:
    data = choose_sample(TargetType.REGRESSION, schema(("number_of_columns", condition, values)))

    assert data.features.shape[1] == columns
    assert data.features.columns.is_unique


def test_the_number_of_columns_of_several_types() -> None:
    entries = (types("CAT", "TXT"), ("number_of_columns", "EQUALS", (1,)))
    assert choose_sample(TargetType.BINARY, schema(*entries)).features.shape[1] == 1
    entries = (types("CAT", "TXT"), ("number_of_columns", "EQUALS", (7,)))
    assert choose_sample(TargetType.MULTICLASS, schema(*entries)).features.columns.tolist()[5:] == [
        "sepal width (cm) in 4 levels",
        "note 1",
    ]


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        pytest.param([("data_types", "EQUALS", ("IMG",))], "data_types EQUALS IMG", id="images"),
        pytest.param([types("GEO", "COUNT_DICT", "DATE_DURATION")], "data_types IN GEO, COUNT_DICT", id="others"),
        pytest.param([("data_types", "NOT_IN", ("NUM", "CAT", "TXT", "DATE"))], "NOT_IN", id="nothing-left"),
        pytest.param([types("TXT"), ("sparse", "EQUALS", ("REQUIRED",))], "sparse", id="sparse-text"),
        pytest.param([("number_of_columns", "GREATER_THAN", (500,))], "GREATER_THAN 500", id="too-many"),
        pytest.param(
            [("number_of_columns", "LESS_THAN", (3,)), ("number_of_columns", "GREATER_THAN", (3,))],
            "LESS_THAN 3 and GREATER_THAN 3",
            id="contradiction",
        ),
    ],
)
def test_where_no_sample_fits_the_user_is_asked_for_data(
    entries: list[tuple[str, str, tuple[str | int, ...]]], named: str
) -> None:
    with pytest.raises(HarnessError) as caught:
        choose_sample(TargetType.BINARY, schema(*entries))

    assert named in caught.value.finding.message
    assert "--input FILE" in caught.value.finding.remedy


def test_samples_are_read_without_importing_scikit_learn() -> None:
    code = (
        "import sys; from harness.data import choose_sample; from harness.records import TargetType\n"
        "for target_type in TargetType: choose_sample(target_type, None)\n"
        "print('sklearn' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert answer.stdout.strip() == "False"
