"""`drum push` of sample tasks, unmodified: it ends in trained models, whose logs and artifacts the client downloads."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from real_clients import Clients, run_script
from started_programs import PATIENCE_SECONDS, Served, wait_until

SAMPLE_TASKS = Path(__file__).parents[2] / "sample_tasks"
# y = 2 x + 1; and on which side of the middle a row is.
LINE = "x,y\n" + "".join(f"{x},{2 * x + 1}\n" for x in range(60))
SIDES = "x,kind,side\n" + "".join(f"{x},{'ab'[x % 2]},{'left' if x < 30 else 'right'}\n" for x in range(60))
REGRESSION, BINARY = "regression_row_weights", "binary_functions"


@dataclass(frozen=True, slots=True)
class Pushed:
    """A folder that was pushed, and what drum said: the task, the project, and the model that is trained."""

    folder: Path
    said: str
    task_id: str
    project_id: str
    model_id: str


@pytest.fixture(scope="module")
def pushed(clients: Clients, server: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pushed]:
    """Give what became of two sample tasks, pushed at the same time."""
    parent = tmp_path_factory.mktemp("pushed")

    def push(task: str, data: str, target: str) -> Pushed:
        folder = shutil.copytree(SAMPLE_TASKS / task, parent / task)
        (folder / "sample.csv").write_text(data)
        project = server.admin("project", "--data", str(folder / "sample.csv"), "--target", target)
        metadata = yaml.safe_load((folder / "model-metadata.yaml").read_text())
        metadata["validation"] = {"input": "sample.csv", "targetName": target}
        metadata["trainingModel"] = {"trainOnProject": project["id"]}
        (folder / "model-metadata.yaml").write_text(yaml.safe_dump(metadata, sort_keys=False))
        return drum_push(clients, server, folder)

    with ThreadPoolExecutor() as pool:
        regression = pool.submit(push, REGRESSION, LINE, "y")
        binary = pool.submit(push, BINARY, SIDES, "side")
        return {REGRESSION: regression.result(), BINARY: binary.result()}


def drum_push(clients: Clients, server: Served, folder: Path) -> Pushed:
    done = subprocess.run(
        [clients.bin / "drum", "push", "--code-dir", folder],
        cwd=folder.parent,
        env=clients.environment(server.url, server.token),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said + server.output
    task = re.search(r"/model-registry/custom-models/([0-9a-f]{24})", said)
    model = re.search(r"/projects/([0-9a-f]{24})/models/([0-9a-f]{24})/log", said)
    assert task, said
    assert model, said
    return Pushed(folder, said, task[1], model[1], model[2])


@pytest.fixture(scope="module")
def seen(
    pushed: dict[str, Pushed],
    api: httpx.Client,
    server: Served,
    clients: Clients,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Give what the client sees of both models when they are trained, and in `folder` what it downloaded."""
    for push in pushed.values():
        # A training that failed has logs, too.
        logs = f"projects/{push.project_id}/models/{push.model_id}/logs/"
        wait_until(partial(is_there, api, logs))
    folder = tmp_path_factory.mktemp("downloads")
    models = {name: [push.project_id, push.model_id] for name, push in pushed.items()}
    seen = run_script(clients, server, "models.py", folder, models=models, task=str(pushed[REGRESSION].folder))
    return {**seen, "folder": folder}


def is_there(api: httpx.Client, path: str) -> bool:
    return api.get(path).status_code == 200


def members(archive: Path) -> dict[str, str]:
    """Return name -> text of the files in a tar.gz."""
    with tarfile.open(archive, "r:gz") as opened:
        found = [(member.name, opened.extractfile(member)) for member in opened if member.isfile()]
        return {name: file.read().decode(errors="replace") for name, file in found if file}


def test_both_are_pushed(pushed: dict[str, Pushed], api: httpx.Client) -> None:
    for push in pushed.values():
        assert "Your model was successfully pushed" in push.said
        task = api.get(f"customTasks/{push.task_id}/").json()
        assert "sample.csv" in [item["filePath"] for item in task["latestVersion"]["items"]]
        assert api.delete(f"customTasks/{push.task_id}/").status_code == 409


def test_the_models_are_those_of_the_tasks(seen: dict[str, Any]) -> None:
    assert seen["types"] == {REGRESSION: "Weighted ridge regression", BINARY: "Logistic regression"}


def test_the_artifact_is_what_the_fit_left(seen: dict[str, Any]) -> None:
    artifacts = {name: members(seen["folder"] / f"{name}.artifact.tar.gz") for name in (REGRESSION, BINARY)}
    assert list(artifacts[REGRESSION]) == ["drum_artifact.pkl"]
    assert list(artifacts[BINARY]) == ["model.joblib"]
    # The line goes on: y is 2 * 100 + 1 at x = 100, up to the small penalty of the task.
    assert seen["prediction"] == pytest.approx(201, abs=1)


def test_the_logs_tell_of_the_build_and_the_fit(seen: dict[str, Any]) -> None:
    for name in (REGRESSION, BINARY):
        logs = members(seen["folder"] / f"{name}.logs.tar.gz")
        assert "+ pandas==" in logs["build.log"]
        assert 'stage "fit" ended: passed' in logs["fit.log"]
        assert "60 rows" in logs["checks.log"]


def test_the_blueprint_can_be_trained_again(seen: dict[str, Any], pushed: dict[str, Pushed]) -> None:
    assert seen["again"]["of the job"] == seen["again"]["of the model"] != pushed[REGRESSION].model_id
    assert seen["unknown"]["status"] == 404
