"""A row's output depends on that row alone.

The rows are 20; `subset` and `reordered` are ten of them, so a hook can tell the requests apart by their rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recorded_validation import Rows, Validation, column, error, features
from scipy import sparse

from harness.records import CheckStatus, TargetType
from harness.tasks.model import Hooks

Hook = Callable[[Rows, int], Any]
REGRESSION, TRANSFORM = TargetType.REGRESSION, TargetType.TRANSFORM


def _centred(rows: Rows, _: int) -> pd.DataFrame:
    frame = column(rows)
    return frame - frame.mean()


def _running_sum(rows: Rows, _: int) -> pd.DataFrame:
    """Depend on the order where not all rows come in order; the sum starts anew for each request."""
    is_sorted = list(rows) == sorted(rows)
    return column(rows) if is_sorted else column(rows) + np.arange(len(rows))[:, None]


def _sorted(rows: Rows, _: int) -> pd.DataFrame:
    return column(sorted(rows))


def _counting(rows: Rows, call: int) -> pd.DataFrame:
    return column(rows) + (call - 1)


@pytest.mark.parametrize(
    ("hook", "message", "kind"),
    [
        pytest.param(
            _centred, "the output depends on the other rows of the batch (some of the rows): ", "batch", id="mean"
        ),
        pytest.param(
            _running_sum,
            "the output depends on the order of the rows (the same rows in another order): 9 of 10 rows differ ",
            "order",
            id="running-sum",
        ),
        pytest.param(
            _sorted,
            "rows come back in another order (the same rows in another order): ",
            "row order",
            id="sorted",
        ),
        pytest.param(
            _counting,
            "the output depends on the number of calls or on chance (some of the rows, sent once more): "
            "10 of 10 rows differ ",
            "calls",
            id="counter",
        ),
        pytest.param(
            lambda rows, _: column(rows) * (1 if len(rows) > 1 else 0),
            "the output depends on the other rows of the batch (row ",
            "batch",
            id="single-rows-only",
        ),
    ],
)
def test_batch_dependence(tmp_path: Path, hook: Hook, message: str, kind: str) -> None:
    results = Validation(tmp_path).as_type(REGRESSION).answer(hook).results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["batch_independence"]
    result = results["batch_independence"]
    assert result.message.startswith(message)
    assert result.message.endswith("tolerance 1e-6 relative")
    assert result.details["kind"] == kind
    assert result.remedy


def test_how_far_off_which_rows_and_columns(tmp_path: Path) -> None:
    # The first five rows of the subset are sent alone; choose one of them, whatever they are.
    validation = Validation(tmp_path).as_type(TRANSFORM)
    single = _single_rows(validation)[2]

    def off(rows: Rows, call: int) -> pd.DataFrame:
        frame = features(rows)
        return frame.assign(b=frame["b"] + 0.25) if list(rows) == [single] else frame

    result = validation.answer(off).result("batch_independence")
    expected = -2.0 * single
    assert result.message == (
        f"the output depends on the other rows of the batch (row {single} alone): 1 of 1 row differs (row {single}), "
        f'off by 0.25 at most (row {single}, column "b": {expected:g} and then {expected + 0.25:g}); '
        "tolerance 1e-6 relative"
    )
    assert result.details["firstRows"] == [single]
    assert result.details["columns"] == ["b"]
    assert (result.details["expected"], result.details["found"]) == (expected, expected + 0.25)


def _single_rows(validation: Validation) -> list[int]:
    from harness.runs import plan_stages

    stages = plan_stages(validation.target_type, validation.sample_data(), 60)
    return [request.rows[0] for request in stages[1].requests if request.rows and len(request.rows) == 1]


@pytest.mark.parametrize(
    ("relative", "status"),
    [
        pytest.param(1e-7, "passed", id="within"),
        pytest.param(1e-5, "failed", id="beyond"),
    ],
)
def test_tolerance(tmp_path: Path, relative: float, status: str) -> None:
    def hook(rows: Rows, _: int) -> pd.DataFrame:
        return (column(rows) + 100) * (1 + (relative if len(rows) == 10 else 0))

    validation = Validation(tmp_path).as_type(REGRESSION)
    assert validation.answer(hook).result("batch_independence").status.value == status


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"hooks": Hooks("hooks", ("fit", "score"), imports=("torch.nn", "pandas"))}, id="imported"),
        pytest.param({"requirements": "onnxruntime-gpu\n"}, id="required"),
    ],
)
def test_inexact_libraries_have_a_wider_tolerance(tmp_path: Path, changes: dict[str, object]) -> None:
    def hook(rows: Rows, _: int) -> pd.DataFrame:
        return (column(rows) + 100) * (1 + (2e-5 if len(rows) == 10 else 0))

    result = Validation(tmp_path).as_type(REGRESSION, **changes).answer(hook).result("batch_independence")
    assert result.status is CheckStatus.PASSED
    assert "tolerance 0.0001 relative, because " in result.message


def test_noise_of_sums_that_cancel_is_no_difference(tmp_path: Path) -> None:
    def hook(rows: Rows, _: int) -> pd.DataFrame:
        noise = 1e-13 if len(rows) == 10 else 0.0
        return pd.DataFrame({"Predictions": [noise if row == 0 else row * 1000.0 for row in rows]})

    validation = Validation(tmp_path).as_type(REGRESSION)
    assert validation.answer(hook).result("batch_independence").status is CheckStatus.PASSED


def test_agreement_is_told_in_numbers(tmp_path: Path) -> None:
    result = Validation(tmp_path).result("batch_independence")
    assert result.message == "8 requests with 35 rows agree with all rows (tolerance 1e-6 relative)"


def test_a_request_that_raises(tmp_path: Path) -> None:
    def hook(rows: Rows, _: int) -> Any:
        return error("Expected 2D array") if len(rows) == 1 else column(rows)

    validation = Validation(tmp_path).as_type(REGRESSION)
    row = _single_rows(validation)[0]
    result = validation.answer(hook).result("batch_independence")
    assert result.status is CheckStatus.FAILED
    assert result.message == (
        f"all rows together went through, row {row} alone did not: score raised ValueError: Expected 2D array"
    )


def test_one_row_of_data_cannot_be_compared(tmp_path: Path) -> None:
    result = Validation(tmp_path, rows=1).result("batch_independence")
    assert result.status is CheckStatus.SKIPPED


def _chance(rows: Rows, _: int) -> pd.DataFrame:
    return column(rows) + 0.125


@pytest.mark.parametrize(
    ("again", "message", "kind"),
    [
        pytest.param(
            _chance,
            "two fresh processes disagree (the rows sent to a second fresh process): 20 of 20 rows differ "
            '(rows 0, 1, 2, 3, 4 and 15 more), off by 0.125 at most (row 0, column "Predictions": 0 and then 0.125); '
            "tolerance 1e-6 relative",
            "chance",
            id="other-values",
        ),
        pytest.param(
            lambda rows, _: column(list(reversed(rows))),
            "rows come back in another order (the rows sent to a second fresh process): 20 of 20 rows differ "
            '(rows 0, 1, 2, 3, 4 and 15 more), off by 9.5 at most (row 0, column "Predictions": 0 and then 9.5); '
            "tolerance 1e-6 relative",
            "row order",
            id="other-order",
        ),
    ],
)
def test_two_processes_that_disagree(tmp_path: Path, again: Hook, message: str, kind: str) -> None:
    results = Validation(tmp_path).as_type(REGRESSION).answer(again=again).results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["repeatable"]
    assert results["repeatable"].message == message
    assert results["repeatable"].details["kind"] == kind
    assert results["batch_independence"].message == "not run because “Same values in another process” failed"


def test_a_second_process_that_fails(tmp_path: Path) -> None:
    validation = Validation(tmp_path).answer()
    validation.stage("predict-again", "failed", error=error("the file is locked", where="load_model"))
    result = validation.result("repeatable")
    assert result.status is CheckStatus.FAILED
    assert result.message == (
        "the first process got through, the second did not: load_model raised ValueError: the file is locked"
    )


def test_a_second_process_that_is_killed_is_the_limit_s_failure(tmp_path: Path) -> None:
    results = Validation(tmp_path).answer().stage("predict-again", "out_of_memory").results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["memory_limit"]
    assert results["repeatable"].message == "not run because “Memory limit” failed"


def test_a_batch_dependence_is_not_taken_for_chance(tmp_path: Path) -> None:
    results = Validation(tmp_path, rows=1500).as_type(REGRESSION).answer(_centred).results()
    assert results["repeatable"].status is CheckStatus.PASSED
    assert results["batch_independence"].details["kind"] == "batch"


def test_texts_are_compared_too(tmp_path: Path) -> None:
    def hook(rows: Rows, _: int) -> pd.DataFrame:
        names = [f"group {row % 3}" if len(rows) > 1 else "group 9" for row in rows]
        return pd.DataFrame({"group": names, "size": [float(row) for row in rows]})

    validation = Validation(tmp_path).as_type(TRANSFORM)
    row = _single_rows(validation)[0]
    result = validation.answer(hook).result("batch_independence")
    assert result.message == (
        f"the output depends on the other rows of the batch (row {row} alone): 1 of 1 row differs (row {row}), "
        f'the first in row {row}, column "group"; tolerance 1e-6 relative'
    )


def _sparse(rows: Rows, _: int = 0) -> sparse.csr_matrix:
    return sparse.csr_matrix([[row, 0.0, row * 2.0] for row in rows])


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        pytest.param(_sparse, None, id="agrees"),
        pytest.param(lambda rows, _: _sparse(rows) / len(rows), "batch", id="batch"),
        pytest.param(lambda rows, _: _sparse(sorted(rows)), "row order", id="sorted"),
        pytest.param(lambda rows, call: _sparse(rows) * call, "calls", id="calls"),
    ],
)
def test_sparse_outputs(tmp_path: Path, hook: Hook, kind: str | None) -> None:
    validation = Validation(tmp_path).as_type(TRANSFORM)
    result = validation.answer(hook).result("batch_independence")
    assert result.status is (CheckStatus.FAILED if kind else CheckStatus.PASSED)
    assert result.details.get("kind") == kind


@pytest.mark.parametrize(
    ("hook", "status", "message"),
    [
        pytest.param(
            lambda rows, _: pd.DataFrame(np.eye(len(rows)), columns=[f"row {row}" for row in rows]),
            "failed",
            "all rows gave 20 columns, some of the rows gave 10: lacking ",
            id="a-column-for-each-row",
        ),
        pytest.param(
            lambda rows, _: features(rows) if len(rows) > 1 else features(rows).rename(columns={"b": "c"}),
            "failed",
            "all rows gave 2 columns, row ",
            id="another-name",
        ),
        pytest.param(
            lambda rows, _: features(rows) if len(rows) > 1 else features(rows)[["b", "a"]],
            "failed",
            "all rows and row ",
            id="another-order",
        ),
        pytest.param(
            lambda rows, _: features(rows) if len(rows) > 1 else _sparse(rows)[:, :2],
            "failed",
            "all rows gave a DataFrame, row ",
            id="another-kind-of-table",
        ),
        pytest.param(lambda rows, _: features(rows), "passed", "the same 2 columns in 10 outputs", id="stable"),
    ],
)
def test_stable_columns(tmp_path: Path, hook: Hook, status: str, message: str) -> None:
    results = Validation(tmp_path).as_type(TRANSFORM).answer(hook).results()
    assert results["stable_columns"].status.value == status
    assert results["stable_columns"].message.startswith(message)
    failures = [result.id for result in results.values() if result.status is CheckStatus.FAILED]
    assert failures == (["stable_columns"] if status == "failed" else [])


def test_label_columns_in_another_order_are_a_warning_and_compared_by_name(tmp_path: Path) -> None:
    def hook(rows: Rows, _: int) -> pd.DataFrame:
        first = [(row + 1) / 100 for row in rows]
        frame = pd.DataFrame({"yes": first, "no": [1 - value for value in first]})
        return frame if len(rows) > 1 else frame[["no", "yes"]]

    results = Validation(tmp_path).answer(hook).results()
    assert results["stable_columns"].status is CheckStatus.WARNING
    assert results["batch_independence"].status is CheckStatus.PASSED
