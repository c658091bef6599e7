"""A server that ends, in order or not, and the next one on the same data: nothing is lost, stuck or left behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from postgres_cluster import Cluster
from server_fixtures import Serve, api_client
from started_programs import Served, wait_until

ENVIRONMENT = "0123456789abcdef00000000"


@pytest.fixture
def environment(tmp_path: Path) -> list[str]:
    """Give the option that adds a base environment of one small package."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "env_info.json").write_text(json.dumps({"id": ENVIRONMENT, "name": "Small", "pythonVersion": "3.11"}))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return ["--env", str(folder)]


@pytest.fixture
def nothing_built(tmp_path: Path) -> dict[str, str]:
    """Give the setting of a user for whom nothing was built yet."""
    return {"HARNESS_CACHE_DIR": str(tmp_path / "cache")}


@pytest.fixture
def endless(nothing_built: dict[str, str], silence: str, tmp_path: Path) -> dict[str, str]:
    """Give the settings of a user whose package index never answers, and whose installer has nothing yet either."""
    never = {"PIP_INDEX_URL": silence, "UV_DEFAULT_INDEX": silence}
    return {**nothing_built, **never, "UV_CACHE_DIR": str(tmp_path / "uv")}


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Version:
    """A version whose requirements can be built, on whatever server has its data now."""

    def __init__(self, api: httpx.Client, task: str, version: str) -> None:
        self.api = api
        self.path = f"customTasks/{task}/versions/{version}/"

    def build(self, method: str = "GET") -> httpx.Response:
        return self.api.request(method, f"{self.path}dependencyBuild/")

    @property
    def status(self) -> str:
        return str(self.build().json()["buildStatus"])

    def is_over(self) -> bool:
        return self.status in {"success", "failed"}


def new_version(api: httpx.Client, requirements: str = "iniconfig==2.0.0\n") -> Version:
    task = api.post("customTasks/", json={"name": "Ridge", "targetType": "Regression"}).json()["id"]
    form: Any = [
        ("isMajorUpdate", (None, b"True")),
        ("baseEnvironmentId", (None, ENVIRONMENT.encode())),
        ("file", ("requirements.txt", requirements.encode())),
        ("filePath", (None, b"requirements.txt")),
    ]
    made = api.post(f"customTasks/{task}/versions/", files=form)
    assert made.status_code == 201, made.text
    return Version(api, task, made.json()["id"])


def begun_build(api: httpx.Client, server: Served) -> tuple[Version, list[psutil.Process]]:
    """Start a build that does not end by itself; return it and the processes that it has started."""
    version = new_version(api)
    assert version.build("POST").status_code == 202
    wait_until(lambda: version.status == "processing")
    return version, wait_until(lambda: installers(server))


def installers(server: Served) -> list[psutil.Process]:
    """Return the processes of the server that install packages."""
    found = []
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if "install" in child.cmdline():
                found.append(child)
    return found


