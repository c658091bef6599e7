"""Nothing stays on the engine, however a run or a build ends; and nothing goes that somebody still uses."""

from __future__ import annotations

import fcntl
import io
import ipaddress
import json
import os
import signal
import socket
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
import pytest
from docker.errors import APIError, ImageNotFound
from engine_traces import (
    ARTIFACT,
    LOCK,
    Traces,
    exists,
    harness,
    harness_command,
    has_file,
    state,
    traces_of,
    wait_until,
)

from harness.backends.docker.leftovers import sweep
from harness.docker_engine import host_name
from harness.tar_streams import tar_stream

MakeTask = Callable[..., Path]
HOST = "task-harness.host"
GOOD = """
import pandas as pd


def fit(X, y, output_dir, **kwargs):
    pass


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": [1.0] * len(data)})


def load_model(code_dir):
    return None
"""
# Writes down that it has begun, then waits to be told to go on.
WAITS = """
import time
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    Path(output_dir, "begun").touch()
    while not Path(output_dir, "go").exists():
        time.sleep(0.02)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": [1.0] * len(data)})


def load_model(code_dir):
    return None
"""
RUN = ("--backend", "docker", "--env", "python3")
SECONDS_TO_END = 15


@pytest.fixture
def traces(engine: docker.APIClient, cache: Path) -> Iterator[Traces]:
    with traces_of(engine, cache) as traces:
        yield traces


