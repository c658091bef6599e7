"""Every trouble with the engine is one error that says what to do, exit code 4; `auto` goes on without an engine."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import socket
import socketserver
import subprocess
import sys
import tarfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import docker
import pytest
from engine_traces import harness, wait_until

from harness.docker_engine import explained
from harness.errors import BackendUnavailable
from harness.tar_streams import tar_stream

MakeTask = Callable[..., Path]
GOOD = """
import pandas as pd


def fit(X, y, output_dir, **kwargs):
    pass


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": [1.0] * len(data)})


def load_model(code_dir):
    return None
"""
MEBIBYTE = 1024 * 1024


def refusal(task: Path, address: str, **environment: str) -> str:
    """Return what a validation says where the engine is at that address."""
    done = harness("validate", task, "--backend", "docker", DOCKER_HOST=address, **environment)
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stdout == ""
    assert "or use --backend venv" in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def task(make_task: MakeTask) -> Path:
    return make_task(GOOD)


def test_no_engine(task: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
    for address in (closed, f"unix://{tmp_path}/nothing.sock"):
        said = refusal(task, address)
        assert f"no Docker engine answers at {address}" in said
        assert "fix: Start Docker" in said


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX], ids=["tcp", "unix"])
def test_an_engine_that_never_answers_is_not_waited_for_long(family: int, task: Path, tmp_path: Path) -> None:
    with socket.socket(family) as silent:
        silent.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(tmp_path / "silent.sock"))
        silent.listen(5)
        name = silent.getsockname()
        address = f"tcp://127.0.0.1:{name[1]}" if family == socket.AF_INET else f"unix://{name}"
        began = time.monotonic()
        assert f"no Docker engine answers at {address}" in refusal(task, address)
        # Two seconds, and the start of the program.
        assert time.monotonic() - began < 6


AS_NOBODY = """
import os
from harness.docker_engine import connect
from harness.errors import BackendUnavailable

if os.geteuid() == 0:
    os.seteuid(65534)
try:
    connect()
except BackendUnavailable as error:
    print(error.exit_code, error.finding.message, error.finding.remedy)
