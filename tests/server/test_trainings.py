"""A training is a real build, a real fit and real scoring; what fails it is what would fail it on the platform."""

from __future__ import annotations

import json
import tarfile
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from harness.backends import Cancellation
from harness.data import DataOptions
from harness.docker_engine import Label, connect
from harness.errors import Interrupted
from harness.progress import Silent
from harness.records import TargetType
from harness.server.trainings import Training, TrainingOrder, train
from harness.server.trainings.metrics import training_metrics
from harness.workers.sandbox import Sandbox

MakeTask = Callable[..., Path]
SAMPLES = Path(__file__).parents[2] / "sample_tasks"
PATIENCE_SECONDS = 60


def order(data: Path, target: str | None, target_type: str, **others: object) -> TrainingOrder:
    given = {"environment": "python3_sklearn", "backend": "venv", **others}
    return TrainingOrder(data, target, target_type, **given)  # type: ignore[arg-type]


def trained(folder: Path, wanted: TrainingOrder, output: Path) -> Training:
    return train(folder, wanted, output, Silent(), Cancellation())


def members(archive: Path | None) -> dict[str, str]:
    assert archive is not None
    with tarfile.open(archive) as opened:
        files = {member.name: opened.extractfile(member) for member in opened}
        return {name: file.read().decode(errors="replace") for name, file in files.items() if file}


@pytest.fixture
def diabetes(tmp_path: Path) -> Path:
    """Give 442 rows with the numeric column `target`."""
    file = tmp_path / "diabetes.csv"
    load_diabetes(as_frame=True).frame.to_csv(file, index=False)
    return file


@pytest.fixture
def cancer(tmp_path: Path) -> Path:
    """Give 569 rows with the column `found`: benign or malignant."""
    data = load_breast_cancer(as_frame=True)
    frame = data.frame.rename(columns={"target": "found"})
    frame["found"] = frame["found"].map({0: "malignant", 1: "benign"})
    file = tmp_path / "cancer.csv"
    frame.to_csv(file, index=False)
    return file


@pytest.mark.parametrize("backend", ["venv", "docker"])
def test_a_classifier_is_trained(backend: str, cancer: Path, tmp_path: Path) -> None:
    wanted = order(cancer, "found", "Binary", backend=backend)
    training = trained(SAMPLES / "binary_functions", wanted, tmp_path / "output")
    assert (training.succeeded, training.message) == (True, "")
    assert members(training.logs).keys() >= {"build.log", "checks.log", "fit.log", "predict.log"}
    assert list(members(training.training_artifact)) == ["model.joblib"]
    assert json.loads(training.report.read_text())["verdict"] == "passed"
    assert list(training.metrics) == ["LogLoss", "AUC"]
    loss, area = training.metrics["LogLoss"], training.metrics["AUC"]
    assert loss["training"] is not None
    assert area["training"] is not None
    assert 0.02 < loss["training"] < 0.1
    assert 0.99 < area["training"] <= 1
    assert (loss["validation"], area["validation"]) == (None, None)


def test_a_regression_is_trained(diabetes: Path, tmp_path: Path) -> None:
    wanted = order(diabetes, "target", "Regression")
    training = trained(SAMPLES / "regression_hyperparameters", wanted, tmp_path / "output")
    assert training.succeeded
    found = {name: values["training"] for name, values in training.metrics.items()}
    assert list(found) == ["RMSE", "MAE", "R Squared"]
    assert all(value is not None and value > 0 for value in found.values())


def test_several_classes_are_trained(tmp_path: Path) -> None:
    load_iris(as_frame=True).frame.to_csv(tmp_path / "iris.csv", index=False)
    wanted = order(tmp_path / "iris.csv", "target", "Multiclass")
    training = trained(SAMPLES / "multiclass_functions", wanted, tmp_path / "output")
    assert training.succeeded
    assert list(training.metrics) == ["LogLoss"]


@pytest.mark.parametrize(
    ("sample", "target_type", "target"),
    [("anomaly_isolation_forest", "Anomaly", None), ("transform_imputer_class", "Transform", "target")],
)
def test_what_has_nothing_to_compare_with_has_no_metrics(
    sample: str, target_type: str, target: str | None, diabetes: Path, tmp_path: Path
) -> None:
    training = trained(SAMPLES / sample, order(diabetes, target, target_type), tmp_path / "output")
    assert training.succeeded, training.message
    assert training.metrics == {}
    assert training.training_artifact is not None


REGRESSION = """
import os
import pickle
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    BODY
    (Path(output_dir) / "model.pkl").write_bytes(pickle.dumps(y.mean()))


def load_model(code_dir):
    return pickle.loads((Path(code_dir) / "model.pkl").read_bytes())


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model + 0 * data.iloc[:, 0]})
"""


