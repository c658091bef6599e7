"""What `harness doctor` says of this machine, and of machines that lack something."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.version import __version__

# Of this machine's own settings nothing is to decide a test.
SETTINGS = ("PIP_", "UV_", "DOCKER_", "SSL_", "REQUESTS_", "CURL_", "HTTP", "http", "ALL_", "all_", "NO_", "no_")


class Examined:
    """What one run of the command has said, as JSON."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.errors = done.stderr
        self.text = done.stdout
        self.document: dict[str, Any] = json.loads(done.stdout)

    def facts(self, name: str) -> list[dict[str, Any]]:
        return [fact for fact in self.document["facts"] if fact["name"] == name]

    def fact(self, name: str) -> dict[str, Any]:
        (found,) = self.facts(name)
        return found


def doctor(*words: str, **variables: str) -> Examined:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    command = [sys.executable, "-m", "harness", "doctor", "--json", *words]
    done = subprocess.run(
        command,
        env={**environment, "PIP_CONFIG_FILE": os.devnull, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return Examined(done)


@pytest.fixture
def silent() -> Iterator[int]:
    """Give the port of a server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def silent_engine(tmp_path: Path) -> Iterator[str]:
    """Give the address of an engine's socket at which nobody answers."""
    file = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(file))
        server.listen()
        yield f"unix://{file}"


def test_this_machine_has_what_the_tests_need(engine: object, base_image: str) -> None:
    found = doctor("--offline")
    assert (found.code, found.errors) == (0, "")
    assert found.document["schemaVersion"] == 1
    assert found.document["backends"] == {"docker": True, "venv": True}
    assert found.fact("harness")["details"]["version"] == __version__
    assert found.fact("engine")["status"] == "ok"
    assert found.fact("uv")["status"] == "ok"
    assert found.fact("cache")["details"]["freeBytes"] > 0
    assert found.fact("index")["message"] == "not asked (--offline)"
    image = found.fact("base_image")
    assert image["details"]["environments"] == ["python3", "python3_sklearn", "python3_xgboost"]
    assert image["status"] == "ok" or base_image in image["message"]
    assert found.fact("images")["details"]["count"] >= 0
    assert found.fact("r")["status"] == "missing"


def test_every_fact_that_is_not_ok_has_a_remedy() -> None:
    named = {"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem", "HTTPS_PROXY": "http://bob:p@ss/w0rd@proxy.example:3128"}
    text = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    found = doctor("--offline", DOCKER_HOST="unix:///nowhere.sock", **named, **text)
    assert found.code == 0
    assert "w0rd" not in found.text
    assert found.fact("locale")["status"] == "warning"
    assert [fact for fact in found.document["facts"] if (fact["status"] == "ok") == bool(fact["remedy"])] == []


def test_for_a_person_each_fact_is_a_line() -> None:
    environment = {**os.environ, "DOCKER_HOST": "unix:///nowhere.sock"}
    command = [sys.executable, "-m", "harness", "doctor", "--offline"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[:2] == ["The docker backend does not work.", "The venv backend works."]
    number = lines.index("  missing engine          no Docker engine answers at unix:///nowhere.sock")
    assert lines[number + 1].split(maxsplit=1) == [
        "fix",
        "Start Docker, or set DOCKER_HOST to one that runs, or use --backend venv.",
    ]


def test_an_engine_that_hangs_is_not_waited_for(silent_engine: str) -> None:
    found = doctor("--offline", DOCKER_HOST=silent_engine)
    assert (found.code, found.errors) == (0, "")
    assert found.document["backends"] == {"docker": False, "venv": True}
    assert found.fact("engine")["message"] == f"no Docker engine answers at {silent_engine}"
    assert found.facts("images") == []


def test_an_index_that_hangs_is_not_waited_for(silent: int) -> None:
    found = doctor(PIP_INDEX_URL=f"http://bob:s3cr3t@127.0.0.1:{silent}/simple", DOCKER_HOST="unix:///nowhere.sock")
    assert found.code == 0
    index = found.fact("index")
    assert index["status"] in ("warning", "missing")
    assert f"127.0.0.1:{silent}" in index["message"]
    settings = found.fact("index_settings")
    assert settings["details"]["options"] == {"index-url": f"http://****@127.0.0.1:{silent}/simple"}
    assert settings["details"]["sources"] == ["PIP_INDEX_URL"]
    assert "s3cr3t" not in found.text


def test_without_a_folder_to_write_to_no_backend_works(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = doctor("--offline", HARNESS_CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert found.code == 4
    assert found.document["backends"] == {"docker": False, "venv": False}
    cache = found.fact("cache")
    assert (cache["status"], "HARNESS_CACHE_DIR" in cache["remedy"]) == ("missing", True)


def test_without_a_docker_program_there_is_no_buildkit(tmp_path: Path) -> None:
    found = doctor("--offline", PATH=str(tmp_path))
    buildkit = found.fact("buildkit")
    assert buildkit["message"].startswith("no docker program on PATH")
    assert found.fact("namespaces")["status"] == "warning"
    assert found.document["backends"]["venv"] is True
