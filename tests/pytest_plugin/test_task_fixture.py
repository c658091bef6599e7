"""The fixture `task`, as tests of a task's own use it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SAMPLES = Path(__file__).parents[2] / "sample_tasks"
QUICK = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:anyio", "--task-backend=venv")


def test_a_test_validates_a_task_in_its_own_way(pytester: pytest.Pytester) -> None:
    shutil.copytree(SAMPLES / "regression_row_weights", pytester.path / "price")
    data = "".join(f"{n},{n % 7},{2 * n + 1}\n" for n in range(40))
    (pytester.path / "own.csv").write_text(f"a,b,y\n{data}")
    pytester.makepyfile(
        """
        import pytest

        def test_with_the_options_of_the_session(task):
            assert task.path.name == "price"
            assert task.report.passed
            assert task.report.check("sample_data").message.startswith("40 rows")
            assert list(task.predictions.columns) == ["Predictions"]
            assert len(task.predictions) == 40

        @pytest.mark.task("price")
        def test_with_options_of_its_own(task):
            report = task.validate(input=None, target=None)
            assert report.passed
            assert report is task.validate(input=None, target=None)
            assert report is not task.report
            assert "own.csv" not in report.check("sample_data").message
            assert len(task.predictions) == 40

        def test_what_is_no_check(task):
            with pytest.raises(LookupError, match="no check 'fitt'"):
                task.report.check("fitt")
        """
    )
    result = pytester.runpytest_subprocess(
        *QUICK, "--task=price", "--task-input=own.csv", "--task-target=y", "-k", "test_", "-v", "--strict-markers"
    )
    result.assert_outcomes(passed=3, deselected=39)
    result.stdout.fnmatch_lines(["*::test_with_options_of_its_own[[]price[]] PASSED*"])


def test_a_failed_assertion_tells_what_failed(pytester: pytest.Pytester) -> None:
    shutil.copytree(SAMPLES / "broken" / "refused_requirement", pytester.path / "refused")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.task("refused")
        def test_passes(task):
            assert task.report.passed

        @pytest.mark.task("refused")
        def test_predictions(task):
            task.predictions

        @pytest.mark.task("refused")
        def test_what_cannot_be_judged(task):
            task.validate(backend="magic")
        """
    )
    result = pytester.runpytest_subprocess(*QUICK)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*<Report of Refused requirement: failed, requirements: the platform refuses 1 line*",
            "*left no predictions*",
            "E *BackendUnavailable: the backend 'magic' is not available*",
        ]
    )
    assert "harness/backends" not in result.stdout.str()


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        pytest.param("", "Give --task FOLDER, or mark the test", id="nothing given"),
        pytest.param("@pytest.mark.task('nowhere')", "There is no such task folder.", id="no such folder"),
    ],
)
def test_without_a_task_only_the_tests_that_need_one_are_errors(
    marker: str, said: str, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(f"import pytest\n\n{marker}\ndef test_it(task):\n    pass\n\ndef test_other():\n    pass\n")
    result = pytester.runpytest_subprocess(*QUICK)
    result.assert_outcomes(passed=1, errors=1)
    assert said in result.stdout.str()


def test_a_fixture_of_that_name_in_a_suite_stays_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n\n@pytest.fixture\ndef task():\n    return 42\n\ndef test_it(task):\n    assert task == 42\n"
    )
    pytester.runpytest_subprocess(*QUICK).assert_outcomes(passed=1)