def test_the_task_finds_its_environment_variables(diabetes: Path, make_task: MakeTask, tmp_path: Path) -> None:
    folder = make_task(REGRESSION.replace("BODY", 'assert os.environ["REGION"] == "eu"'))
    wanted = order(diabetes, "target", "Regression", environment_variables={"REGION": "eu"})
    assert trained(folder, wanted, tmp_path / "output").succeeded


@pytest.mark.parametrize(
    ("sample", "failed_check", "metric"),
    [
        pytest.param("batch_dependent", "batch_independence", 53.5, id="that a row depends on the others"),
        pytest.param("nan_predictions", "finite_values", None, id="missing predictions"),
    ],
)
def test_what_the_platform_does_not_see_fails_no_training(
    sample: str, failed_check: str, metric: float | None, diabetes: Path, tmp_path: Path
) -> None:
    training = trained(SAMPLES / "broken" / sample, order(diabetes, "target", "Regression"), tmp_path / "output")
    assert (training.succeeded, training.message) == (True, "")
    assert f"failed  {failed_check}: " in members(training.logs)["checks.log"]
    # The error of a linear regression on this well-known data.
    assert training.metrics["RMSE"]["training"] == (metric and pytest.approx(metric, abs=0.1))


def test_a_fit_that_raises_is_told_with_its_line(diabetes: Path, make_task: MakeTask, tmp_path: Path) -> None:
    folder = make_task(REGRESSION.replace("BODY", 'raise ValueError("no such alpha")'))
    training = trained(folder, order(diabetes, "target", "Regression"), tmp_path / "output")
    assert not training.succeeded
    assert 'fit raised ValueError: no such alpha (custom.py line 10: raise ValueError("no such alpha")).' in (
        training.message
    )
    assert training.training_artifact is None
    assert "ValueError: no such alpha" in members(training.logs)["fit.log"]


def test_a_build_that_fails_is_explained(diabetes: Path, tmp_path: Path) -> None:
    folder = SAMPLES / "broken" / "unknown_package"
    training = trained(folder, order(diabetes, "target", "Regression"), tmp_path / "output")
    assert not training.succeeded
    assert training.message.startswith("requirements.txt:1: `scikit-lern-extras-that-do-not-exist==1.0`: ")
    assert "scikit-lern-extras-that-do-not-exist" in members(training.logs)["build.log"]
    assert json.loads(training.report.read_text())["build"]["buildStatus"] == "failed"


@pytest.mark.parametrize(
    ("sample", "wanted", "says"),
    [
        pytest.param("binary_functions", ("targt", "Binary"), "targt", id="no such target"),
        pytest.param("binary_functions", ("target", "TextGeneration"), "TextGeneration cannot be", id="untrainable"),
        pytest.param("anomaly_isolation_forest", ("target", "Anomaly"), "without a target", id="anomaly and target"),
        pytest.param("broken", ("target", "Binary"), "holds no custom.py", id="no task"),
    ],
)
def test_what_cannot_begin_is_a_failed_training_with_a_log(
    sample: str, wanted: tuple[str, str], says: str, diabetes: Path, tmp_path: Path
) -> None:
    training = trained(SAMPLES / sample, order(diabetes, *wanted), tmp_path / "output")
    assert not training.succeeded
    assert says in training.message
    assert str(tmp_path) not in training.message
    assert str(SAMPLES) not in training.message
    assert members(training.logs)["training.log"].endswith(f" the training failed: {training.message}\n")
    assert json.loads(training.report.read_text())["verdict"] == "error"


def test_an_environment_that_is_not_there_is_a_failed_training(diabetes: Path, tmp_path: Path) -> None:
    wanted = order(diabetes, "target", "Regression", environment="python9")
    training = trained(SAMPLES / "regression_hyperparameters", wanted, tmp_path / "output")
    assert "there is no base environment 'python9'" in training.message


class Told(Silent):
    """Says when a step begins, or an installer its first line."""

    def __init__(self, awaited: str) -> None:
        self._awaited = awaited
        self.reached = threading.Event()

    def step(self, text: str) -> None:
        if text == self._awaited:
            self.reached.set()

    def build_line(self, line: str) -> None:
        self.step("build line")


def cancel_at(
    awaited: str,
    folder: Path,
    wanted: TrainingOrder,
    output: Path,
    is_running: Callable[[], object] = lambda: True,
) -> None:
    """Cancel a training when it is told to be at that place, and see it raise Interrupted."""
    cancellation, told = Cancellation(), Told(awaited)
    deadline = time.monotonic() + PATIENCE_SECONDS
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(train, folder, wanted, output, told, cancellation)
        try:
            assert told.reached.wait(PATIENCE_SECONDS)
            while not is_running():
                assert time.monotonic() < deadline
        finally:
            cancellation.cancel()
        with pytest.raises(Interrupted):
            running.result(PATIENCE_SECONDS)