@contextmanager
def validating(task: Path, *options: str, cache: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a validation while the block runs."""
    environment = {**os.environ, **({"HARNESS_CACHE_DIR": str(cache)} if cache else {})}
    command = harness_command("validate", task, *RUN, *options)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


ENDINGS = {"success": (GOOD, 0), "failure": (GOOD.replace("pass", "1 / 0"), 1), "time limit": (WAITS, 1)}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_that_ends_by_itself_leaves_nothing(ending: str, make_task: MakeTask, traces: Traces) -> None:
    custom, exit_code = ENDINGS[ending]
    done = harness("validate", make_task(custom), *RUN, "--timeout", "3")
    assert done.returncode == exit_code, done.stdout + done.stderr
    assert traces.containers()
    assert len(traces.volumes()) == 2
    assert traces.left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interrupted_run_exits_with_130_and_leaves_nothing(
    number: signal.Signals, make_task: MakeTask, traces: Traces
) -> None:
    with validating(make_task(WAITS)) as process:
        wait_until(traces.stage)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert traces.left() == []


def test_a_killed_run_ends_and_the_next_one_removes_it_but_not_the_living_one(
    make_task: MakeTask, traces: Traces, engine: docker.APIClient, tmp_path: Path
) -> None:
    other_cache = tmp_path / "other cache"
    with (
        traces_of(engine, other_cache) as others,
        validating(make_task(WAITS, name="living"), "--json", cache=other_cache) as living,
    ):
        with validating(make_task(WAITS, name="killed"), "--network", "PUBLIC") as killed:
            left = str(wait_until(traces.stage))
            wait_until(others.stage)
            killed.kill()
        wait_until(lambda: not state(engine, left)["Running"], SECONDS_TO_END)
        assert len(traces.networks()) == 1
        assert harness("validate", make_task(GOOD, name="next"), *RUN).returncode == 0
        assert traces.left() == []
        container = str(others.stage())
        engine.put_archive(container, ARTIFACT, b"".join(tar_stream([("go", b"")], owner=65534)))
        report, errors = living.communicate(timeout=60)
        assert json.loads(report)["verdict"] == "passed", errors
        assert others.left() == []


@contextmanager
def installing(command: str, task: Path, engine: docker.APIClient) -> Iterator[subprocess.Popen[str]]:
    """Run a build that waits for its package index while the block runs."""
    (task / "requirements.txt").write_text(f"a{uuid.uuid4().hex}\n")
    subnet = ipaddress.ip_network(engine.inspect_network("bridge")["IPAM"]["Config"][0]["Subnet"])
    with socket.create_server(("0.0.0.0", 0)) as silent:
        silent.settimeout(60)
        index = f"https://{next(subnet.hosts())}:{silent.getsockname()[1]}/simple"
        with subprocess.Popen(
            harness_command(command, task, *RUN),
            env={**os.environ, "PIP_INDEX_URL": index},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                with silent.accept()[0]:
                    yield process
            finally:
                process.kill()


@pytest.mark.parametrize("command", ["build", "validate"])
def test_an_interrupted_installation_exits_with_130_and_leaves_nothing(
    command: str, make_task: MakeTask, traces: Traces, engine: docker.APIClient
) -> None:
    with installing(command, make_task(GOOD), engine) as process:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "nterrupted" in errors
    assert "Traceback" not in errors
    assert len(traces.containers()) == 1
    assert traces.left() == []


def test_a_killed_installation_ends_and_the_next_run_removes_it(
    make_task: MakeTask, traces: Traces, engine: docker.APIClient
) -> None:
    with installing("build", make_task(GOOD), engine) as process:
        (left,) = traces.running()
        process.kill()
        wait_until(lambda: not state(engine, left)["Running"], SECONDS_TO_END)
    assert harness("validate", make_task(GOOD, name="next"), *RUN).returncode == 0
    assert traces.left() == []


def test_the_next_build_of_the_same_dependencies_removes_what_a_killed_one_has_left(
    make_task: MakeTask, traces: Traces, engine: docker.APIClient
) -> None:
    task = make_task(GOOD)
    with installing("build", task, engine) as process:
        (left,) = traces.running()
        process.kill()
        wait_until(lambda: not state(engine, left)["Running"], SECONDS_TO_END)
    assert harness("build", task, *RUN, PIP_NO_INDEX="1").returncode == 3
    assert traces.left() == []


def test_a_killed_build_of_an_environment_ends_and_the_next_run_removes_it(
    make_task: MakeTask, traces: Traces, engine: docker.APIClient, base_image: str, tmp_path: Path
) -> None:
    folder = tmp_path / "environment"
    folder.mkdir()
    (folder / "env_info.json").write_text(json.dumps({"id": "0" * 24, "name": "Slow"}))
    (folder / "requirements.txt").touch()
    steps = f"FROM {base_image}\nRUN echo {uuid.uuid4()} >/one\nRUN touch /begun && sleep 1000\n"
    (folder / "Dockerfile").write_text(steps)
    # Settings to hand on, so that the build happens on images that have them.
    environment = {**os.environ, "PIP_EXTRA_INDEX_URL": "http://index.example/simple"}
    command = harness_command("build", make_task(GOOD), "--backend", "docker", "--env", folder)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: any(has_file(engine, each, "/begun") for each in traces.running()))
        process.kill()
    wait_until(lambda: not traces.running(), SECONDS_TO_END)
    assert harness("validate", make_task(GOOD, name="next"), *RUN).returncode == 0
    assert traces.left() == []


class Planted:
    """What a harness could have left on the engine, made by hand."""

    def __init__(self, engine: docker.APIClient) -> None:
        self._engine = engine
        self._mark = f"harness-test-{uuid.uuid4().hex}"
        self._images: list[str] = []
        self._containers: list[str] = []
        self._networks: list[str] = []
        self._import("bottom", {})

    def image(self, name: str, lock: Path) -> str:
        return self._import(name, labels(lock))

    def container(self, lock: Path, host: str = "") -> str:
        made = self._engine.create_container(
            f"{self._mark}:bottom", ["none"], labels={**labels(lock), HOST: host or host_name()}, volumes=["/data"]
        )
        self._containers.append(made["Id"])
        return str(made["Id"])

    def network(self, lock: Path) -> str:
        made = self._engine.create_network(f"{self._mark}-{len(self._networks)}", labels=labels(lock))
        self._networks.append(made["Id"])
        return str(made["Id"])

    def commit(self, image: str, lock: Path) -> str:
        """Put an unnamed image on another one, as a build does with each step."""
        made = self._engine.create_container(image, ["none"])["Id"]
        try:
            self._images.append(self._engine.commit(made, conf={"Labels": labels(lock)})["Id"])
        finally:
            self._engine.remove_container(made)
        return self._images[-1]

    def remove(self) -> None:
        for container in self._containers:
            with suppress(APIError):
                self._engine.remove_container(container, v=True, force=True)
        for network in self._networks:
            with suppress(APIError):
                self._engine.remove_network(network)
        for image in reversed(self._images):
            with suppress(ImageNotFound):
                self._engine.remove_image(image, force=True, noprune=True)

    def _import(self, name: str, own: dict[str, str]) -> str:
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.addfile(tarfile.TarInfo(f"{self._mark}-{name}"))
        changes = [f"LABEL {key}={json.dumps(value)}" for key, value in own.items()]
        self._engine.import_image_from_data(content.getvalue(), repository=self._mark, tag=name, changes=changes)
        self._images.append(self._engine.inspect_image(f"{self._mark}:{name}")["Id"])
        return self._images[-1]


def labels(lock: Path) -> dict[str, str]:
    return {HOST: host_name(), LOCK: str(lock)}


@pytest.fixture
def planted(engine: docker.APIClient) -> Iterator[Planted]:
    planted = Planted(engine)
    yield planted
    planted.remove()


def test_what_nobody_holds_is_swept_away_with_volumes_and_half_made_images(
    engine: docker.APIClient, planted: Planted, tmp_path: Path
) -> None:
    gone, released = tmp_path / "gone.lock", tmp_path / "released.lock"
    released.touch()
    container = planted.container(gone)
    volume = engine.inspect_container(container)["Mounts"][0]["Name"]
    network = planted.network(released)
    prepared = planted.image("prepared", gone)
    step = planted.commit(prepared, gone)
    last = planted.commit(step, gone)
    sweep(engine)
    assert not exists(engine.inspect_container, container)
    assert not exists(engine.inspect_volume, volume)
    assert not exists(engine.inspect_network, network)
    assert [image for image in (prepared, step, last) if exists(engine.inspect_image, image)] == []


def test_what_somebody_may_hold_stays(engine: docker.APIClient, planted: Planted, tmp_path: Path) -> None:
    held = tmp_path / "held.lock"
    with held.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        container = planted.container(held)
        network = planted.network(held)
        image = planted.image("held", held)
        unreadable = planted.container(tmp_path)
        of_another_machine = planted.container(tmp_path / "gone.lock", host="another-machine")
        sweep(engine)
        assert exists(engine.inspect_container, container)
        assert exists(engine.inspect_network, network)
        assert exists(engine.inspect_image, image)
        assert exists(engine.inspect_container, unreadable)
        assert exists(engine.inspect_container, of_another_machine)
