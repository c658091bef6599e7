"""The command as a person runs it: exit codes, one message, one JSON document."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """
import pickle
from pathlib import Path

import pandas as pd
from sklearn.linear_model import Ridge


def fit(X, y, output_dir, **kwargs):
    with (Path(output_dir) / "model.pkl").open("wb") as file:
        pickle.dump(Ridge().fit(X, y), file)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model.predict(data)})
"""
MakeTask = Callable[..., Path]


def harness(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_a_passing_task_exits_with_0_and_leaves_report_archives_and_predictions(
    make_task: MakeTask, tmp_path: Path
) -> None:
    done = harness("validate", make_task(GOOD), "--output", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED" in done.stdout
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "logs.tar.gz",
        "predictions.csv",
        "report.html",
        "report.json",
        "trainingArtifact.tar.gz",
    ]
    with tarfile.open(tmp_path / "out" / "trainingArtifact.tar.gz") as archive:
        assert archive.getnames() == ["model.pkl"]
    with tarfile.open(tmp_path / "out" / "logs.tar.gz") as archive:
        assert {"build.log", "checks.log", "fit.log", "predict.log"} <= set(archive.getnames())


def test_json_is_one_document_in_the_agreed_form(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(GOOD, requirements="six>=1.16,<2  # a small one\n")
    done = harness("validate", task, "--backend", "venv", "--output", tmp_path / "out", "--json")
    report = json.loads(done.stdout)
    assert report["schemaVersion"] == 1
    assert report["verdict"] == "passed"
    assert report["task"] == {
        "name": "tried",
        "path": str(task),
        "language": "python",
        "targetType": "regression",
        "interface": "hooks",
    }
    assert report["environment"]["backend"] == "venv"
    assert report["environment"]["id"] == "5e8c889607389fe0f466c72d"
    assert report["dependencies"] == [
        {
            "packageName": "six",
            "constraints": [
                {"constraintType": ">=", "version": "1.16"},
                {"constraintType": "<", "version": "2"},
            ],
            "line": "six>=1.16,<2  # a small one",
            "lineNumber": 1,
        }
    ]
    assert report["build"]["buildStatus"] == "success"
    assert report["build"]["buildStart"].endswith("Z")
    assert [stage["name"] for stage in report["stages"]] == ["fit", "predict", "predict-again", "robustness"]
    assert {"name", "status", "seconds", "peakMemoryBytes", "exitCode"} <= set(report["stages"][0])
    assert {"id", "title", "status", "message", "details"} <= set(report["checks"][0])
    assert Path(report["archives"]["logs"]).is_file()
    assert Path(report["outputs"]["predictions"]).read_text().startswith("Predictions\n")
    assert set(report["seconds"]) == {"total", "build", "run", "checks"}


def test_several_tasks_give_one_document_with_the_worst_verdict(make_task: MakeTask, tmp_path: Path) -> None:
    good = make_task(GOOD, name="good")
    bad = make_task(GOOD.replace("Ridge().fit(X, y)", "1 / 0"), name="bad")
    done = harness("validate", good, bad, "--output", tmp_path / "out", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["verdict"] == "failed"
    assert [report["verdict"] for report in document["reports"]] == ["passed", "failed"]
    assert (tmp_path / "out" / "good" / "predictions.csv").is_file()
    assert (tmp_path / "out" / "bad" / "logs.tar.gz").is_file()


HOOKS_THAT_END_BADLY = {
    "raises": ("raise ValueError('not today')", "not today"),
    "sys.exit": ("import sys; sys.exit(0)", "exit"),
    "os._exit": ("import os; os._exit(0)", "exit"),
    "segfault": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    "keyboard interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
}


@pytest.mark.parametrize("how", HOOKS_THAT_END_BADLY)
def test_a_fit_that_ends_badly_is_one_failure_with_its_log(how: str, make_task: MakeTask, tmp_path: Path) -> None:
    statement, expected = HOOKS_THAT_END_BADLY[how]
    task = make_task(f"def fit(X, y, output_dir, **kwargs):\n    {statement}\n")
    done = harness("validate", task, "--output", tmp_path / "out", "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [check for check in json.loads(done.stdout)["checks"] if check["status"] == "failed"]
    assert [check["id"] for check in failed] == ["fit"]
    assert expected in failed[0]["message"]
    with tarfile.open(tmp_path / "out" / "logs.tar.gz") as archive:
        assert "fit.log" in archive.getnames()


def test_an_endless_loop_ends_at_the_time_limit(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task("def fit(X, y, output_dir, **kwargs):\n    while True:\n        pass\n")
    done = harness("validate", task, "--output", tmp_path / "out", "--json", "--timeout", "2")
    assert done.returncode == 1
    failed = [check["id"] for check in json.loads(done.stdout)["checks"] if check["status"] == "failed"]
    assert failed == ["time_limit"]


def test_a_memory_bomb_ends_at_the_memory_limit(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(
        "def fit(X, y, output_dir, **kwargs):\n    all = []\n    while True:\n        all.append(bytes(10**7))\n"
    )
    done = harness("validate", task, "--output", tmp_path / "out", "--json", "--memory", 600_000_000)
    assert done.returncode == 1
    failed = [check["id"] for check in json.loads(done.stdout)["checks"] if check["status"] == "failed"]
    assert failed == ["memory_limit"]


CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n"


def _no_folder(tmp_path: Path, make_task: MakeTask) -> list[object]:
    return [tmp_path / "nowhere"]


def _empty_folder(tmp_path: Path, make_task: MakeTask) -> list[object]:
    (tmp_path / "empty").mkdir()
    return [tmp_path / "empty"]


def _no_custom_file(tmp_path: Path, make_task: MakeTask) -> list[object]:
    task = make_task(CUSTOM)
    (task / "custom.py").rename(task / "costum.py")
    return [task]


def _both_languages(tmp_path: Path, make_task: MakeTask) -> list[object]:
    return [make_task(CUSTOM, **{"custom.R": "fit <- function(X, y, output_dir, ...) {}\n"})]


def _no_target_type(tmp_path: Path, make_task: MakeTask) -> list[object]:
    task = make_task(CUSTOM)
    (task / "model-metadata.yaml").unlink()
    return [task]


def _unknown_environment(tmp_path: Path, make_task: MakeTask) -> list[object]:
    return [make_task(GOOD), "--env", "python3_sklern"]


def _unwritable_output(tmp_path: Path, make_task: MakeTask) -> list[object]:
    (tmp_path / "file").write_text("in the way")
    return [make_task(GOOD), "--output", tmp_path / "file" / "out"]


def _data(text: bytes, *options: str) -> Callable[[Path, MakeTask], list[object]]:
    def arrange(tmp_path: Path, make_task: MakeTask) -> list[object]:
        (tmp_path / "data.csv").write_bytes(text)
        return [make_task(GOOD), "--input", tmp_path / "data.csv", *options]

    return arrange


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        pytest.param(_no_folder, "nowhere", id="missing folder"),
        pytest.param(_empty_folder, "empty", id="empty folder"),
        pytest.param(_no_custom_file, "custom.py", id="no custom file"),
        pytest.param(_both_languages, "custom.R", id="both languages"),
        pytest.param(_no_target_type, "--target-type", id="target type unknown"),
        pytest.param(_unknown_environment, "python3_sklearn", id="unknown environment"),
        pytest.param(_unwritable_output, "--output", id="unwritable output"),
        pytest.param(_data(b"a,price\n1,2\n", "--target", "prise"), "price", id="missing target column"),
        pytest.param(_data(b"", "--target", "y"), "empty", id="empty CSV"),
        pytest.param(_data(b"a,y\n", "--target", "y"), "row", id="header only"),
        pytest.param(_data(b"a,y\n1,2\n1,2,3\n", "--target", "y"), "data.csv:3", id="ragged CSV"),
        pytest.param(_data(b"a,y\ncaf\xe9,2\n", "--target", "y"), "UTF-8", id="wrong encoding"),
        pytest.param(_data(b"a,y\n1,2\n"), "--target", id="no target given"),
    ],
)
def test_unusable_input_is_one_message_and_exit_code_2(
    arrange: Callable[[Path, MakeTask], list[object]], expected: str, tmp_path: Path, make_task: MakeTask
) -> None:
    arguments = arrange(tmp_path, make_task)
    done = harness("validate", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert expected in done.stderr
    assert "fix: " in done.stderr
    assert "Traceback" not in done.stderr
    as_json = json.loads(harness("validate", *arguments, "--json").stdout)
    assert as_json["verdict"] == "error"
    assert as_json["error"]["remedy"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [pytest.param(["a"], "1", id="one class"), pytest.param(["a", "b", "c"], "3", id="three classes")],
)
def test_a_binary_target_has_two_classes(labels: list[str], expected: str, make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(GOOD, "name: tried\ntype: training\ntargetType: binary\n")
    rows = "".join(f"{number},{labels[number % len(labels)]}\n" for number in range(12))
    (tmp_path / "data.csv").write_text("x,y\n" + rows)
    done = harness("validate", task, "--input", tmp_path / "data.csv", "--target", "y")
    assert done.returncode == 2
    assert expected in done.stderr


def test_a_backend_that_is_not_there_is_exit_code_4(make_task: MakeTask) -> None:
    done = harness("validate", make_task(GOOD), "--backend", "podman", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["verdict"] == "error"


def test_a_dependency_that_does_not_exist_is_exit_code_3_and_names_the_line(
    make_task: MakeTask, tmp_path: Path
) -> None:
    task = make_task(GOOD, requirements="# what it needs\nsix\nno-such-package-of-ours==1.0\n")
    done = harness("validate", task, "--output", tmp_path / "out", "--json")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert report["build"]["buildStatus"] == "failed"
    assert report["build"]["diagnosis"]["category"] == "no_such_package"
    assert report["build"]["diagnosis"]["lineNumber"] == 3
    assert report["stages"] == []
    with tarfile.open(tmp_path / "out" / "logs.tar.gz") as archive:
        assert "build.log" in archive.getnames()


def test_a_mistaken_option_is_exit_code_2() -> None:
    done = harness("validate", "--no-such-option")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_class_labels_may_follow_one_option(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(GOOD, "name: tried\ntype: training\ntargetType: multiclass\n")
    (tmp_path / "data.csv").write_text("x,y\n" + "1,a\n2,b\n3,c\n" * 5)
    data = ["--input", tmp_path / "data.csv", "--target", "y"]
    done = harness("validate", task, *data, "--class-labels", "a", "b", "d")
    assert done.returncode == 2
    assert "'d'" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interrupted_run_exits_with_130_and_leaves_no_process(
    number: signal.Signals, make_task: MakeTask, tmp_path: Path, cache: Path
) -> None:
    started = tmp_path / "started"
    task = make_task(
        "import time\n\n\ndef fit(X, y, output_dir, **kwargs):\n"
        f"    open({str(started)!r}, 'w').close()\n    time.sleep(1000)\n"
    )
    command = [sys.executable, "-m", "harness", "validate", str(task), "--backend", "venv"]
    command += ["--output", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(started.exists)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list((cache / "runs").glob("*/")) == []
    wait_until(lambda: not processes_in(cache / "runs"))


def test_a_killed_run_leaves_no_process_and_the_next_one_removes_its_folder(
    make_task: MakeTask, tmp_path: Path, cache: Path
) -> None:
    started = tmp_path / "started"
    task = make_task(
        "import time\n\n\ndef fit(X, y, output_dir, **kwargs):\n"
        f"    open({str(started)!r}, 'w').close()\n    time.sleep(1000)\n"
    )
    command = [sys.executable, "-m", "harness", "validate", str(task), "--backend", "venv"]
    command += ["--output", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until(started.exists)
        process.kill()
    wait_until(lambda: not processes_in(cache / "runs"))
    assert len(list((cache / "runs").glob("*/"))) == 1
    assert harness("validate", make_task(GOOD, name="next")).returncode == 0
    assert list((cache / "runs").glob("*/")) == []


def processes_in(folder: Path) -> list[int]:
    """Return the processes that work below the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            directory = str((process / "cwd").readlink())
        except OSError:
            continue
        if directory.startswith(str(folder)):
            found.append(int(process.name))
    return found


def wait_until(happened: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
