"""A disk without room: the request is refused with 507, nothing is half-written, and the server goes on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from server_fixtures import TOKEN, api_client
from started_programs import Program, Served, wait_until

ENVIRONMENT = "0123456789abcdef00000000"
DISK = "8m"
# As root of its own user namespace one may mount.
ON_A_SMALL_DISK = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
MOUNT = 'mount -t tmpfs -o size={size} none "$1" && shift && exec "$@"'


class SmallDisk:
    """The server's disk, seen through the server: it is mounted for nobody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file:
            for size in (1024**2, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def make_room(self) -> None:
        self._filler.unlink()


@pytest.fixture
def server(tmp_path: Path, silence: str) -> Iterator[Served]:
    """Give a server whose data folder is a small disk, and whose builds wait for an index that never answers."""
    environment = tmp_path / "small"
    environment.mkdir()
    (environment / "env_info.json").write_text(json.dumps({"id": ENVIRONMENT, "name": "Small"}))
    (environment / "requirements.txt").write_text("six==1.17.0\n")
    data = tmp_path / "data"
    data.mkdir()
    serve = [sys.executable, "-m", "harness", "serve", "--port", "0", "--data-dir", str(data), "--token", TOKEN]
    options = ["--backend", "venv", "--env", str(environment)]
    variables = {"HARNESS_CACHE_DIR": str(tmp_path / "cache"), "UV_CACHE_DIR": str(tmp_path / "uv")}
    variables |= {"PIP_INDEX_URL": silence, "UV_DEFAULT_INDEX": silence}
    mount = MOUNT.format(size=DISK)
    program = Program([*ON_A_SMALL_DISK, mount, "sh", str(data), *serve, *options], tmp_path, variables)
    try:
        url = program.wait_for(r"^Serving on (http://127\.0\.0\.1:\d+/api/v2)$")[1]
        served = Served(url, TOKEN, data, program)
        yield served
        assert served.stop() == 130
    finally:
        if program.process.poll() is None:
            program.process.kill()
        program.wait()


@pytest.fixture
def api(server: Served) -> Iterator[httpx.Client]:
    with api_client(server) as client:
        yield client


@pytest.fixture
def disk(server: Served) -> SmallDisk:
    return SmallDisk(Path(f"/proc/{server.process.pid}/root{server.data_dir}"))


def upload(api: httpx.Client, task: str, content: bytes) -> httpx.Response:
    form: Any = [
        ("isMajorUpdate", (None, b"True")),
        ("baseEnvironmentId", (None, ENVIRONMENT.encode())),
        ("file", ("custom.py", content)),
        ("filePath", (None, b"custom.py")),
        ("file", ("requirements.txt", b"iniconfig==2.0.0\n")),
        ("filePath", (None, b"requirements.txt")),
    ]
    return api.post(f"customTasks/{task}/versions/", files=form)


def refused_for_room(answer: httpx.Response) -> bool:
    assert answer.status_code == 507, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    return "room" in answer.json()["message"]


def installers(server: Served) -> list[psutil.Process]:
    """Return the processes of the server that install packages."""
    found = []
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if "install" in child.cmdline():
                found.append(child)
    return found


def test_without_room_nothing_is_kept_and_the_server_goes_on(
    server: Served, api: httpx.Client, disk: SmallDisk
) -> None:
    new = {"name": "Ridge", "targetType": "Regression"}
    task = api.post("customTasks/", json=new).json()["id"]
    assert refused_for_room(upload(api, task, bytes(10 * 1024**2)))
    assert list(disk.folder.glob("contents/incoming/*/*")) == []
    assert api.get(f"customTasks/{task}/").json()["latestVersion"] is None
    version = upload(api, task, b"def fit(): ...").json()["id"]
    path = f"customTasks/{task}/versions/{version}/"
    assert api.post(f"{path}dependencyBuild/").status_code == 202
    (installer,) = wait_until(lambda: installers(server))

    disk.fill()
    assert refused_for_room(upload(api, task, b"other"))
    # The log of what SQLite writes may have some room left that nobody else can have.
    wait_until(lambda: api.post("customTasks/", json=new).status_code == 507)
    assert refused_for_room(api.patch(f"customTasks/{task}/", json={"description": "a" * 10_000}))
    assert refused_for_room(api.delete(f"{path}dependencyBuild/"))
    assert api.get(f"{path}download/").content
    installer.kill()
    server.program.wait_for("the queue of jobs cannot be written")
    assert api.get(f"{path}dependencyBuild/").status_code == 200
    kept = api.get("customTasks/").json()["totalCount"]

    disk.make_room()
    wait_until(lambda: api.get(f"{path}dependencyBuild/").json()["buildStatus"] == "failed")
    assert api.get(f"{path}dependencyBuildLog/").status_code == 200
    assert api.post("customTasks/", json=new).status_code == 201
    assert upload(api, task, b"other").status_code == 201
    assert api.get("customTasks/").json()["totalCount"] == kept + 1
    assert "Traceback" not in server.output