"""


def test_no_permission(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "engine.sock"))
        engine.listen(1)
        (tmp_path / "engine.sock").chmod(0)
        environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/engine.sock"}
        command = [sys.executable, "-c", AS_NOBODY]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"4 no permission to use the Docker engine at unix://{tmp_path}/engine.sock")
    assert "group docker" in said


class OldEngine(http.server.BaseHTTPRequestHandler):
    """Answers as Docker 18.09 did."""

    def do_GET(self) -> None:
        answer = json.dumps({"Version": "18.09.9", "ApiVersion": "1.39", "MinAPIVersion": "1.12"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def test_an_engine_that_is_too_old(task: Path, tmp_path: Path) -> None:
    with socketserver.ThreadingUnixStreamServer(str(tmp_path / "old.sock"), OldEngine) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        said = refusal(task, f"unix://{tmp_path}/old.sock")
        server.shutdown()
        thread.join()
    assert "is too old: it does not speak version 1.40 of the API" in said
    assert "fix: Update Docker to 19.03 or later" in said


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("foo://engine", "foo://engine", id="no such protocol"),
        pytest.param("tcp://engine", "port is required", id="no port"),
        pytest.param("tcp://engine:http", "'http'", id="no number"),
    ],
)
def test_an_address_that_is_none(address: str, expected: str, task: Path) -> None:
    said = refusal(task, address)
    assert expected in said
    assert "fix: Correct DOCKER_HOST" in said


def test_a_context_that_does_not_exist(task: Path) -> None:
    said = refusal(task, "", DOCKER_CONTEXT="no-such-context")
    assert "there is no Docker context no-such-context" in said


def test_a_context_of_dockers_own_command_line_names_the_engine(task: Path, tmp_path: Path) -> None:
    name = hashlib.sha256(b"elsewhere").hexdigest()
    folder = tmp_path / "contexts" / "meta" / name
    folder.mkdir(parents=True)
    host = f"unix://{tmp_path}/elsewhere.sock"
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (folder / "meta.json").write_text(json.dumps({"Name": "elsewhere", "Metadata": {}, "Endpoints": endpoints}))
    (tmp_path / "config.json").write_text('{"currentContext": "elsewhere"}')
    said = refusal(task, "", DOCKER_CONFIG=str(tmp_path))
    assert f"no Docker engine answers at {host}" in said


def test_a_full_disk(engine: docker.APIClient, base_image: str) -> None:
    name = f"harness-test-{uuid.uuid4().hex}"
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}
    engine.create_volume(name, driver="local", driver_opts=options)
    try:
        settings = engine.create_host_config(binds=[f"{name}:/small"])
        container = engine.create_container(base_image, ["sleep", "100"], host_config=settings)["Id"]
        try:
            engine.start(container)
            with pytest.raises(BackendUnavailable) as raised, explained("the data cannot be sent"):
                engine.put_archive(container, "/small", b"".join(tar_stream([("data", bytes(2 * MEBIBYTE))])))
        finally:
            engine.remove_container(container, force=True)
    finally:
        engine.remove_volume(name)
    assert raised.value.finding.message == "the data cannot be sent: the Docker engine's disk is full"
    assert "Free space" in raised.value.finding.remedy


@contextmanager
def through_a_cable(engine: docker.APIClient) -> Iterator[tuple[docker.APIClient, Callable[[], None]]]:
    """Give a client whose every byte goes through here, and a function that cuts the cable once it is used."""
    target = engine.get_adapter(engine.base_url).socket_path  # type: ignore[attr-defined]
    ends: list[socket.socket] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(target)
                ends.extend((near, far))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=(source, sink), daemon=True).start()

    def cut() -> None:
        for end in wait_until(lambda: ends[:]):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        with closing(docker.APIClient(address, version=engine.api_version)) as api:
            yield api, cut
        listening.shutdown(socket.SHUT_RDWR)
    for end in ends:
        end.close()


def test_a_connection_that_breaks(engine: docker.APIClient, base_image: str) -> None:
    container = engine.create_container(base_image, ["sleep", "100"])["Id"]
    try:
        engine.start(container)
        with through_a_cable(engine) as (api, cut):
            threading.Thread(target=cut).start()
            with pytest.raises(BackendUnavailable) as raised, explained("the run cannot go on"):
                api.wait(container)
    finally:
        engine.remove_container(container, force=True)
    assert raised.value.finding.message.startswith("the run cannot go on: the connection to the Docker engine broke")
    assert "See whether the engine still runs" in raised.value.finding.remedy


def test_auto_without_an_engine_says_in_one_line_what_is_less_faithful(make_task: MakeTask, tmp_path: Path) -> None:
    tasks = [make_task(GOOD, name="one"), make_task(GOOD, name="two")]
    absent = f"unix://{tmp_path}/nothing.sock"
    done = harness("validate", *tasks, "--env", "python3", "--output", tmp_path / "out", "--json", DOCKER_HOST=absent)
    reports = json.loads(done.stdout)["reports"]
    assert [report["environment"]["backend"] for report in reports] == ["venv", "venv"]
    assert [report["verdict"] for report in reports] == ["passed", "passed"]
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"note: no Docker engine answers at {absent}. The venv backend is used")


# The start of an executable for another processor.
FOREIGN = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00\x01\x00\x00\x00" + bytes(240)


@pytest.fixture
def make_image(engine: docker.APIClient) -> Iterator[Callable[[str, bytes], str]]:
    """Give a function that makes an image of one program and returns its name."""
    made: list[str] = []

    def make(path: str, program: bytes) -> str:
        made.append(f"harness-test-{uuid.uuid4().hex}")
        with io.BytesIO() as content:
            with tarfile.open(fileobj=content, mode="w") as archive:
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(program), 0o755
                archive.addfile(member, io.BytesIO(program))
            changes = ["ENV PATH=/usr/bin"]
            engine.import_image_from_data(content.getvalue(), repository=made[-1], tag="1", changes=changes)
        return f"{made[-1]}:1"

    yield make
    for name in made:
        engine.remove_image(f"{name}:1")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("usr/bin/perl", "has no Python: neither python3 nor python is on its PATH", id="no Python"),
        pytest.param("usr/bin/python3", "the image is for another architecture", id="another architecture"),
    ],
)
def test_an_image_that_cannot_run_a_task(
    path: str, expected: str, task: Path, make_image: Callable[[str, bytes], str]
) -> None:
    image = make_image(path, FOREIGN)
    done = harness("validate", task, "--backend", "docker", "--env", f"image:{image}")
    assert done.returncode == 4, done.stdout + done.stderr
    assert expected in done.stderr
    assert "fix: " in done.stderr


def test_an_image_without_pandas_is_named_with_what_to_add(task: Path, base_image: str) -> None:
    done = harness("validate", task, "--backend", "docker", "--env", f"image:{base_image}", "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    (failure,) = [check for check in json.loads(done.stdout)["checks"] if check["status"] == "failed"]
    assert failure["id"] == "fit"
    assert base_image in failure["message"]
    assert "numpy" in failure["message"]
    assert failure["remedy"].startswith("Add numpy and pandas to the requirements.txt")


@pytest.mark.parametrize("command", ["validate", "build", "shell"])
def test_an_image_that_does_not_exist(command: str, task: Path) -> None:
    backend = [] if command == "shell" else ["--backend", "docker"]
    done = harness(command, task, *backend, "--env", "image:no-such-image.example/nope:1")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "no-such-image.example/nope:1 is not on this engine and cannot be pulled" in done.stderr
    assert "fix: Give the name of an image" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_base_image_that_does_not_exist_names_the_build_argument(task: Path, tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    folder.mkdir()
    (folder / "env_info.json").write_text(json.dumps({"id": "0" * 24, "name": "Own"}))
    (folder / "requirements.txt").touch()
    (folder / "Dockerfile").write_text("ARG BELOW=no-such-image.example/nope:1\nFROM ${BELOW}\n")
    done = harness("validate", task, "--backend", "docker", "--env", folder)
    assert done.returncode == 4, done.stdout + done.stderr
    assert f"{folder}/Dockerfile:2: the base image no-such-image.example/nope:1" in done.stderr
    assert "--build-arg BELOW=" in done.stderr
