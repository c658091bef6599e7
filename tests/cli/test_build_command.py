"""`harness build` and `harness envs`, and what Ctrl-C leaves of a build."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from harness.backends import BACKENDS

MakeTask = Callable[..., Path]
CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a base environment that is quickly built and that no engine has."""
    folder = tmp_path_factory.mktemp("small")
    info = {"id": "0" * 24, "name": "Small", "description": uuid.uuid4().hex}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return folder


def harness(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_build_in_a_venv_prints_its_log(make_task: MakeTask, small: Path) -> None:
    task = make_task(CUSTOM, requirements="iniconfig==2.0.0\n")
    done = harness("build", task, "--env", small, "--backend", "venv")
    assert done.returncode == 0, done.stderr
    assert "six==1.17.0" in done.stdout
    assert "iniconfig==2.0.0" in done.stdout
    assert done.stdout.rstrip().endswith("build succeeded")


def test_a_build_with_docker_prints_its_log_and_the_name_of_the_image(
    make_task: MakeTask, small: Path, engine: docker.APIClient
) -> None:
    task = make_task(CUSTOM, requirements="iniconfig==2.0.0\n")
    for _ in range(2):
        done = harness("build", task, "--env", small, "--backend", "docker")
        assert done.returncode == 0, done.stderr
        *log, image = done.stdout.splitlines()
        assert log[-1].endswith("build succeeded")
        assert [line for line in log if "iniconfig-2.0.0" in line]
    assert engine.inspect_image(image)["Config"]["Labels"]["task-harness.task"] == "tried"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_failed_build_ends_in_one_paragraph_that_names_line_cause_and_fix(
    backend: str, make_task: MakeTask, small: Path
) -> None:
    task = make_task(CUSTOM, requirements="iniconfig\n\niniconfig==99.1\n")
    done = harness("build", task, "--env", small, "--backend", backend)
    assert done.returncode == 3
    paragraph, hint = done.stdout.rstrip().splitlines()[-2:]
    assert paragraph.startswith(
        "requirements.txt:3: `iniconfig==99.1`: The index of this machine has no release of iniconfig 99.1; "
    )
    assert "Ask for iniconfig " in paragraph
    assert "--repair" in hint


def test_json_is_the_build_record(make_task: MakeTask, small: Path) -> None:
    done = harness("build", make_task(CUSTOM), "--env", small, "--backend", "venv", "--json")
    record = json.loads(done.stdout)
    assert record["buildStatus"] == "success"
    assert record["buildStart"] <= record["buildEnd"]
    assert record["diagnosis"] is None
    assert "six==1.17.0" in record["log"]


@pytest.mark.parametrize("command", ["build", "validate"])
def test_an_r_task_is_not_built_as_if_it_were_python(command: str, tmp_path: Path) -> None:
    (tmp_path / "custom.R").write_text("fit <- function(X, y, output_dir, ...) {}\n")
    (tmp_path / "requirements.txt").write_text("glmnet\n")
    (tmp_path / "model-metadata.yaml").write_text("name: Net\ntype: training\ntargetType: regression\n")
    done = harness(command, tmp_path, "--backend", "venv")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "custom.R: the venv backend builds and runs Python tasks only" in done.stderr


def test_lines_that_the_platform_refuses_are_not_built(make_task: MakeTask, small: Path) -> None:
    done = harness("build", make_task(CUSTOM, requirements="six\niniconfig~=2.0\n"), "--env", small)
    assert done.returncode == 2
    assert "requirements.txt:2: 'iniconfig~=2.0'" in done.stderr
    assert "iniconfig>=2.0,<3" in done.stderr


def test_ctrl_c_ends_a_build_and_leaves_nothing_half_built(make_task: MakeTask, small: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        environment = {
            **os.environ,
            "UV_DEFAULT_INDEX": index,
            "UV_INDEX": index,
            "UV_FIND_LINKS": str(tmp_path),
            "UV_CACHE_DIR": str(tmp_path / "uv"),
            "HARNESS_CACHE_DIR": str(tmp_path / "cache"),
        }
        task = make_task(CUSTOM, requirements="iniconfig\n")
        command = [sys.executable, "-m", "harness", "validate", str(task), "--env", str(small)]
        command += ["--backend", "venv"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            silent.settimeout(60)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "nterrupted" in errors
    assert "Traceback" not in errors
    assert list((tmp_path / "cache" / "venvs").glob("*.unfinished")) == []


def test_the_environments_as_json_have_the_platforms_fields() -> None:
    (bare, *_) = json.loads(harness("envs", "--json").stdout)["environments"]
    assert bare["name"] == "python3"
    assert len(bare["environmentVersionId"]) == 24
    assert bare["requiredMetadataKeys"] == []


def test_the_environments_are_listed() -> None:
    done = harness("envs")
    assert done.returncode == 0
    assert "python3_sklearn" in done.stdout
    assert "5e8c889607389fe0f466c72d" in done.stdout
