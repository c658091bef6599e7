"""Models: real trainings by the real queue, with logs and artifacts, cancelled and begun again."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from running_app import (
    ENVIRONMENT,
    PATIENCE_SECONDS,
    PAUSE_SECONDS,
    RunningApp,
    began,
    into_menu,
    made,
    new_blueprint,
    new_project,
    new_task,
    reached,
    running_app,
)
from sklearn.datasets import load_breast_cancer, load_diabetes
from sqlalchemy import update

from harness.environments import find_environment
from harness.server.store import jobs, trainings
from harness.server.store.tables import TaskVersion

MEAN = """
import os
import pickle
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    print("region", os.environ.get("REGION"))
    Path(output_dir, "model.pkl").write_bytes(pickle.dumps(float(y.mean())))


def load_model(code_dir):
    return pickle.loads(Path(code_dir, "model.pkl").read_bytes())


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": [model] * len(data)})
"""
BROKEN = MEAN.replace("    print(", "    raise ValueError('the rows do not suit me')\n    print(")
STUCK = MEAN.replace("    print(", "    import threading\n    threading.Event().wait()\n    print(")
SHARE = """
import pickle
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, class_order=None, **kwargs):
    print("classes", class_order)
    Path(output_dir, "model.pkl").write_bytes(pickle.dumps(list(class_order)))


def load_model(code_dir):
    return pickle.loads(Path(code_dir, "model.pkl").read_bytes())


def score(data, model, **kwargs):
    return pd.DataFrame({model[0]: [0.25] * len(data), model[1]: [0.75] * len(data)})
