"""A task finds the variables that it was given: when it is imported, in every hook, and in every stage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness import Settings, validate
from harness.backends import BACKENDS
from harness.cli import app
from harness.errors import HarnessError
from harness.workers import headstart

MakeTask = Callable[..., Path]
# It fails where the module or a hook does not find the variable, or a library that the worker has imported ahead and
# that looks for its own then, and never again.
ASKING = """
import os
import pickle
from pathlib import Path

import joblib
import pandas as pd

AT_IMPORT = os.environ["REGION"]


def fit(X, y, output_dir, **kwargs):
    assert AT_IMPORT == os.environ["REGION"] == "eu = west"
    assert joblib._multiprocessing_helpers.mp is None
    (Path(output_dir) / "model.pkl").write_bytes(pickle.dumps(AT_IMPORT))


def load_model(code_dir):
    return pickle.loads((Path(code_dir) / "model.pkl").read_bytes()), os.environ["REGION"]


def score(data, model, **kwargs):
    assert set(model) == {AT_IMPORT, os.environ["REGION"]}
    return pd.DataFrame({"Predictions": data.iloc[:, 0]})
"""
VARIABLES = {"REGION": "eu = west", "JOBLIB_MULTIPROCESSING": "0"}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def task(make_task: MakeTask) -> Path:
    return make_task(ASKING)


def failed_checks(task: Path, settings: Settings) -> dict[str, str]:
    checks = validate(task, settings).checks
    return {check.id: check.message for check in checks if check.status == "failed"}


def test_import_and_hooks_find_the_variable(task: Path, backend: str) -> None:
    assert failed_checks(task, Settings(backend=backend, environment_variables=VARIABLES)) == {}


def test_an_early_worker_with_other_variables_is_not_taken(task: Path, backend: str) -> None:
    assert failed_checks(task, Settings(backend=backend, environment_variables=VARIABLES)) == {}
    headstart.begin(["validate", str(task)])
    failed = failed_checks(task, Settings(backend=backend))
    assert "KeyError: 'REGION'" in failed["fit"]


def test_an_early_worker_has_the_variables_of_the_run_before(task: Path, backend: str) -> None:
    assert failed_checks(task, Settings(backend=backend, environment_variables=VARIABLES)) == {}
    headstart.begin(["validate", str(task)])
    assert failed_checks(task, Settings(backend=backend, environment_variables=VARIABLES)) == {}


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "PYTHONPATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "HARNESS_NETWORK", "CODE_DIR", "TARGET_TYPE"],
)
def test_what_the_run_itself_needs_is_refused(name: str) -> None:
    with pytest.raises(HarnessError, match=f"the environment variable {name} is set by the harness itself"):
        Settings(environment_variables={name: "1"})


@pytest.mark.parametrize(("name", "value"), [("", "1"), ("A=B", "1"), ("A\0", "1"), ("A", "1\0"), ("A", "\ud800")])
def test_what_no_environment_can_hold_is_refused(name: str, value: str) -> None:
    with pytest.raises(HarnessError, match="cannot be set"):
        Settings(environment_variables={name: value})


def test_a_required_value_that_is_missing_is_noted(task: Path, tmp_path: Path) -> None:
    sklearn = Path(__file__).parents[2] / "environments" / "python3_sklearn"
    folder = tmp_path / "environment"
    folder.mkdir()
    keys = [{"fieldName": name, "displayName": name} for name in ("REGION", "TEAM")]
    info = {**json.loads((sklearn / "env_info.json").read_text()), "requiredMetadataKeys": keys}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text((sklearn / "requirements.txt").read_text())
    settings = Settings(backend="venv", environment=str(folder), environment_variables=VARIABLES)
    report = validate(task, settings)
    notes = next(check for check in report.checks if check.id == "environment_notes")
    assert notes.status == "warning"
    assert 'not given: "TEAM" (--env-var NAME=VALUE)' in notes.message


def test_the_command_sets_them(task: Path) -> None:
    given = [word for name, value in VARIABLES.items() for word in ("--env-var", f"{name}={value}")]
    assert CliRunner().invoke(app, ["validate", str(task), "--backend", "venv", *given]).exit_code == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [("REGION_OF_NOBODY", "--env-var 'REGION_OF_NOBODY' has no value"), ("PATH=/", "the environment variable PATH")],
)
def test_the_command_refuses_what_cannot_be_set(given: str, says: str, task: Path) -> None:
    done = CliRunner().invoke(app, ["validate", str(task), "--json", "--env-var", given])
    assert done.exit_code == 2
    assert says in json.loads(done.stdout)["error"]["message"]
