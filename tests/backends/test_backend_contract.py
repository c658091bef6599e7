"""What every backend promises: the same cases, each backend a real one."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.backends import BACKENDS, Backend, Job
from harness.builds.model import BuildPlan, BuildResult
from harness.builds.plan import plan_build
from harness.data import choose_sample
from harness.docker_engine import Label, connect
from harness.environments import Environment, read_environment
from harness.progress import Silent
from harness.records import BuildStatus, NetworkPolicy, TargetType
from harness.requirements import parse_requirements
from harness.runs import RunResult, Stage
from harness.tasks import read_task

MakeTask = Callable[..., Path]
BARE = Path(__file__).parents[2] / "environments" / "python3"


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]()


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache in which nothing has been built."""
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small(tmp_path: Path) -> Environment:
    """Give a base environment that is built in a second."""
    folder = tmp_path / "small"
    folder.mkdir()
    # Nobody has built one of this name before, on whatever engine.
    info = {"id": "0" * 24, "name": "Small", "description": uuid.uuid4().hex}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return read_environment(folder)


def plan(environment: Environment, folder: Path, text: str) -> BuildPlan:
    file = folder / "requirements.txt"
    file.write_text(text)
    return plan_build(environment, parse_requirements(file))


def ask_python(backend: Backend, build: BuildResult, code: str) -> str | None:
    """Return what the build's interpreter prints when it runs `code`, None where that fails."""
    if backend.name == "venv":
        done = subprocess.run([str(build.python), "-c", code], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None
    api = connect()
    container = api.create_container(build.image, entrypoint=[str(build.python), "-c", code])
    try:
        api.start(container)
        succeeded = api.wait(container)["StatusCode"] == 0
        return api.logs(container, stderr=False).decode().strip() if succeeded else None
    finally:
        api.remove_container(container, v=True)
        api.close()


def half_built(backend: Backend, cache: Path) -> list[str]:
    """Return what a build that is not finished has on this machine or on the engine."""
    if backend.name == "venv":
        return [str(path) for path in cache.rglob("*.unfinished")]
    api = connect()
    try:
        containers = api.containers(all=True, filters={"label": [str(Label.LOCK)]})
        return [found["Id"] for found in containers if found["Labels"][Label.LOCK].startswith(str(cache))]
    finally:
        api.close()


def test_base_and_own_packages_are_there(
    backend: Backend, fresh_cache: Path, small: Environment, tmp_path: Path
) -> None:
    build = backend.build(plan(small, tmp_path, "iniconfig==2.0.0\n"), Silent())
    assert build.status is BuildStatus.SUCCESS
    assert ask_python(backend, build, "import six, iniconfig; print(six.__version__)") == "1.17.0"
    assert "iniconfig" in build.log
    assert not build.cached


def test_a_task_may_replace_a_base_package_for_itself_only(
    backend: Backend, fresh_cache: Path, small: Environment, tmp_path: Path
) -> None:
    own = backend.build(plan(small, tmp_path, "six==1.16.0\n"), Silent())
    base = backend.build(plan(small, tmp_path, ""), Silent())
    versions = [ask_python(backend, build, "import six; print(six.__version__)") for build in (own, base)]
    assert versions == ["1.16.0", "1.17.0"]


def test_comments_and_order_do_not_build_again(
    backend: Backend, fresh_cache: Path, small: Environment, tmp_path: Path
) -> None:
    first = backend.build(plan(small, tmp_path, "iniconfig==2.0.0\ntoolz==1.0.0\n"), Silent())
    second = backend.build(plan(small, tmp_path, "# both\n\nToolz == 1.0.0\niniconfig==2.0.0 # small\n"), Silent())
    assert (first.cached, second.cached) == (False, True)
    assert (second.python, second.image) == (first.python, first.image)
    assert second.log == first.log


def test_a_failed_build_is_a_result_that_names_the_line_and_leaves_nothing(
    backend: Backend, fresh_cache: Path, small: Environment, tmp_path: Path
) -> None:
    build = backend.build(plan(small, tmp_path, "iniconfig\nno-such-package-of-ours\n"), Silent())
    assert build.status is BuildStatus.FAILED
    assert build.diagnosis is not None
    assert (build.diagnosis.category, build.diagnosis.line_number) == ("no_such_package", 2)
    assert "no-such-package-of-ours" in build.log
    again = backend.build(plan(small, tmp_path, "iniconfig\n"), Silent())
    assert again.succeeded


BUILD = """
import hashlib
import sys
from pathlib import Path
from harness.backends import BACKENDS
from harness.builds.plan import plan_build
from harness.environments import read_environment
from harness.progress import Silent
from harness.requirements import parse_requirements
name, environment, requirements = sys.argv[1:]
plan = plan_build(read_environment(Path(environment)), parse_requirements(Path(requirements)))
build = BACKENDS[name]().build(plan, Silent())
print(build.status.value, build.python, build.image, hashlib.sha256(build.log.encode()).hexdigest())
"""


def start_build(backend: Backend, environment: Environment, requirements: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILD, backend.name, str(environment.folder), str(requirements)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_builds_at_once_share_one(backend: Backend, fresh_cache: Path, small: Environment, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("toolz==1.0.0\n")
    both = [start_build(backend, small, tmp_path / "requirements.txt") for _ in range(2)]
    first, second = (process.communicate(timeout=120)[0].split() for process in both)
    assert first[0] == "success"
    # The log has the times of the build: one log, one build.
    assert first == second


def test_a_killed_build_leaves_nothing_that_the_next_one_trips_over(
    backend: Backend, fresh_cache: Path, small: Environment, tmp_path: Path
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("toolz==1.0.0\n")
    with start_build(backend, small, requirements) as killed:
        wait_until(lambda: fresh_cache.exists() and half_built(backend, fresh_cache))
        killed.send_signal(signal.SIGKILL)
    build = backend.build(plan_build(small, parse_requirements(requirements)), Silent())
    assert build.succeeded
    assert ask_python(backend, build, "import toolz") == ""
    assert half_built(backend, fresh_cache) == []


def test_a_cancelled_build_ends_and_leaves_nothing(
    backend: Backend, fresh_cache: Path, small: Environment, tmp_path: Path
) -> None:
    build_plan = plan(small, tmp_path, "toolz==1.0.0\n")
    results: list[BuildResult] = []
    thread = threading.Thread(target=lambda: results.append(backend.build(build_plan, Silent())))
    backend.cancel()
    thread.start()
    thread.join(timeout=60)
    assert [result.status for result in results] == [BuildStatus.FAILED]
    assert half_built(backend, fresh_cache) == []


def wait_until(happened: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


# What a task sees of the machine: it writes its findings into its artifact.
SPY = """
import json
import os
import socket
from pathlib import Path


def fit(X, y, output_dir, **kwargs):
    try:
        socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
        reached = True
    except OSError:
        reached = False
    seen = {
        "variables": dict(os.environ),
        "home": os.path.expanduser("~"),
        "folder": os.getcwd(),
        "files": sorted(os.listdir(".")),
        "reached": reached,
    }
    (Path(output_dir) / "seen.json").write_text(json.dumps(seen))
"""


@pytest.fixture
def listener() -> Iterator[int]:
    """Give the port of a server on this machine's loopback address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run_spy(backend: Backend, task_folder: Path, network: NetworkPolicy) -> tuple[RunResult, dict[str, Any], Path]:
    task = read_task(task_folder)
    build = backend.build(plan_build(read_environment(BARE), task.requirements), Silent())
    job = Job(
        task=task,
        target_type=TargetType.REGRESSION,
        data=choose_sample(TargetType.REGRESSION, None),
        parameters={},
        secrets_folder=None,
        stages=(Stage("fit", "fit", 60),),
        memory_bytes=2**32,
    )
    with backend.start(build, task, network) as worker:
        run = worker.run(job, Silent())
        assert run.fit is not None
        assert run.fit.passed, run.fit.error
        seen = json.loads((run.artifact_folder / "seen.json").read_text())
    return run, seen, run.artifact_folder


def test_a_task_sees_its_own_files_and_none_of_the_users_variables(
    backend: Backend, make_task: MakeTask, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_PASSWORD", "hunter22")
    task = make_task(SPY.replace("PORT", str(listener)), **{"helper.py": "ONE = 1\n", ".env": "KEY=1\n"})
    _, seen, artifact_folder = run_spy(backend, task, NetworkPolicy.ISOLATED)
    assert "MY_PASSWORD" not in json.dumps(seen)
    assert not [name for name in seen["variables"] if name.startswith("HARNESS")]
    assert seen["home"] != str(Path.home())
    assert [name for name in seen["files"] if name != "__pycache__"] == [
        "custom.py",
        "helper.py",
        "model-metadata.yaml",
    ]
    assert not Path(str(seen["folder"])).is_relative_to(task)
    assert not artifact_folder.exists()


def test_an_isolated_task_reaches_nothing(backend: Backend, make_task: MakeTask, listener: int) -> None:
    run, seen, _ = run_spy(backend, make_task(SPY.replace("PORT", str(listener))), NetworkPolicy.ISOLATED)
    assert run.isolated
    assert seen["reached"] is False


def test_a_run_with_network_does_not_claim_to_be_isolated(backend: Backend, make_task: MakeTask, listener: int) -> None:
    run, _, _ = run_spy(backend, make_task(SPY.replace("PORT", str(listener))), NetworkPolicy.PUBLIC)
    assert not run.isolated
