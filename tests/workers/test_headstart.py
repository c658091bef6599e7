"""The early worker saves time and never changes a verdict; unused, it leaves nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import Settings, validate
from harness.backends import BACKENDS
from harness.records import NetworkPolicy
from harness.workers import headstart

MakeTask = Callable[..., Path]
FIT = """
import json
import pickle
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    (Path(output_dir) / "model.pkl").write_bytes(pickle.dumps(float(y.mean())))


def load_model(code_dir):
    return pickle.loads((Path(code_dir) / "model.pkl").read_bytes())


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model + data.iloc[:, 0]})
"""


@pytest.fixture(autouse=True)
def no_notes(cache: Path) -> None:
    """Forget what earlier tests have noted, and spoilt."""
    for file in (cache / "headstart").glob("*.json"):
        file.unlink()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def task(make_task: MakeTask, backend: str) -> Path:
    """Give a task that has been validated once."""
    folder = make_task(FIT)
    assert validate(folder, Settings(backend=backend)).passed
    return folder


def running(cache: Path) -> int:
    return len(list((cache / "runs").glob("*/")))


def begin(task: Path, cache: Path) -> None:
    """Begin a worker; a container is started in a thread."""
    headstart.begin(["validate", str(task)])
    deadline = time.monotonic() + 30
    while running(cache) == 0:
        assert time.monotonic() < deadline, "nothing was started"
        time.sleep(0.01)


def test_the_second_run_of_a_folder_takes_the_early_worker(task: Path, backend: str, cache: Path) -> None:
    begin(task, cache)
    assert running(cache) == 1
    report = validate(task, Settings(backend=backend))
    assert report.passed
    assert running(cache) == 0


def test_an_edit_is_judged_as_edited(task: Path, backend: str, cache: Path) -> None:
    custom = task / "custom.py"
    custom.write_text("import decimal\nfrom sklearn.linear_model import Ridge\n" + custom.read_text() + "\n1 / 0\n")
    begin(task, cache)
    report = validate(task, Settings(backend=backend))
    assert [check.id for check in report.checks if check.status == "failed"] == ["fit"]


def test_a_worker_that_does_not_fit_the_plan_is_replaced(task: Path, backend: str, cache: Path) -> None:
    begin(task, cache)
    report = validate(task, Settings(backend=backend, network=NetworkPolicy.PUBLIC))
    assert report.passed
    assert running(cache) == 0


def test_other_dependencies_get_another_worker(task: Path, backend: str, cache: Path) -> None:
    (task / "requirements.txt").write_text("six==1.17.0\n")
    (task / "custom.py").write_text("import six\n" + FIT)
    begin(task, cache)
    assert validate(task, Settings(backend=backend)).passed


def test_other_imports_get_another_worker_and_the_next_run_begins_with_it(
    task: Path, backend: str, cache: Path
) -> None:
    (task / "custom.py").write_text("import sklearn.isotonic\n" + FIT)
    begin(task, cache)
    assert validate(task, Settings(backend=backend)).passed
    notes = [json.loads(file.read_text()) for file in (cache / "headstart").glob("*.json")]
    assert [note for note in notes if "sklearn.isotonic" in note["recipe"]["preload"]]
    assert running(cache) == 0


def test_an_early_worker_that_nobody_takes_is_gone(task: Path, cache: Path) -> None:
    begin(task, cache)
    assert running(cache) == 1
    headstart.drop()
    assert running(cache) == 0


def with_recipe(note: dict[str, Any], **changed: str) -> str:
    return json.dumps({**note, "recipe": {**note["recipe"], **changed}})


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda _: "not JSON", id="spoilt"),
        pytest.param(lambda _: "[]", id="of another form"),
        pytest.param(lambda note: json.dumps({**note, "kind": "ship"}), id="of another kind"),
        pytest.param(lambda note: with_recipe(note, python="/usr/bin/python3"), id="python from elsewhere"),
        pytest.param(lambda note: with_recipe(note, python=note["recipe"]["python"] + "-gone"), id="python is gone"),
        pytest.param(lambda note: with_recipe(note, image="task-harness/worker:gone"), id="image is gone"),
    ],
)
def test_a_note_that_cannot_be_used_only_costs_the_head_start(
    spoil: Callable[[dict[str, Any]], str], task: Path, backend: str, cache: Path
) -> None:
    for file in (cache / "headstart").glob("*.json"):
        file.write_text(spoil(json.loads(file.read_text())))
    headstart.begin(["validate", str(task)])
    assert validate(task, Settings(backend=backend)).passed
    assert running(cache) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="no command"),
        pytest.param(["deps"], id="another command"),
        pytest.param(["validate"], id="no folder"),
        pytest.param(["validate", "/nowhere", "--json"], id="no such folder"),
    ],
)
def test_without_a_task_nothing_is_started(arguments: list[str], cache: Path) -> None:
    before = running(cache)
    headstart.begin(arguments)
    assert running(cache) == before
