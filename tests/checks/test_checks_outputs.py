"""The form and the values of what the scoring hook returned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_validation import Rows, Validation, column, features, probabilities
from scipy import sparse

from harness.checks.labels import match_labels, standardise
from harness.checks.probabilities import area_under_curve
from harness.records import CheckStatus, TargetType
from harness.tasks.model import Hooks, Metadata, SchemaRequirement, TypeSchema

Hook = Callable[[Rows, int], Any]
NAN, INFINITY = float("nan"), float("inf")


def _with(name: str, row: int, value: float) -> Callable[[pd.DataFrame, Rows], pd.DataFrame]:
    """Return a function that puts a value into one row of the data, wherever that row stands in the batch."""

    def put(frame: pd.DataFrame, rows: Rows) -> pd.DataFrame:
        values = [value if sent == row else old for sent, old in zip(rows, frame[name], strict=True)]
        return frame.assign(**{name: values})

    return put


def _renamed(*names: str) -> Hook:
    return lambda rows, _: probabilities(rows, names)


def _spoilt(frame: Callable[[Rows], pd.DataFrame], *puts: tuple[str, int, float]) -> Hook:
    def hook(rows: Rows, _: int) -> pd.DataFrame:
        result = frame(rows)
        for put in puts:
            result = _with(*put)(result, rows)
        return result

    return hook


def _extra(rows: Rows, _: int) -> pd.DataFrame:
    return probabilities(rows).assign(note="x", weight=1.0)


def _schema(*requirements: tuple[str, str, tuple[str | int, ...]], declared: bool = True) -> Metadata:
    judged = tuple(SchemaRequirement(*requirement) for requirement in requirements)  # type: ignore[arg-type]
    return Metadata(type_schema=TypeSchema(output_requirements=judged, declared=declared))


BINARY, MULTICLASS, REGRESSION = TargetType.BINARY, TargetType.MULTICLASS, TargetType.REGRESSION
ANOMALY, TRANSFORM = TargetType.ANOMALY, TargetType.TRANSFORM
CLASS_STYLE = Hooks("class", ("fit", "predict_proba"), "BinaryEstimatorInterface")


@pytest.mark.parametrize(
    ("target_type", "check_id", "hook", "status", "message"),
    [
        pytest.param(
            BINARY,
            "row_count",
            lambda rows, _: probabilities(rows[:-1] if len(rows) == 20 else rows),
            "failed",
            "20 rows went in (all rows), 19 rows came out",
            id="a-row-dropped",
        ),
        pytest.param(
            BINARY,
            "row_count",
            lambda rows, _: probabilities([*rows, 5] if len(rows) == 1 else rows),
            "failed",
            "1 row went in (row 1 alone), 2 rows came out",
            id="a-row-added-to-a-single-one",
        ),
        pytest.param(
            BINARY,
            "columns",
            lambda rows, _: column(rows, "yes"),
            "failed",
            '2 class labels need a column each, found 1: "yes"; expected "yes", "no"',
            id="binary-with-one-column",
        ),
        pytest.param(
            BINARY,
            "columns",
            _extra,
            "warning",
            '2 columns beside those of the 2 class labels: "note", "weight"; the platform splits them off',
            id="extra-columns",
        ),
        pytest.param(
            REGRESSION,
            "columns",
            lambda rows, _: column(rows, "price"),
            "warning",
            'the column is called "price"; the platform renames it "Predictions"',
            id="another-name",
        ),
        pytest.param(
            REGRESSION,
            "columns",
            lambda rows, _: features(rows),
            "failed",
            'regression needs exactly one column, found 2: "a", "b"',
            id="two-columns-of-regression",
        ),
        pytest.param(
            ANOMALY,
            "columns",
            lambda rows, _: features(rows),
            "failed",
            'anomaly needs exactly one column, found 2: "a", "b"',
            id="two-columns-of-anomaly",
        ),
        pytest.param(
            REGRESSION,
            "columns",
            lambda rows, _: sparse.csr_matrix(column(rows).to_numpy()),
            "failed",
            "the output is a sparse matrix",
            id="sparse-estimator",
        ),
        pytest.param(
            TRANSFORM,
            "columns",
            lambda rows, _: features(rows).set_axis(["a", "a"], axis=1),
            "failed",
            '1 of 2 column names occurs more than once: "a"',
            id="duplicates",
        ),
        pytest.param(
            TRANSFORM,
            "columns",
            lambda rows, _: features(rows)[[]],
            "failed",
            "the output has no columns",
            id="no-columns",
        ),
        pytest.param(
            BINARY,
            "numeric_output",
            lambda rows, _: pd.DataFrame({"yes": ["high" for _ in rows], "no": [0.5 for _ in rows]}),
            "failed",
            '1 of 2 columns is not numeric: "yes" (text)',
            id="text-predictions",
        ),
        pytest.param(
            REGRESSION,
            "numeric_output",
            lambda rows, _: pd.DataFrame({"Predictions": [row > 3 for row in rows]}),
            "failed",
            '1 of 1 column is not numeric: "Predictions" (booleans)',
            id="boolean-predictions",
        ),
        pytest.param(
            REGRESSION,
            "numeric_output",
            lambda rows, _: pd.DataFrame({"Predictions": [complex(row, 1) for row in rows]}),
            "failed",
            '1 of 1 column is not numeric: "Predictions" (complex numbers)',
            id="complex-predictions",
        ),
        pytest.param(BINARY, "numeric_output", _extra, "passed", "4 columns", id="extra-columns-may-be-text"),
        pytest.param(
            TRANSFORM,
            "numeric_output",
            lambda rows, _: pd.DataFrame({"a": [[row] for row in rows], "b": ["x" for _ in rows]}),
            "failed",
            '1 of 2 columns is not numeric: "a" (objects)',
            id="lists-in-a-transform",
        ),
        pytest.param(
            BINARY,
            "finite_values",
            _spoilt(probabilities, ("yes", 3, NAN), ("yes", 7, NAN), ("no", 7, NAN)),
            "failed",
            '3 missing values (2 in "yes", 1 in "no"; rows 3, 7)',
            id="missing-predictions",
        ),
        pytest.param(
            REGRESSION,
            "finite_values",
            _spoilt(column, ("Predictions", 2, INFINITY), ("Predictions", 4, NAN)),
            "failed",
            '1 missing value (1 in "Predictions"; row 4) and 1 infinite value (1 in "Predictions"; row 2)',
            id="infinite-prediction",
        ),
        pytest.param(
            BINARY,
            "finite_values",
            lambda rows, _: probabilities(rows).assign(extra=NAN),
            "passed",
            "none missing, none infinite",
            id="missing-in-an-extra-column",
        ),
        pytest.param(
            TRANSFORM,
            "finite_values",
            lambda rows, _: features(rows).assign(a=NAN),
            "warning",
            '20 missing values (20 in "a"; rows 0, 1, 2, 3, 4 and 15 more)',
            id="missing-in-a-transform",
        ),
        pytest.param(
            TRANSFORM,
            "finite_values",
            _spoilt(features, ("b", 1, -INFINITY)),
            "failed",
            '1 infinite value (1 in "b"; row 1)',
            id="infinite-in-a-transform",
        ),
        pytest.param(
            TRANSFORM,
            "finite_values",
            lambda rows, _: pd.DataFrame({"t": [None if row == 4 else "x" for row in rows], "n": [1.0 for _ in rows]}),
            "warning",
            '1 missing value (1 in "t"; row 4)',
            id="missing-text",
        ),
        pytest.param(
            TRANSFORM,
            "finite_values",
            lambda rows, _: sparse.csr_matrix([[0.0, INFINITY if row == 6 else row] for row in rows]),
            "failed",
            '1 infinite value (1 in "1"; row 6)',
            id="infinite-in-a-sparse-output",
        ),
        pytest.param(BINARY, "class_labels", _renamed("no", "yes"), "passed", '"no", "yes"', id="labels-in-any-order"),
        pytest.param(
            BINARY,
            "class_labels",
            _renamed("YES", "0"),
            "warning",
            '"YES", "0" match the class labels "yes", "no" only without regard to spelling',
            id="labels-after-standardising",
        ),
        pytest.param(
            BINARY,
            "class_labels",
            _renamed("yess", "no"),
            "failed",
            'expected columns "yes", "no", found "yess", "no"; "yess" may be meant for "yes"',
            id="a-label-misspelt",
        ),
        pytest.param(
            BINARY,
            "class_labels",
            _renamed("class_0", "class_1"),
            "failed",
            'expected columns "yes", "no", found "class_0", "class_1"',
            id="other-labels",
        ),
        pytest.param(
            BINARY,
            "class_labels",
            lambda rows, _: probabilities(rows).set_axis(["yes", "yes"], axis=1),
            "failed",
            'expected columns "yes", "no", found "yes", "yes"',
            id="a-label-twice",
        ),
        pytest.param(
            BINARY,
            "class_labels",
            lambda rows, _: probabilities(rows).assign(id=1.0)[["id", "yes", "no"]],
            "failed",
            'expected columns "yes", "no", found "id", "yes": the class labels must come before other columns',
            id="an-extra-column-first",
        ),
        pytest.param(
            BINARY,
            "probabilities",
            _spoilt(probabilities, ("yes", 3, 1.5), ("yes", 9, -0.25)),
            "failed",
            '2 of 20 rows have values outside 0..1: the worst is 1.5 in row 3, column "yes" (rows 3, 9)',
            id="outside",
        ),
        pytest.param(
            MULTICLASS,
            "probabilities",
            lambda rows, _: pd.DataFrame([[0.2, 0.3, 0.4 if row == 17 else 0.5] for row in rows], columns=list("abc")),
            "failed",
            "1 of 20 rows does not sum to 1 (tolerance 1e-5): the worst sums to 0.9 in row 17 (row 17)",
            id="do-not-sum-to-one",
        ),
        pytest.param(
            MULTICLASS,
            "probabilities",
            lambda rows, _: pd.DataFrame([[0.2, 0.3, 0.500009] for _ in rows], columns=list("abc")),
            "passed",
            "20 rows within 0..1 that sum to 1 (tolerance 1e-5)",
            id="just-within-the-tolerance",
        ),
        pytest.param(
            MULTICLASS,
            "probabilities",
            lambda rows, _: pd.DataFrame([[0.2, 0.3, 0.500011] for _ in rows], columns=list("abc")),
            "failed",
            "20 of 20 rows do not sum to 1 (tolerance 1e-5): the worst sums to 1.00001 in row 0 "
            "(rows 0, 1, 2, 3, 4 and 15 more)",
            id="just-beyond-the-tolerance",
        ),
        pytest.param(
            BINARY,
            "saturated_probabilities",
            lambda rows, _: pd.DataFrame({"yes": [row % 2 for row in rows], "no": [1 - row % 2 for row in rows]}),
            "warning",
            "all probabilities of 20 rows are 0 or 1",
            id="classes-in-place-of-probabilities",
        ),
        pytest.param(
            BINARY,
            "constant_predictions",
            lambda rows, _: pd.DataFrame({"yes": [0.25 for _ in rows], "no": [0.75 for _ in rows]}),
            "warning",
            "all 20 rows have the same prediction: 0.25, 0.75",
            id="constant",
        ),
        pytest.param(REGRESSION, "regression_output", None, "passed", "from 0 to 9.5", id="regression"),
        pytest.param(ANOMALY, "anomaly_output", None, "passed", "from 0 to 9.5", id="anomaly"),
        pytest.param(
            ANOMALY,
            "anomaly_output",
            lambda rows, _: pd.DataFrame({"Predictions": [-1 if row == 2 else 1 for row in rows]}),
            "warning",
            "all scores of 20 rows are -1 or 1: labels, not scores",
            id="anomaly-labels",
        ),
        pytest.param(
            TRANSFORM,
            "output_schema",
            None,
            "passed",
            "1 requirement (the platform's default)",
            id="default-output-schema",
        ),
        pytest.param(
            TRANSFORM,
            "output_schema",
            lambda rows, _: pd.DataFrame({"a": ["x" for _ in rows], "b": [1.0 for _ in rows]}),
            "failed",
            "the output violates the default typeSchema of a transform, numbers only: "
            'data_types must be NUM, but 1 of 2 columns is not: "a" (CAT, TXT).',
            id="text-from-a-transform",
        ),
    ],
)
def test_outputs(
    tmp_path: Path, target_type: TargetType, check_id: str, hook: Hook | None, status: str, message: str
) -> None:
    result = Validation(tmp_path).as_type(target_type).answer(hook).result(check_id)
    assert (result.status.value, result.message) == (status, message)


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        pytest.param(_schema(("contains_missing", "EQUALS", ("NEVER",))), "failed", id="never"),
        pytest.param(_schema(("contains_missing", "EQUALS", ("DYNAMIC",))), "passed", id="dynamic"),
        pytest.param(_schema(("data_types", "EQUALS", ("NUM",))), "warning", id="silent"),
        pytest.param(Metadata(), "warning", id="no-schema"),
    ],
)
def test_missing_values_against_the_schema(tmp_path: Path, metadata: Metadata, status: str) -> None:
    validation = Validation(tmp_path).as_type(TRANSFORM, metadata=metadata)
    results = validation.answer(lambda rows, _: features(rows).assign(a=NAN)).results()
    assert results["finite_values"].status.value == status
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == (
        ["finite_values"] if status == "failed" else []
    )


@pytest.mark.parametrize(
    ("requirement", "hook", "status"),
    [
        pytest.param(("data_types", "IN", ("TXT", "NUM")), "text", "passed", id="text-allowed"),
        pytest.param(("data_types", "EQUALS", ("IMG",)), "text-only", "passed", id="images-are-text"),
        pytest.param(("data_types", "EQUALS", ("CAT",)), "numbers", "passed", id="numbers-as-categories"),
        pytest.param(("data_types", "NOT_EQUALS", ("NUM",)), "numbers", "failed", id="numbers-refused"),
        pytest.param(("data_types", "EQUALS", ("DATE",)), "dates", "passed", id="dates"),
        pytest.param(("data_types", "EQUALS", ("NUM",)), "dates", "failed", id="dates-are-no-numbers"),
        pytest.param(("number_of_columns", "EQUALS", (2,)), "numbers", "passed", id="two-columns"),
        pytest.param(("number_of_columns", "GREATER_THAN", (2,)), "numbers", "failed", id="more-than-two-columns"),
        pytest.param(("sparse", "EQUALS", ("NEVER",)), "numbers", "passed", id="dense"),
        pytest.param(("sparse", "EQUALS", ("NEVER",)), "sparse", "failed", id="never-sparse"),
        pytest.param(("sparse", "EQUALS", ("IDENTITY",)), "sparse", "failed", id="sparse-of-dense"),
    ],
)
def test_output_schema(
    tmp_path: Path, requirement: tuple[str, str, tuple[str | int, ...]], hook: str, status: str
) -> None:
    hooks: dict[str, Hook] = {
        "text": lambda rows, _: pd.DataFrame({"a": ["x" for _ in rows], "b": [1.0 for _ in rows]}),
        "text-only": lambda rows, _: pd.DataFrame({"a": [f"x{row}" for row in rows]}),
        "numbers": lambda rows, _: features(rows),
        "dates": lambda rows, _: pd.DataFrame({"a": pd.to_datetime([f"2026-01-{row + 1:02}" for row in rows])}),
        "sparse": lambda rows, _: sparse.csr_matrix([[row, 0.0] for row in rows]),
    }
    validation = Validation(tmp_path).as_type(TRANSFORM, metadata=_schema(requirement))
    assert validation.answer(hooks[hook]).result("output_schema").status.value == status


def test_the_schema_is_not_judged_where_strict_validation_is_off(tmp_path: Path) -> None:
    metadata = _schema(("number_of_columns", "EQUALS", (7,)))
    validation = Validation(tmp_path).as_type(TRANSFORM, metadata=metadata, strict=False)
    assert validation.result("output_schema").message == "strict validation is off"


def test_the_class_style_may_not_have_extra_columns(tmp_path: Path) -> None:
    validation = Validation(tmp_path, hooks=CLASS_STYLE)
    result = validation.answer(_extra).result("columns")
    assert result.status is CheckStatus.FAILED
    assert result.message == '2 class labels need a column each, found 4: "yes", "no", "note", "weight"'


def test_wrong_labels_are_one_failure(tmp_path: Path) -> None:
    results = Validation(tmp_path).answer(_renamed("class_0", "class_1")).results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["class_labels"]
    assert results["probabilities"].message == "not run because “Columns are the class labels” failed"


def test_labels_that_differ_in_case_only_stay_apart(tmp_path: Path) -> None:
    validation = Validation(tmp_path).as_type(MULTICLASS)
    validation.labels = ("a", "A", "b")
    assert validation.result("class_labels").status is CheckStatus.PASSED


def test_regression_far_from_the_target_is_a_warning(tmp_path: Path) -> None:
    validation = Validation(tmp_path).as_type(REGRESSION, target=[1000.0 + row for row in range(20)])
    result = validation.result("regression_output")
    assert result.status is CheckStatus.WARNING
    assert result.message == "all predictions lie outside the target's 1000 to 1019: from 0 to 9.5"


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        pytest.param(
            ["yes"] * 10 + ["no"] * 10,
            "warning",
            'the AUC of column "yes" is 0.00 on the data that fit has seen (0.50 is chance)',
            id="swapped",
        ),
        pytest.param(
            ["no"] * 10 + ["yes"] * 10, "passed", "AUC 1.00 on the data that fit has seen", id="as-it-should-be"
        ),
        pytest.param([0] * 10 + [1] * 10, "passed", "AUC 1.00 on the data that fit has seen", id="after-standardising"),
        pytest.param(["yes"] * 20, "skipped", "the target has one class only", id="one-class"),
        pytest.param(None, "skipped", "the target or its class labels are not known", id="no-target"),
    ],
)
def test_swapped_columns(tmp_path: Path, target: list[object] | None, status: str, message: str) -> None:
    validation = Validation(tmp_path, target=target)
    result = validation.answer(lambda rows, _: probabilities(rows)).result("swapped_columns")
    assert (result.status.value, result.message) == (status, message)


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        pytest.param([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75, id="textbook"),
        pytest.param([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1], 0.5, id="all-tied"),
        pytest.param([0.9, 0.1], [0, 1], 0.0, id="reversed"),
        pytest.param([0.1, 0.5, 0.5], [0, 0, 1], 0.75, id="one-tie"),
    ],
)
def test_area_under_curve(scores: list[float], positive: list[int], area: float) -> None:
    assert area_under_curve(np.array(scores), np.array(positive, dtype=bool)) == area


@pytest.mark.parametrize(
    ("label", "standard"),
    [
        pytest.param("1", 1.0, id="number"),
        pytest.param("1.0", 1.0, id="float"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param("Yes", 1.0, id="yes"),
        pytest.param("OFF", 0.0, id="off"),
        pytest.param("t", 1.0, id="t"),
        pytest.param("n", 0.0, id="n"),
        pytest.param("Iris-Setosa", "iris-setosa", id="text"),
        pytest.param("NaN", "nan", id="not-a-number"),
        pytest.param("", "", id="empty"),
    ],
)
def test_standardise(label: str, standard: float | str) -> None:
    assert standardise(label) == standard


LABELS = st.one_of(st.text(max_size=8), st.floats().map(str), st.sampled_from(["yes", "No", "TRUE", "f", "1", "0.0"]))


@given(LABELS)
def test_standardising_twice_changes_nothing(label: str) -> None:
    once = standardise(label)
    assert standardise(str(once)) == once


@given(LABELS, LABELS)
def test_matching_is_symmetric(first: str, second: str) -> None:
    assert (match_labels([first], [second]) is None) == (match_labels([second], [first]) is None)


@given(st.lists(LABELS, min_size=2, max_size=5, unique=True), st.randoms())
def test_labels_match_themselves_in_any_order(labels: list[str], random: Any) -> None:
    columns = list(labels)
    random.shuffle(columns)
    assert match_labels(columns, labels) == {label: columns.index(label) for label in labels}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda file: file.write_bytes(b"no array"), id="no-array"),
        pytest.param(lambda file: file.write_bytes(b""), id="empty"),
        pytest.param(lambda file: file.unlink(), id="gone"),
        pytest.param(lambda file: np.save(file, np.zeros((20, 1))), id="too-narrow"),
        pytest.param(lambda file: np.save(file, np.zeros((20, 2), dtype="U3")), id="text"),
        pytest.param(lambda file: np.save(file, np.zeros((20, 2), dtype=object), allow_pickle=True), id="pickle"),
    ],
)
def test_damaged_values_are_one_failure(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    validation = Validation(tmp_path).answer()
    spoil(tmp_path / "output" / "predict" / "whole.numbers.npy")
    results = validation.results()
    failures = [result for result in results.values() if result.status is CheckStatus.FAILED]
    assert [failure.id for failure in failures] == ["row_count"]
    assert failures[0].message.startswith("the recorded output cannot be read: ")


def _save_out_of_range(file: Path) -> None:
    pointers = np.zeros(21, dtype=np.int32)
    pointers[1:] = 1
    with file.open("wb") as stream:
        np.savez(
            stream,
            format=np.array(b"csr"),
            shape=np.array([20, 2]),
            data=np.array([1.0]),
            indices=np.array([1_000_000], dtype=np.int32),
            indptr=pointers,
        )


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda file: file.write_bytes(b"PK no archive"), id="no-archive"),
        pytest.param(
            lambda file: sparse.save_npz(file, sparse.csc_matrix(np.eye(20, 2)), compressed=False), id="another-format"
        ),
        pytest.param(_save_out_of_range, id="columns-out-of-range"),
    ],
)
def test_damaged_sparse_values_are_one_failure(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    validation = Validation(tmp_path).as_type(TRANSFORM)
    validation.answer(lambda rows, _: sparse.csr_matrix([[row, 0.0] for row in rows]))
    spoil(tmp_path / "output" / "transform" / "whole.sparse.npz")
    results = validation.results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["row_count"]


def test_a_file_outside_the_stage_is_not_read(tmp_path: Path) -> None:
    validation = Validation(tmp_path).answer()
    validation.change_output("whole", numbers="../../secret.npy")
    assert validation.result("row_count").status is CheckStatus.FAILED


@pytest.mark.parametrize("target_type", [TargetType.REGRESSION, TargetType.BINARY, TargetType.TRANSFORM])
def test_an_empty_frame_is_one_failure(tmp_path: Path, target_type: TargetType) -> None:
    validation = Validation(tmp_path).as_type(target_type).answer(lambda rows, call: pd.DataFrame())
    results = validation.results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["row_count"]


def test_damaged_values_of_any_request_are_one_failure(tmp_path: Path) -> None:
    validation = Validation(tmp_path).answer()
    (tmp_path / "output" / "predict" / "subset.numbers.npy").write_bytes(b"")
    results = validation.results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["row_count"]
