"""`pytest --task FOLDER`: each check is a test, as a person runs it, selects it, and reads what it says."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

pytest_plugins = ["pytester"]

SAMPLES = Path(__file__).parents[2] / "sample_tasks"
# What other packages bring along for pytest, and takes longer to load than a test here.
QUICK = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:anyio")
METADATA = "name: tried\ntype: training\ntargetType: regression\n"
CODE = "def fit(X, y, output_dir, **kwargs):\n    {}\n\n\ndef score(data, model, **kwargs):\n    return data\n"


@pytest.fixture
def run_pytest(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Give a function that runs pytest in a process of its own, on the venv backend."""

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(*QUICK, "--task-backend=venv", *arguments)

    return run


RunPytest = Callable[..., pytest.RunResult]


def copy_sample(pytester: pytest.Pytester, sample: str, to: str) -> Path:
    return Path(shutil.copytree(SAMPLES / sample, pytester.path / to))


def write_task(pytester: pytest.Pytester, to: str, requirements: str = "", code: str = CODE.format("pass")) -> Path:
    """Write a task that, with refused requirements, is judged without a build."""
    folder = pytester.path / to
    folder.mkdir(parents=True)
    (folder / "custom.py").write_text(code)
    (folder / "model-metadata.yaml").write_text(METADATA)
    (folder / "requirements.txt").write_text(requirements)
    return folder


