"""`harness init`, run as a user runs it: what it makes passes at once."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import Settings, validate
from harness.records import CheckStatus
from harness.tasks import read_task

FILES = [".harnessignore", "Makefile", "README.md", "custom.py", "data.csv", "model-metadata.yaml"]
TARGETS = {
    "binary": "diagnosis",
    "regression": "disease progression",
    "multiclass": "species",
    "anomaly": None,
    "transform": "diagnosis",
}
INTERFACES = {
    "binary": "BinaryEstimatorInterface",
    "regression": "RegressionEstimatorInterface",
    "multiclass": "MulticlassEstimatorInterface",
    "anomaly": "AnomalyEstimatorInterface",
    "transform": "TransformerInterface",
}


def harness(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.parametrize("style", ["functions", "class"])
@pytest.mark.parametrize("target_type", TARGETS)
def test_a_new_task_passes_without_a_warning(target_type: str, style: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "my task"
    made = harness("init", folder, "--type", target_type, "--style", style, "--json")
    assert made.returncode == 0, made.stderr
    record = json.loads(made.stdout)
    assert [file["path"] for file in record.pop("files")] == FILES
    assert record == {
        "folder": str(folder),
        "name": "my task",
        "targetType": target_type,
        "style": style,
        "language": "python",
    }
    assert sorted(file.name for file in folder.iterdir()) == FILES
    with (folder / "data.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    target = TARGETS[target_type]
    assert 100 <= len(rows) <= 200
    assert target is None or target in rows[0]
    task = read_task(folder)
    assert (task.metadata.validation_input, task.metadata.validation_target) == ("data.csv", target)
    code = (folder / "custom.py").read_text()
    assert (f"class CustomTask({INTERFACES[target_type]}):" in code) == (style == "class")
    assert ("\ndef fit(" in code) == (style == "functions")

    report = validate(folder, Settings(backend="venv", output=tmp_path / "out"))
    bad = (CheckStatus.FAILED, CheckStatus.WARNING)
    problems = {check.id: check.message for check in report.checks if check.status in bad}
    # What this machine has in place of the platform's Python is not the task's fault.
    problems.pop("environment_notes", None)
    assert problems == {}
    assert report.exit_code == 0
    assert report.task is not None
    assert (report.task.name, report.task.target_type) == ("my task", target_type)


def test_make_test_validates_the_folder_and_make_bundle_writes_the_zip(tmp_path: Path) -> None:
    assert harness("init", tmp_path / "churn", "--type", "regression").returncode == 0
    program = f"HARNESS={sys.executable} -m harness"
    # Without the settings of the `make` that may run the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    for goal, expected in (("test", "PASSED churn"), ("bundle", "churn.zip: 3 files")):
        done = subprocess.run(
            ["make", "-s", "-C", tmp_path / "churn", goal, program],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout


def test_an_empty_folder_is_filled_and_named_after_itself(tmp_path: Path) -> None:
    folder = tmp_path / "yes"
    folder.mkdir()
    done = harness("init", ".", "--type", "anomaly", folder=folder)
    assert done.returncode == 0, done.stderr
    assert read_task(folder).name == "yes"
    assert "Try it: harness validate ." in done.stdout


def test_a_folder_with_files_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = harness("init", tmp_path, "--type", "binary")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"error: {tmp_path}: exists already and is not empty\n  fix: Choose another folder.\n")
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = harness("init", tmp_path / "notes.txt", "--type", "binary")
    assert done.returncode == 2
    assert "notes.txt: is a file" in done.stderr
    below = harness("init", tmp_path / "notes.txt" / "task", "--type", "binary")
    assert below.returncode == 2
    assert "notes.txt" in below.stderr
    assert "Traceback" not in below.stderr


def test_an_r_task_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    done = harness("init", tmp_path / "new", "--type", "binary", "--language", "r")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: R tasks cannot be built and run by the backends yet, so that none is made\n"
    assert not (tmp_path / "new").exists()


def test_the_type_has_to_be_given(tmp_path: Path) -> None:
    done = harness("init", tmp_path / "new")
    assert done.returncode == 2
    assert "--type" in done.stderr
    assert not (tmp_path / "new").exists()
