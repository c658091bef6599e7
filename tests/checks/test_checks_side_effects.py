"""Damaged input, and what a task does beside its work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from recorded_validation import Rows, Validation, column, error, features
from scipy import sparse

from harness.data.model import ColumnProfile
from harness.records import CheckStatus, TargetType
from harness.tasks.model import DataType, Metadata, SchemaRequirement, TypeSchema

REGRESSION, TRANSFORM = TargetType.REGRESSION, TargetType.TRANSFORM
Record = Callable[[Validation], object]
NAN = float("nan")


def _damaged(what: str, answer: Callable[[Rows], Any]) -> Callable[[Rows, Any], Any]:
    return lambda rows, edit: answer(rows) if edit == what else column(rows)


@pytest.mark.parametrize(
    ("check_id", "damaged", "status", "message"),
    [
        pytest.param(
            "missing_values",
            None,
            "passed",
            "2 features with missing values: no error and no missing output",
            id="missing-values-go-through",
        ),
        pytest.param(
            "missing_values",
            _damaged("missing age", lambda _: error("Input X contains NaN.")),
            "warning",
            'missing values in 1 of 2 features: "age" (ValueError: Input X contains NaN.)',
            id="missing-values-raise",
        ),
        pytest.param(
            "missing_values",
            _damaged("missing city", lambda rows: column(rows) * NAN),
            "warning",
            'missing values in 1 of 2 features: "city" (10 missing values in the output)',
            id="missing-values-give-missing-values",
        ),
        pytest.param(
            "unseen_categories",
            _damaged("unseen city", lambda _: error("Found unknown categories")),
            "warning",
            'a category never seen before in 1 of 1 feature: "city" (ValueError: Found unknown categories)',
            id="unseen-category",
        ),
        pytest.param(
            "empty_strings",
            _damaged("empty city", lambda _: error("empty vocabulary")),
            "warning",
            'empty texts in 1 of 1 feature: "city" (ValueError: empty vocabulary)',
            id="empty-text",
        ),
        pytest.param(
            "empty_strings",
            None,
            "passed",
            "1 feature with empty texts: no error and no missing output",
            id="empty-texts-go-through",
        ),
    ],
)
def test_damaged_input(tmp_path: Path, check_id: str, damaged: Any, status: str, message: str) -> None:
    validation = Validation(tmp_path).as_type(REGRESSION).answer(damaged=damaged)
    results = validation.results()
    assert (results[check_id].status.value, results[check_id].message) == (status, message)
    assert not [result for result in results.values() if result.status is CheckStatus.FAILED]


def test_several_features_in_one_warning(tmp_path: Path) -> None:
    validation = Validation(tmp_path).as_type(REGRESSION)
    validation.columns = tuple(
        ColumnProfile(f"x{number}", frozenset({DataType.NUM}), has_missing=False) for number in range(7)
    )
    result = validation.answer(damaged=lambda rows, _: error("no")).result("missing_values")
    assert result.message.startswith("missing values in 7 of 7 features: ")
    assert result.message.endswith(" and 2 more")
    assert [trouble["feature"] for trouble in result.details["troubles"]] == [f"x{number}" for number in range(7)]


def test_missing_values_that_are_there_anyway_are_no_trouble(tmp_path: Path) -> None:
    validation = Validation(tmp_path).as_type(TRANSFORM, metadata=Metadata(type_schema=TypeSchema()))
    hook = lambda rows, _: features(rows).assign(a=NAN)  # noqa: E731
    assert validation.answer(hook).result("missing_values").status is CheckStatus.PASSED


def test_sparse_data_is_not_damaged(tmp_path: Path) -> None:
    result = Validation(tmp_path, data_format="mtx").result("missing_values")
    assert (result.status, result.message) == (CheckStatus.SKIPPED, "not tried on sparse data")


def test_a_task_that_takes_no_missing_values_is_not_tried_on_them(tmp_path: Path) -> None:
    schema = TypeSchema((SchemaRequirement("contains_missing", "EQUALS", ("FORBIDDEN",)),))
    result = Validation(tmp_path, metadata=Metadata(type_schema=schema)).result("missing_values")
    assert result.status is CheckStatus.SKIPPED
    assert result.message == "the typeSchema says that the input has no missing values"


def test_data_without_texts_has_no_categories(tmp_path: Path) -> None:
    columns = (ColumnProfile("age", frozenset({DataType.NUM}), has_missing=False),)
    result = Validation(tmp_path, columns=columns).result("unseen_categories")
    assert (result.status, result.message) == (CheckStatus.SKIPPED, "the data has no text features")


def test_a_process_that_crashes_on_damaged_input_fails_nothing(tmp_path: Path) -> None:
    validation = Validation(tmp_path).answer()
    validation.stage("robustness", "crashed", ended={"signal": "SIGSEGV"}, answers={})
    results = validation.results()
    assert not [result for result in results.values() if result.status is CheckStatus.FAILED]
    assert results["missing_values"].status is CheckStatus.WARNING
    assert results["unseen_categories"].status is CheckStatus.SKIPPED
    assert results["missing_values"].message == (
        "damaged input ended the process (the process crashed with SIGSEGV), and nothing can be said of single features"
    )


def test_a_process_that_stops_half_way(tmp_path: Path) -> None:
    validation = Validation(tmp_path).as_type(REGRESSION).answer()
    answers = {"untouched": column(range(10)), "missing-0": column(range(10))}
    validation.stage("robustness", "exited", answers=answers)
    result = validation.result("missing_values")
    assert result.status is CheckStatus.WARNING
    assert result.message == (
        "1 feature with missing values: no error and no missing output; 1 feature not tried, the process ended itself"
    )


def _changed_input(validation: Validation) -> None:
    validation.answer()
    validation.change_output("subset", inputPreserved=False)


@pytest.mark.parametrize(
    ("check_id", "record", "status", "message"),
    [
        pytest.param(
            "input_preserved",
            _changed_input,
            "warning",
            "the hook changed the DataFrame that it was given (with some of the rows)",
            id="input-changed",
        ),
        pytest.param(
            "import_work",
            lambda validation: validation.answer().stage(
                "fit", kind="fit", importActivity=["starts a process: git", "opens a network connection"]
            ),
            "warning",
            "importing the code starts a process: git, opens a network connection",
            id="activity-at-import",
        ),
        pytest.param(
            "import_work",
            lambda validation: validation.answer().stage("fit", kind="fit", importSeconds=2.5),
            "warning",
            "importing the code took 2.50 s in fit",
            id="slow-import",
        ),
        pytest.param(
            "import_work",
            lambda validation: validation.answer().stage("fit", kind="fit", importSeconds=2.0),
            "passed",
            "importing the code took 2 s in fit",
            id="import-just-in-time",
        ),
        pytest.param(
            "load_time",
            lambda validation: validation.answer().stage(
                "predict", answers={"whole": validation.usual_answer(range(20))}, loadSeconds=10.5
            ),
            "warning",
            "loading took 10.5 s (more than 10 s)",
            id="slow-load",
        ),
        pytest.param(
            "outside_writes",
            lambda validation: validation.answer().stage(
                "fit", kind="fit", outsideWrites=["/home/me/cache.db", "/run/code/old.txt"]
            ),
            "warning",
            "2 files written outside the artifact directory: /home/me/cache.db (fit), /run/code/old.txt (fit)",
            id="writes-elsewhere",
        ),
        pytest.param(
            "working_directory",
            lambda validation: validation.answer().stage("fit", kind="fit", workingDirectoryChanged=True),
            "warning",
            "the working directory was changed in fit",
            id="chdir",
        ),
    ],
)
def test_behaviour(tmp_path: Path, check_id: str, record: Record, status: str, message: str) -> None:
    validation = Validation(tmp_path)
    record(validation)
    result = validation.result(check_id)
    assert (result.status.value, result.message) == (status, message)


SPENT = [10.0, 25.0, 7.5, 3.0] * 5
BOUGHT = ["yes", "no", "no", "yes"] * 5


@pytest.mark.parametrize(
    ("target", "column_name", "values", "message"),
    [
        pytest.param(
            SPENT, "bought", [0.0] * 20, '1 output column with the target: "bought" (the target\'s name)', id="name"
        ),
        pytest.param(SPENT, "c", SPENT, '1 output column with the target: "c" (the target\'s values)', id="numbers"),
        pytest.param(
            BOUGHT,
            "c",
            [1.0, 0.0, 0.0, 1.0] * 5,
            '1 output column with the target: "c" (the target\'s values)',
            id="codes",
        ),
        pytest.param(
            BOUGHT,
            "c",
            [0.0, 1.0, 1.0, 0.0] * 5,
            '1 output column with the target: "c" (the target\'s values)',
            id="codes-reversed",
        ),
    ],
)
@pytest.mark.parametrize("is_sparse", [False, True], ids=["dense", "sparse"])
def test_target_leak(
    tmp_path: Path, target: list[Any], column_name: str, values: list[float], message: str, is_sparse: bool
) -> None:
    def hook(rows: Rows, _: int) -> Any:
        frame = pd.DataFrame({"a": [float(row) for row in rows], column_name: [values[row] for row in rows]})
        return sparse.csr_matrix(frame.to_numpy()) if is_sparse else frame

    result = Validation(tmp_path).as_type(TRANSFORM, target=target).answer(hook).result("target_leak")
    if is_sparse and column_name == "bought":
        assert result.status is CheckStatus.PASSED
    else:
        assert result.status is CheckStatus.WARNING
        assert result.message == (message.replace('"c"', '"1"') if is_sparse else message)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param(SPENT, "passed", id="not-there"),
        pytest.param([1.0] * 20, "passed", id="constant-target"),
        pytest.param(None, "skipped", id="no-target"),
    ],
)
def test_no_target_leak(tmp_path: Path, target: list[Any] | None, status: str) -> None:
    validation = Validation(tmp_path).as_type(TRANSFORM, target=target)
    hook = lambda rows, _: features(rows).assign(one=1.0)  # noqa: E731
    assert validation.answer(hook).result("target_leak").status.value == status