def test_the_checks_of_every_task_pass_fail_and_are_skipped(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    copy_sample(pytester, "regression_row_weights", "tasks/good")
    copy_sample(pytester, "broken/fit_raises", "tasks/raises")
    result = run_pytest("--task=tasks", "-v", "-rfs", "--junitxml=junit.xml")
    assert result.ret == 1
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] + outcomes["skipped"] + 1 == 2 * 39
    result.stdout.fnmatch_lines(
        [
            "tasks/good::fit PASSED*",
            "tasks/good::class_labels SKIPPED*",
            "tasks/raises::fit FAILED*",
            "tasks/raises::predict SKIPPED*",
            "*_ tasks/raises::fit _*",
            "tasks/raises/custom.py:11: fit raised KeyError: 'alpha'*",
            "fix: *",
            '  File "custom.py", line 11, in fit',
            "KeyError: 'alpha'",
            "FAILED tasks/raises::fit - fit raised KeyError*",
            "SKIPPED * tasks/raises/custom.py:1: not run because “Fit completes” failed",
        ]
    )
    assert "pytest_plugin" not in result.stdout.str()
    (failed,) = [
        case
        for case in ET.parse(pytester.path / "junit.xml").getroot().iter("testcase")
        if case.find("failure") is not None
    ]
    assert (failed.attrib["classname"], failed.attrib["name"]) == ("tasks.raises", "fit")
    failure = failed.find("failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("fit raised KeyError: 'alpha'")
    assert "tasks/raises/custom.py:11:" in (failure.text or "")


def test_collecting_validates_nothing(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    write_task(pytester, "one/churn")
    write_task(pytester, "two/churn")
    result = run_pytest("--task=one", "--task=two/churn", "--task=two", "--collect-only", "-q", "--task-backend=none")
    assert result.ret == 0
    ids = [line for line in result.outlines if "::" in line]
    assert len(ids) == 2 * 39
    assert ids[0] == "one/churn::task_files"
    assert ids[39] == "two/churn::task_files"


def test_the_tests_of_a_suite_are_collected_with_the_checks(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    write_task(pytester, "tasks/churn")
    pytester.makepyfile("def test_own():\n    pass\n")
    result = run_pytest("--task=tasks", "--collect-only", "-q", "-k", "own or fit")
    assert [line for line in result.outlines if "::" in line] == [
        "test_the_tests_of_a_suite_are_collected_with_the_checks.py::test_own",
        "tasks/churn::fit",
    ]


def test_node_ids_select_checks(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    write_task(pytester, "tasks/churn", "six~=1.0\n")
    write_task(pytester, "tasks/price", "six~=1.0\n")
    result = run_pytest("--task=tasks", "tasks/churn::requirements", "tasks/churn::hooks", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["tasks/churn::hooks PASSED*", "tasks/churn::requirements FAILED*"])


def test_what_failed_last_is_run_again_alone(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    task = write_task(pytester, "tasks/churn", "six~=1.0\n")
    run_pytest("--task=tasks").assert_outcomes(passed=3, failed=1, skipped=35)
    run_pytest("--task=tasks", "--lf").assert_outcomes(failed=1, deselected=38)
    (task / "requirements.txt").write_text("six!=1.0\n")
    stopped = run_pytest("--task=tasks", "-x")
    stopped.assert_outcomes(passed=3, failed=1)
    stopped.stdout.fnmatch_lines(["tasks/churn/requirements.txt:1: *!=*"])


def test_a_warning_of_a_check_is_a_warning_of_pytest(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    task = write_task(pytester, "churn", "six~=1.0\n")
    (task / "model-metadata.yml").write_text("")
    arguments = ("--task=churn", "churn::metadata")
    result = run_pytest(*arguments)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["churn::metadata", "*churn/model-metadata.yml:1: CheckWarning: *"])
    run_pytest(*arguments, "-W", "error::harness.pytest_plugin.outcomes.CheckWarning").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--task=nowhere"], "There is no such task folder.", id="no such folder"),
        pytest.param(["--task=empty"], "There is no task folder here.", id="a folder without tasks"),
        pytest.param(["--task=churn", "churn::fitt"], "churn::fitt: there is no such check", id="no such check"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    arguments: list[str], said: str, pytester: pytest.Pytester, run_pytest: RunPytest
) -> None:
    write_task(pytester, "churn")
    pytester.mkdir("empty")
    result = run_pytest(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


def test_what_cannot_be_judged_is_an_error_of_each_check(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    write_task(pytester, "churn")
    pytester.makeini("[pytest]\nharness_backend = magic\n")
    result = pytester.runpytest_subprocess(*QUICK, "--task=churn", "-k", "fit or hooks")
    result.assert_outcomes(errors=2, deselected=37)
    result.stdout.fnmatch_lines(
        ["*_ ERROR at setup of churn::fit _*", "the backend 'magic' is not available", "fix: Use --backend *"]
    )
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin" not in result.stdout.str()


def test_processes_of_xdist_share_the_checks(pytester: pytest.Pytester, run_pytest: RunPytest) -> None:
    write_task(pytester, "tasks/churn", "six~=1.0\n")
    write_task(pytester, "tasks/price", "six~=1.0\n")
    names = [
        f"{task}::{check}" for task in ("tasks/churn", "tasks/price") for check in ("hooks", "requirements", "fit")
    ]
    result = run_pytest("--task=tasks", "-n", "2", *names)
    result.assert_outcomes(passed=2, failed=2, skipped=2)
    result.stdout.fnmatch_lines(["FAILED tasks/churn::requirements - the platform refuses 1 line*"])


def test_an_interrupted_validation_leaves_no_process(pytester: pytest.Pytester, cache: Path) -> None:
    started = pytester.path / "started"
    code = CODE.format(f"open({str(started)!r}, 'w').close(); import time; time.sleep(1000)")
    write_task(pytester, "churn", code=code)
    command = [sys.executable, "-m", "pytest", *QUICK, "--task-backend=venv", "--task=churn"]
    with pytester.popen(command, stdin=subprocess.DEVNULL) as process:
        wait_until(started.exists)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    wait_until(lambda: not [one for one in psutil.process_iter(["cwd"]) if str(cache / "runs") in str(one.info["cwd"])])
    assert list((cache / "runs").glob("*/")) == []


def wait_until(happened: Callable[[], bool], seconds: float = 240) -> None:
    latest = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < latest
        time.sleep(0.05)


def test_nothing_heavy_is_loaded_where_no_task_is_asked_for(pytester: pytest.Pytester) -> None:
    program = (
        "import sys, pytest\nbefore = set(sys.modules)\nimport harness.pytest_plugin\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    done = pytester.run(sys.executable, "-c", program)
    assert done.outlines == ["['harness', 'harness.pytest_plugin', 'harness.version']"]