@pytest.mark.parametrize("place", ["venv", "venv without namespaces", "docker"])
def test_a_cancelled_fit_ends_and_leaves_nothing(
    place: str, diabetes: Path, make_task: MakeTask, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = place.split(maxsplit=1)[0]
    if place == "venv without namespaces":
        monkeypatch.setattr("harness.backends.venv.run.find_sandbox", lambda _: Sandbox((), without_network=False))
    # In a process of its own that ignores requests to end.
    mark = uuid.uuid4().hex
    notes = set((cache / "headstart").glob("*"))
    endless = f"import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(3600)  # {mark}"
    folder = make_task(REGRESSION.replace("BODY", f"__import__('subprocess').run(['python3', '-c', {endless!r}])"))
    wanted = order(diabetes, "target", "Regression", backend=backend)
    # The engine's processes may be on another machine.
    cancel_at("fit", folder, wanted, tmp_path / "output", lambda: backend == "docker" or processes_with(mark))
    assert processes_with(mark) == []
    assert list((cache / "runs").glob("*/")) == []
    assert set((cache / "headstart").glob("*")) == notes
    assert backend == "venv" or containers_of(cache) == []


def processes_with(mark: str) -> list[int]:
    return [
        process.info["pid"]
        for process in psutil.process_iter(["pid", "cmdline"])
        if mark in " ".join(process.info["cmdline"] or [])
    ]


def containers_of(cache: Path) -> list[str]:
    api = connect()
    try:
        found = api.containers(all=True, filters={"label": [str(Label.LOCK)]})
        return [one["Id"] for one in found if one["Labels"][Label.LOCK].startswith(str(cache))]
    finally:
        api.close()


def test_a_cancelled_build_ends_and_leaves_nothing(
    diabetes: Path, make_task: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))
    folder = make_task(REGRESSION.replace("BODY", "pass"), requirements="toolz==1.0.0\n")
    cancel_at("build line", folder, order(diabetes, "target", "Regression"), tmp_path / "output")
    assert [place for place in (tmp_path / "cache" / "venvs").iterdir() if place.is_dir()] == []


def test_what_was_cancelled_before_it_began_does_not_run(diabetes: Path, make_task: MakeTask, tmp_path: Path) -> None:
    folder = make_task(REGRESSION.replace("BODY", "pass"))
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Interrupted):
        train(folder, order(diabetes, "target", "Regression"), tmp_path / "output", Silent(), cancellation)


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def metrics(folder: Path, target_type: TargetType, data: str, predictions: str) -> dict[str, float | None]:
    options = DataOptions(input=written(folder, "data.csv", data), target="y")
    found = training_metrics(written(folder, "predictions.csv", predictions), options, target_type)
    assert [values["validation"] for values in found.values()] == [None] * len(found)
    return {name: values["training"] for name, values in found.items()}


def test_metrics_of_a_regression(tmp_path: Path) -> None:
    # Errors 1, 1, 3, 1: squares 12 in all; the target's own squares around its mean of 3 are 20.
    found = metrics(tmp_path, TargetType.REGRESSION, "x,y\n1,0\n1,2\n1,4\n1,6\n", "Predictions\n1\n3\n1\n5\n")
    assert found == {"RMSE": pytest.approx(3**0.5), "MAE": 1.5, "R Squared": pytest.approx(0.4)}


def test_metrics_of_one_row(tmp_path: Path) -> None:
    found = metrics(tmp_path, TargetType.REGRESSION, "x,y\n1,2\n", "Predictions\n4\n")
    assert found == {"RMSE": 2.0, "MAE": 2.0, "R Squared": None}


def test_metrics_of_two_classes_whose_columns_come_in_another_order(tmp_path: Path) -> None:
    # Each row gives its own class one half or more: the sum of -ln(1/2), -ln(1/2), -ln(1) and -ln(1), by 4.
    predictions = "YES,no,extra\n0.5,0.5,7\n0.5,0.5,7\n1,0,7\n0,1,7\n"
    found = metrics(tmp_path, TargetType.BINARY, "x,y\n1,yes\n1,no\n1,yes\n1,no\n", predictions)
    # Of the four pairs of a yes and a no, three are in the right order and one is a tie.
    assert found == {"LogLoss": pytest.approx(0.34657359), "AUC": 0.875}


def test_metrics_of_three_classes_that_are_numbers(tmp_path: Path) -> None:
    predictions = "1.0,0,2\n0.25,0.5,0.25\n0.25,0.25,0.5\n1,0,0\n"
    found = metrics(tmp_path, TargetType.MULTICLASS, "x,y\n1,0\n1,2\n1,1\n", predictions)
    assert found == {"LogLoss": pytest.approx(0.46209812)}  # 2 ln 2 / 3


def test_metrics_without_predictions_are_named_and_empty(tmp_path: Path) -> None:
    options = DataOptions(input=written(tmp_path, "data.csv", "x,y\n1,0\n1,2\n"), target="y")
    found = training_metrics(None, options, TargetType.BINARY)
    assert found == {
        "LogLoss": {"validation": None, "training": None},
        "AUC": {"validation": None, "training": None},
    }