"""
NOWHERE = "0123456789abcdef01234567"
OVER = ("COMPLETED", "error", "ABORTED")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("models")) as running:
        yield running


@pytest.fixture(scope="module")
def diabetes() -> str:
    """Give 442 rows with the numeric column `target`."""
    return str(load_diabetes(as_frame=True).frame.to_csv(index=False))


@pytest.fixture(scope="module")
def project(app: RunningApp, diabetes: str) -> str:
    return new_project(app.ana, diabetes, target="target")


def in_menu(app: RunningApp, project: str, code: str, target_type: str = "Regression") -> str:
    task = new_task(app.ana, {"custom.py": code}, target_type=target_type)
    return into_menu(app.ana, project, new_blueprint(app.ana, task))


def members(archive: httpx.Response) -> dict[str, str]:
    assert archive.status_code == 200, archive.text
    assert archive.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in archive.headers
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as opened:
        files = {member.name: opened.extractfile(member) for member in opened}
        return {name: file.read().decode(errors="replace") for name, file in files.items() if file}


def test_a_blueprint_is_trained(app: RunningApp, project: str) -> None:
    blueprint = in_menu(app, project, MEAN)
    job = began(app.ana, project, blueprint)
    first = app.ana.get(job)
    assert first.status_code == 200
    number, model_id = first.json()["id"], first.json()["modelId"]
    assert job.endswith(f"/projects/{project}/modelJobs/{number}/")
    place = f"projects/{project}/models/{model_id}/"
    early = app.ana.get(place)
    featurelist = app.ana.get(f"projects/{project}/featurelists/").json()[0]["id"]
    done = reached(app.ana, job, *OVER)
    assert done == {
        "id": number,
        "status": "COMPLETED",
        "projectId": project,
        "modelId": model_id,
        "modelType": "Ridge",
        "processes": ["Ridge"],
        "blueprintId": blueprint,
        "featurelistId": featurelist,
        "samplePct": 100.0,
        "isBlocked": False,
        "message": None,
    }
    answer = app.ana.get(job)
    assert (answer.status_code, answer.json()) == (303, done)
    assert early.status_code == 404
    model = made(app.ana.get(answer.headers["Location"]))
    metrics = model.pop("metrics")
    assert list(metrics) == ["RMSE", "MAE", "R Squared"]
    # The standard deviation of the target, as a mean predicts it.
    assert metrics["RMSE"] == {"validation": None, "training": pytest.approx(77.0057, abs=1e-3)}
    assert model == {
        "id": model_id,
        "projectId": project,
        "modelType": "Ridge",
        "modelCategory": "model",
        "modelNumber": int(number),
        "processes": ["Ridge"],
        "blueprintId": blueprint,
        "featurelistId": featurelist,
        "featurelistName": "Raw Features",
        "samplePct": 100.0,
        "trainingRowCount": 442,
        "isFrozen": False,
        "isStarred": False,
    }
    logs = members(app.ana.get(f"{place}logs/"))
    assert logs.keys() >= {"build.log", "fit.log", "predict.log"}
    artifact = app.ana.get(f"{place}trainingArtifact/")
    assert list(members(artifact)) == ["model.pkl"]
    assert artifact.headers["Content-Disposition"] == "attachment; filename=training-artifact.tar.gz"
    refused = [app.ben.get(f"{place}logs/"), app.ben.get(f"{place}trainingArtifact/")]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert app.ben.get(place).status_code == 404


def test_the_first_look_finds_the_job_also_when_it_is_done(app: RunningApp, project: str) -> None:
    job = began(app.ana, project, in_menu(app, project, BROKEN.replace("raise ValueError", "str")))
    number = job.split("/")[-2]
    listed = f"projects/{project}/modelJobs/?status=COMPLETED"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while number not in [record["id"] for record in app.ana.get(listed).json()]:
        assert time.monotonic() < deadline
        time.sleep(PAUSE_SECONDS)
    looks = [app.ana.get(job) for _ in range(3)]
    assert [answer.status_code for answer in looks] == [200, 303, 303]
    assert {answer.json()["status"] for answer in looks} == {"COMPLETED"}


def test_required_metadata_is_in_the_environment_of_the_task(tmp_path: Path, diabetes: str) -> None:
    environment = tmp_path / "keyed"
    shutil.copytree(find_environment(ENVIRONMENT).folder or "", environment)
    document = json.loads((environment / "env_info.json").read_text())
    keys = [{"fieldName": "REGION", "displayName": "Region"}]
    (environment / "env_info.json").write_text(json.dumps({**document, "id": NOWHERE, "requiredMetadataKeys": keys}))
    with running_app(tmp_path, environments=(environment,)) as app:
        project = new_project(app.ana, diabetes, target="target")
        value = json.dumps([{"fieldName": "REGION", "value": "eu"}])
        task = new_task(app.ana, {"custom.py": MEAN}, baseEnvironmentId=NOWHERE, requiredMetadataValues=value)
        job = began(app.ana, project, into_menu(app.ana, project, new_blueprint(app.ana, task)))
        done = reached(app.ana, job, *OVER)
        logs = members(app.ana.get(f"projects/{project}/models/{done['modelId']}/logs/"))
    assert (done["status"], "region eu" in logs["fit.log"]) == ("COMPLETED", True)


@pytest.mark.parametrize(
    ("attempts", "told"), [(1, "the rows do not suit me"), (3, "The server ended 3 times while it was at this.")]
)
def test_what_a_killed_server_was_at_is_begun_again_or_given_up(
    tmp_path: Path, diabetes: str, attempts: int, told: str
) -> None:
    with running_app(tmp_path, has_begun=False) as app:
        project = new_project(app.ana, diabetes, target="target")
        job = began(app.ana, project, in_menu(app, project, BROKEN))
        with app.state.database.write() as session:
            taken = jobs.take_next(session)
            assert taken is not None
            trainings.note_begun(session, taken.subject, taken.id)
            taken.attempts = attempts
        assert app.ana.get(job).json()["status"] == "inprogress"
        app.begin_jobs()
        done = reached(app.ana, job, *OVER)
        logs = members(app.ana.get(f"projects/{project}/models/{done['modelId']}/logs/"))
    assert (done["status"], told in done["message"]) == ("error", True)
    assert any(told in log for log in logs.values())


def test_a_training_without_its_base_environment_fails_with_logs(tmp_path: Path, diabetes: str) -> None:
    with running_app(tmp_path, has_begun=False) as app:
        project = new_project(app.ana, diabetes, target="target")
        job = began(app.ana, project, in_menu(app, project, MEAN))
        with app.state.database.write() as session:
            session.execute(update(TaskVersion).values(base_environment_id=NOWHERE))
        app.begin_jobs()
        done = reached(app.ana, job, *OVER)
        logs = members(app.ana.get(f"projects/{project}/models/{done['modelId']}/logs/"))
        left = list(app.state.work_folder.iterdir())
    assert (done["status"], "--env FOLDER" in done["message"]) == ("error", True)
    assert done["message"] in logs["training.log"]
    assert left == []


def test_a_failed_training_says_why_and_has_logs(app: RunningApp, project: str) -> None:
    task = new_task(app.ana, {"custom.py": BROKEN})
    blueprint = new_blueprint(app.ana, task)
    job = began(app.ana, project, into_menu(app.ana, project, blueprint))
    done = reached(app.ana, job, *OVER)
    assert done["status"] == "error"
    assert "the rows do not suit me" in done["message"]
    assert app.ana.get(job).status_code == 200
    place = f"projects/{project}/models/{done['modelId']}/"
    assert "the rows do not suit me" in members(app.ana.get(f"{place}logs/"))["fit.log"]
    assert app.ana.get(f"{place}trainingArtifact/").status_code == 404
    told = app.ana.get(place)
    assert (told.status_code, "the rows do not suit me" in told.json()["message"]) == (404, True)
    listed = app.ana.get(f"projects/{project}/modelJobs/?status=error").json()
    assert done["id"] in [record["id"] for record in listed]
    assert done["modelId"] not in [record["id"] for record in app.ana.get(f"projects/{project}/models/").json()]
    # What came to nothing is in nobody's way.
    assert app.ana.delete(f"customTasks/{task}/").json()["models"] == []
    app.ana.delete(f"userBlueprints/{blueprint['userBlueprintId']}/")
    assert app.ana.delete(f"customTasks/{task}/").status_code == 204
    assert app.ana.get(job).status_code == 404


def test_the_classes_of_the_project_are_those_of_the_task(app: RunningApp) -> None:
    cancer = new_project(app.ana, load_breast_cancer(as_frame=True).frame.to_csv(index=False))
    aim = {"target": "target", "mode": "manual", "positiveClass": 1}
    assert app.ana.patch(f"projects/{cancer}/aim/", json=aim).status_code == 202
    job = began(app.ana, cancer, in_menu(app, cancer, SHARE, "Binary"))
    done = reached(app.ana, job, *OVER)
    assert (done["status"], done["message"]) == ("COMPLETED", None)
    logs = members(app.ana.get(f"projects/{cancer}/models/{done['modelId']}/logs/"))
    assert "classes ['1', '0']" in logs["fit.log"]


def test_trainings_wait_their_turn_and_can_be_cancelled(tmp_path: Path, diabetes: str) -> None:
    with running_app(tmp_path, jobs=1) as app:
        project = new_project(app.ana, diabetes, target="target")
        task = new_task(app.ana, {"custom.py": STUCK})
        user_blueprint = new_blueprint(app.ana, task)
        blueprint = into_menu(app.ana, project, user_blueprint)
        running = began(app.ana, project, blueprint)
        reached(app.ana, running, "inprogress")
        again = app.ana.post(f"projects/{project}/models/", json={"blueprintId": blueprint})
        assert (again.status_code, again.json()["errorName"]) == (422, "JobAlreadyAdded")
        waiting_task = new_task(app.ana, {"custom.py": MEAN})
        waiting_blueprint = new_blueprint(app.ana, waiting_task)
        waiting = began(app.ana, project, into_menu(app.ana, project, waiting_blueprint))
        assert app.ana.get(waiting).json()["status"] == "queue"
        listed = app.ana.get(f"projects/{project}/modelJobs/").json()
        assert [record["status"] for record in listed] == ["inprogress", "queue"]
        # Even without a blueprint, a model to come keeps its task.
        app.ana.delete(f"userBlueprints/{waiting_blueprint['userBlueprintId']}/")
        refused = app.ana.delete(f"customTasks/{waiting_task}/")
        assert (refused.status_code, len(refused.json()["models"])) == (409, 1)
        for job in (waiting, running):
            assert app.ana.delete(job).status_code == 204
            assert app.ana.get(job).json()["status"] == "ABORTED"
            assert app.ana.delete(job).status_code == 409
        assert app.ana.delete(f"customTasks/{waiting_task}/").status_code == 204
        model = app.ana.get(running).json()["modelId"]
        assert app.ana.get(f"projects/{project}/models/{model}/logs/").status_code == 404
        # The thread is free again, so that the stuck task's process has been ended.
        after = began(app.ana, project, in_menu(app, project, BROKEN))
        assert reached(app.ana, after, *OVER)["id"] == "3"
        # A project takes what runs in it along.
        begun = began(app.ana, project, blueprint)
        reached(app.ana, begun, "inprogress")
        assert app.ana.delete(f"projects/{project}/").status_code == 204
        app.ana.delete(f"userBlueprints/{user_blueprint['userBlueprintId']}/")
        assert app.ana.delete(f"customTasks/{task}/").status_code == 204


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        pytest.param({"blueprintId": "0" * 32}, "blueprintId", id="no-such-blueprint"),
        pytest.param({"sourceProjectId": NOWHERE}, "sourceProjectId", id="no-such-source"),
        pytest.param({"featurelistId": NOWHERE}, "featurelistId", id="no-such-featurelist"),
        pytest.param({"nClusters": 3}, "nClusters", id="clusters"),
        pytest.param({"monotonicIncreasingFeaturelistId": NOWHERE}, "monotonicIncreasing", id="monotonic"),
        pytest.param({"samplePct": 101}, "samplePct", id="more-than-all"),
        pytest.param({"sample": 64}, "sample", id="unknown-field"),
    ],
)
def test_what_cannot_be_trained_is_refused(app: RunningApp, project: str, wanted: dict[str, object], told: str) -> None:
    blueprint = in_menu(app, project, STUCK)
    answer = app.ana.post(f"projects/{project}/models/", json={"blueprintId": blueprint, **wanted})
    assert answer.status_code == 422
    assert told in str(answer.json()["errors"])


@pytest.mark.parametrize(
    ("target_type", "target", "told"),
    [
        pytest.param("Binary", "price", "of target type Binary, and the project of Regression", id="other-type"),
        pytest.param("Anomaly", "price", "of target type Anomaly", id="anomaly-with-a-target"),
        pytest.param("TextGeneration", "price", "cannot be trained", id="never-trained"),
        pytest.param("Regression", None, "has no target yet", id="no-target"),
    ],
)
def test_task_and_project_have_to_fit(app: RunningApp, target_type: str, target: str | None, told: str) -> None:
    rows = "".join(f"{row},{row * 10}\n" for row in range(12))
    project = new_project(app.ana, f"size,price\n{rows}", target=target)
    blueprint = in_menu(app, project, STUCK, target_type)
    answer = app.ana.post(f"projects/{project}/models/", json={"blueprintId": blueprint})
    assert (answer.status_code, told in answer.json()["message"]) == (422, True)


def test_models_are_listed_and_deleted(app: RunningApp, diabetes: str) -> None:
    project = new_project(app.ana, diabetes, target="target")
    task = new_task(app.ana, {"custom.py": MEAN.replace("float(y.mean())", "0.0")})
    user_blueprint = new_blueprint(app.ana, task)
    worse = into_menu(app.ana, project, user_blueprint)
    begun = [began(app.ana, project, blueprint) for blueprint in (worse, in_menu(app, project, MEAN))]
    ids = [reached(app.ana, job, "COMPLETED")["modelId"] for job in begun]

    def found(query: str) -> list[str]:
        return [record["id"] for record in app.ana.get(f"projects/{project}/models/{query}").json()]

    assert found("") == found("?orderBy=-metric") == found("?name=ridg") == [ids[1], ids[0]]
    assert found("?orderBy=metric") == found("?orderBy=samplePct") == ids
    assert found("?name=lasso") == []
    one = app.ana.get(f"projects/{project}/models/?withMetric=MAE").json()[0]
    assert list(one["metrics"]) == ["MAE"]
    app.ana.delete(f"userBlueprints/{user_blueprint['userBlueprintId']}/")
    refused = app.ana.delete(f"customTasks/{task}/")
    assert refused.status_code == 409
    assert refused.json()["models"] == [{"projectId": project, "modelId": ids[0]}]
    assert app.ana.delete(f"projects/{project}/models/{ids[0]}/").status_code == 204
    assert app.ana.delete(f"projects/{project}/models/{ids[0]}/").status_code == 404
    assert app.ana.delete(f"customTasks/{task}/").status_code == 204
    assert found("") == [ids[1]]


def test_nothing_is_found_where_nothing_is(app: RunningApp, project: str) -> None:
    place = f"projects/{project}/"
    answers = [
        app.ana.get(f"{place}models/{NOWHERE}/"),
        app.ana.get(f"{place}models/{NOWHERE}/logs/"),
        app.ana.get(f"{place}models/none/trainingArtifact/"),
        app.ana.get(f"projects/{NOWHERE}/models/{NOWHERE}/logs/"),
        app.ana.get(f"{place}modelJobs/999/"),
        app.ana.get(f"{place}modelJobs/one/"),
        app.ana.get(f"{place}modelJobs/{'9' * 30}/"),
        app.ana.delete(f"{place}modelJobs/999/"),
        app.ana.delete(f"{place}models/{NOWHERE}/"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert app.ana.get(f"{place}modelJobs/?status=RUNNING").status_code == 400
