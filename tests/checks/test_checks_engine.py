"""One root cause gives one failure, and every other check that it keeps from running says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_validation import Validation, error

from harness.checks import CHECKS, Check, Evidence, checks_before_build, checks_before_run, run_checks
from harness.checks.engine import Outcome, failed, passed, skipped, warning
from harness.findings import Finding
from harness.records import CheckStatus, TargetType

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "reference" / "checks.md"


def test_ids_are_the_contract() -> None:
    assert [check.id for check in CHECKS] == [
        "task_files",
        "metadata",
        "hooks",
        "requirements",
        "sample_data",
        "input_schema",
        "dependency_build",
        "environment_notes",
        "memory_limit",
        "time_limit",
        "fit",
        "artifact",
        "load",
        "predict",
        "transform",
        "row_count",
        "columns",
        "numeric_output",
        "finite_values",
        "class_labels",
        "probabilities",
        "regression_output",
        "anomaly_output",
        "output_schema",
        "stable_columns",
        "repeatable",
        "batch_independence",
        "constant_predictions",
        "saturated_probabilities",
        "swapped_columns",
        "target_leak",
        "missing_values",
        "unseen_categories",
        "empty_strings",
        "input_preserved",
        "import_work",
        "load_time",
        "outside_writes",
        "working_directory",
    ]


def test_titles_are_unique() -> None:
    assert len({check.title for check in CHECKS}) == len(CHECKS)


def test_what_a_check_needs_comes_before_it() -> None:
    seen: set[str] = set()
    for check in CHECKS:
        assert set(check.needs) <= seen, check.id
        seen.add(check.id)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_is_documented(check: Check) -> None:
    lines = DOCUMENTATION.read_text(encoding="utf-8").splitlines()
    assert f"### `{check.id}`" in lines


@pytest.mark.parametrize("target_type", list(TargetType))
def test_a_good_task_has_no_failure_and_no_warning(tmp_path: Path, target_type: TargetType) -> None:
    results = Validation(tmp_path).as_type(target_type).results()
    assert len(results) == len(CHECKS)
    assert {result.status for result in results.values()} <= {CheckStatus.PASSED, CheckStatus.SKIPPED}
    skipped_ids = {result.id for result in results.values() if result.status is CheckStatus.SKIPPED}
    assert "predict" not in skipped_ids or target_type is TargetType.TRANSFORM
    assert all(results[id_].details == {"applies": False} for id_ in skipped_ids)


def test_checks_before_build_need_the_folder_only(tmp_path: Path) -> None:
    evidence = Validation(tmp_path).evidence(data=None, build=None, run=None)
    results = run_checks(evidence, checks_before_build)
    assert [(result.id, result.status.value) for result in results] == [
        ("task_files", "passed"),
        ("metadata", "passed"),
        ("hooks", "passed"),
        ("requirements", "passed"),
    ]


def test_checks_before_run_need_the_data_too(tmp_path: Path) -> None:
    evidence = Validation(tmp_path).evidence(build=None, run=None)
    results = run_checks(evidence, checks_before_run)
    assert [(result.id, result.status.value) for result in results] == [
        ("sample_data", "passed"),
        ("input_schema", "passed"),
    ]


def test_a_fit_that_raises_is_one_failure(tmp_path: Path) -> None:
    validation = Validation(tmp_path).stage("fit", "failed", kind="fit", error=error("no column age", where="fit"))
    results = validation.results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["fit"]
    for id_ in ("artifact", "load", "predict", "row_count", "probabilities", "batch_independence", "missing_values"):
        assert results[id_].status is CheckStatus.SKIPPED
        assert results[id_].message == "not run because “Fit completes” failed"
        assert results[id_].details == {"cause": "fit"}


def test_a_killed_fit_is_the_failure_of_its_limit(tmp_path: Path) -> None:
    validation = Validation(tmp_path).stage("fit", "timeout", kind="fit", ended={"seconds": 60.2})
    results = validation.results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["time_limit"]
    assert results["fit"].message == "not run because “Time limit” failed"
    assert results["predict"].message == "not run because “Time limit” failed"
    assert results["predict"].details == {"cause": "time_limit"}


def test_what_was_not_reached_names_the_first_failure(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.findings = (Finding('There is no hook "fit".', "Define it.", "custom.py", 1, 1),)
    results = {result.id: result for result in run_checks(validation.evidence(build=None, run=None))}
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["hooks"]
    assert results["dependency_build"].message == "not run because “Hooks in the code” failed"
    assert results["predict"].message == "not run because “Hooks in the code” failed"


def test_what_was_not_asked_for_is_skipped_with_its_own_reason(tmp_path: Path) -> None:
    results = {result.id: result for result in run_checks(Validation(tmp_path).evidence(build=None, run=None))}
    assert results["dependency_build"].message == "the dependencies were not built"
    assert results["dependency_build"].details == {}
    assert results["fit"].message == "not run because “Dependencies install” was skipped"


def _always(outcome: Outcome) -> Check:
    return Check("first", "First", lambda _: outcome)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(passed(), ("passed", ""), id="after-passed"),
        pytest.param(warning("odd"), ("passed", ""), id="after-a-warning"),
        pytest.param(failed("bad"), ("skipped", "not run because “First” failed"), id="after-a-failure"),
        pytest.param(skipped("no"), ("skipped", "not run because “First” was skipped"), id="after-skipped"),
    ],
)
def test_needs(tmp_path: Path, outcome: Outcome, expected: tuple[str, str]) -> None:
    second = Check("second", "Second", lambda _: passed(), ("first",))
    third = Check("third", "Third", lambda _: passed(), ("second",))
    results = run_checks(Validation(tmp_path).evidence(), (_always(outcome), second, third))
    assert [(result.status.value, result.message) for result in results[1:]] == [expected, expected]


def test_a_needed_check_that_is_not_asked_for_counts_as_passed(tmp_path: Path) -> None:
    check = Check("second", "Second", lambda _: passed("went"), ("first",))
    [result] = run_checks(Validation(tmp_path).evidence(), (check,))
    assert (result.status.value, result.message) == ("passed", "went")


@pytest.mark.parametrize("trouble", [ValueError("cannot reshape"), OSError("no such file")], ids=["value", "os"])
def test_odd_files_are_a_failure_and_no_traceback(tmp_path: Path, trouble: Exception) -> None:
    def judge(_: Evidence) -> Outcome:
        raise trouble

    [result] = run_checks(Validation(tmp_path).evidence(), (Check("odd", "Odd", judge),))
    assert result.status is CheckStatus.FAILED
    assert result.message == f"the recorded output cannot be read: {trouble}"