def are_gone(processes: list[psutil.Process]) -> bool:
    """Tell whether these have ended, also where nobody has asked how."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                return False
    return True


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_builds_go_on_after_the_server_was_killed(
    serve: Serve,
    environment: list[str],
    nothing_built: dict[str, str],
    endless: dict[str, str],
    tmp_path: Path,
    closing: ExitStack,
    database: str,
    request: pytest.FixtureRequest,
) -> None:
    options = list(environment)
    if database == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres")
        options += ["--database-url", closing.enter_context(cluster.fresh_database())]
    first = serve(*options, "--jobs", "1", data_dir=tmp_path / "data", variables=endless)
    api = closing.enter_context(api_client(first))
    running, processes = begun_build(api, first)
    queued = new_version(api)
    assert queued.build("POST").json()["buildStatus"] == "submitted"
    first.kill()

    # The database was told once; the folder knows it.
    second = serve(*environment, data_dir=tmp_path / "data", variables=nothing_built)
    running.api = queued.api = closing.enter_context(api_client(second))
    for version in (running, queued):
        wait_until(version.is_over)
        assert version.status == "success"
        assert "iniconfig==2.0.0" in version.api.get(f"{version.path}dependencyBuildLog/").text
    assert are_gone(processes)
    assert not any((tmp_path / "data" / "work").iterdir())
    second.stop()


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["interrupted", "terminated"]
)
def test_a_server_that_is_told_to_end_ends_what_it_started(
    serve: Serve,
    environment: list[str],
    nothing_built: dict[str, str],
    endless: dict[str, str],
    tmp_path: Path,
    closing: ExitStack,
    number: signal.Signals,
    exit_code: int,
) -> None:
    first = serve(*environment, data_dir=tmp_path / "data", variables=endless)
    api = closing.enter_context(api_client(first))
    version, processes = begun_build(api, first)
    first.process.send_signal(number)
    assert first.program.wait() == exit_code
    assert are_gone(processes)
    assert "Traceback" not in first.output

    second = serve(*environment, data_dir=tmp_path / "data", variables=nothing_built)
    version.api = closing.enter_context(api_client(second))
    wait_until(version.is_over)
    assert version.status == "success"
    assert second.stop() == 130


def test_a_server_can_be_ended_as_soon_as_it_is_there(serve: Serve) -> None:
    server = serve()
    server.process.send_signal(signal.SIGTERM)
    assert server.program.wait() == 0
    assert "Traceback" not in server.output


def test_a_build_that_is_cancelled_or_whose_task_goes_leaves_nothing(
    serve: Serve, environment: list[str], endless: dict[str, str], closing: ExitStack
) -> None:
    server = serve(*environment, "--jobs", "1", variables=endless)
    api = closing.enter_context(api_client(server))
    version, processes = begun_build(api, server)
    waiting = new_version(api)
    waiting.build("POST")
    # One that waits in the queue can be cancelled too.
    assert waiting.build("DELETE").status_code == 204
    assert waiting.build("DELETE").status_code == 422
    assert version.build("DELETE").status_code == 204
    wait_until(lambda: are_gone(processes))
    assert version.build().status_code == 422
    assert version.api.get(f"{version.path}dependencyBuildLog/").status_code == 422

    # Started once more, it is a new build; and its task can be deleted while it runs.
    assert version.build("POST").json()["buildStatus"] == "submitted"
    processes = wait_until(lambda: installers(server))
    assert api.delete(version.path.split("versions/")[0]).status_code == 204
    assert version.build().status_code == 404
    wait_until(lambda: are_gone(processes))

    # The queue has gone on.
    assert new_version(api).build("POST").status_code == 202
    wait_until(lambda: installers(server))
    assert server.stop() == 130
    assert server.token not in server.output


def test_a_build_that_waits_for_another_can_be_cancelled(
    serve: Serve, environment: list[str], endless: dict[str, str], closing: ExitStack
) -> None:
    server = serve(*environment, "--jobs", "2", variables=endless)
    api = closing.enter_context(api_client(server))
    begun_build(api, server)
    # Both want the same venv, and one makes it.
    second, third = new_version(api), new_version(api)
    second.build("POST")
    wait_until(lambda: second.status == "processing")
    third.build("POST")
    assert second.build("DELETE").status_code == 204
    wait_until(lambda: third.status == "processing")
    assert len(installers(server)) == 1
    assert server.stop() == 130


def test_a_build_that_is_over_cannot_be_cancelled(
    serve: Serve, environment: list[str], tmp_path: Path, closing: ExitStack
) -> None:
    server = serve(*environment, data_dir=tmp_path / "data")
    version = new_version(closing.enter_context(api_client(server)), "no-such-package-of-ours==1.0\n")
    version.build("POST")
    wait_until(version.is_over)
    assert version.status == "failed"
    assert version.build("DELETE").status_code == 409
    log = version.api.get(f"{version.path}dependencyBuildLog/")
    assert "no-such-package-of-ours" in log.text
    assert str(tmp_path / "data") not in log.text
    # Users can be added and repositories named beside the running server, which knows them at once.
    ben = server.admin("user", "ben@example.com")
    assert httpx.get(f"{server.url}/version/", headers={"Authorization": f"Token {ben['token']}"}).is_success
    server.stop()
    for kept in (tmp_path / "data").rglob("*"):
        if kept.is_file():
            content = kept.read_bytes()
            assert server.token.encode() not in content
            assert ben["token"].encode() not in content


def test_a_folder_or_a_port_that_is_taken_is_told_of(serve: Serve, tmp_path: Path, closing: ExitStack) -> None:
    server = serve(data_dir=tmp_path / "data")
    port = server.url.split(":")[2].split("/")[0]
    taken = f"another server uses this data folder (process {server.process.pid})"
    for options, words in (
        (["--port", "0", "--data-dir", str(tmp_path / "data")], taken),
        (["--port", port, "--data-dir", str(tmp_path / "other")], "address already in use"),
    ):
        command = [sys.executable, "-m", "harness", "serve", *options, "--backend", "venv"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert words in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
        assert "token" not in done.stdout
    assert closing.enter_context(api_client(server)).get("version/").status_code == 200


def test_versions_made_at_once_have_numbers_of_their_own(
    serve: Serve, environment: list[str], database_url: str, closing: ExitStack
) -> None:
    server = serve(*environment, "--database-url", database_url)
    api = closing.enter_context(api_client(server))
    path = new_version(api).path.split("versions/")[0]

    def create(number: int) -> dict[str, Any]:
        form: Any = [
            ("isMajorUpdate", (None, str(number % 2 == 0).encode())),
            ("baseEnvironmentId", (None, ENVIRONMENT.encode())),
            ("file", ("x", str(number).encode())),
            ("filePath", (None, f"{number}.txt".encode())),
        ]
        made = api.request("PATCH" if number % 3 else "POST", f"{path}versions/", files=form)
        assert made.status_code == 201, made.text
        version: dict[str, Any] = made.json()
        return version

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(24)))
    listed = api.get(f"{path}versions/").json()["data"]
    assert len({version["label"] for version in made} | {"1.0"}) == 25
    assert [version["versionMajor"] for version in listed] == sorted((v["versionMajor"] for v in listed), reverse=True)
    assert listed[0]["versionMajor"] == 13
    assert listed[0] == api.get(path).json()["latestVersion"]
    server.stop()


def test_a_server_ends_while_somebody_is_sending(serve: Serve, environment: list[str], closing: ExitStack) -> None:
    server = serve(*environment)
    path = new_version(closing.enter_context(api_client(server))).path.split("versions/")[0]
    host, port = server.url.removeprefix("http://").partition("/")[0].split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = [
            f"POST /api/v2/{path}versions/ HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {server.token}",
            "Content-Type: multipart/form-data; boundary=b",
            "Content-Length: 1000",
        ]
        connection.sendall("\r\n".join([*head, "", "--b\r\n"]).encode())
        assert server.stop() == 130
