"""`harness envs`, and the environments that `harness envs new` makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.environments import find_environment


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def harness(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_listing_is_what_the_command_does_alone() -> None:
    done = harness("envs", "--json")
    assert done.returncode == 0, done.stderr
    names = [environment["name"] for environment in json.loads(done.stdout)["environments"]]
    assert names == ["python3", "python3_sklearn", "python3_xgboost"]


def test_a_new_environment_is_found_by_its_folder(run: Path) -> None:
    done = harness("envs", "new", "postgres", "--from", "python3_sklearn", "--apt", "gcc", "libpq-dev")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "./postgres is python3_sklearn with gcc, libpq-dev: use it with --env ./postgres\n"
    old, new = find_environment("python3_sklearn"), find_environment("./postgres")
    assert (new.name, new.python_version, len(new.id)) == ("postgres", "3.11", 24)
    assert new.id != old.id
    assert new.version_id != old.version_id
    assert old.requirements_file
    assert new.requirements_file
    assert new.requirements_file.read_bytes() == old.requirements_file.read_bytes()
    assert {file.name for file in (run / "postgres").iterdir()} == {
        "Dockerfile", "README.md", "env_info.json", "fit.sh", "requirements.txt", "start_server.sh",
    }  # fmt: skip
    dockerfile = (run / "postgres" / "Dockerfile").read_text()
    assert "--no-install-recommends \\\n        gcc \\\n        libpq-dev \\\n    && rm -rf" in dockerfile
    assert dockerfile.index("apt-get install") < dockerfile.index("pip install")


def test_the_same_command_gives_the_same_environment_anywhere(run: Path) -> None:
    for folder, package in (("one", "gcc"), ("two", "gcc"), ("three", "g++")):
        assert harness("envs", "new", "c", "--from", "python3", "--apt", package, "--output", folder).returncode == 0
    one, two, three = (find_environment(f"{folder}/c") for folder in ("one", "two", "three"))
    assert (one.id, one.version_id) == (two.id, two.version_id)
    assert one.id != three.id


def test_a_folder_with_requirements_alone_gets_the_dockerfile_that_it_is_built_with(run: Path) -> None:
    (run / "plain").mkdir()
    (run / "plain" / "env_info.json").write_text('{"id": "0123456789abcdef01234567", "name": "Plain"}')
    (run / "plain" / "requirements.txt").write_text("six==1.17.0\n")
    done = harness("envs", "new", "more", "--from", "./plain", "--apt", "git")
    assert done.returncode == 0, done.stderr
    assert "apt-get install" in (run / "more" / "Dockerfile").read_text()
    assert (run / "more" / "requirements.txt").read_text() == "six==1.17.0\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["x", "--from", "python3", "--apt", "Libpq"], "'Libpq' is no name of a Debian package", id="name"),
        pytest.param(["x", "--from", "python3", "--apt", "a; rm -rf /"], "no name of a Debian package", id="command"),
        pytest.param(["x", "--from", "pyton3", "--apt", "gcc"], "Did you mean 'python3'?", id="unknown environment"),
        pytest.param(["x", "--from", "image:a:b", "--apt", "gcc"], "has no files to copy", id="an image"),
        pytest.param(["taken", "--from", "python3", "--apt", "gcc"], "taken: exists already", id="exists"),
        pytest.param(["python3", "--from", "python3", "--apt", "gcc"], "name of a bundled environment", id="bundled"),
        pytest.param(["a/b", "--from", "python3", "--apt", "gcc"], "cannot be the name of an environment", id="path"),
    ],
)
def test_what_cannot_be_made_is_one_error(run: Path, arguments: list[str], expected: str) -> None:
    (run / "taken").mkdir()
    done = harness("envs", "new", *arguments)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in run.iterdir()] == ["taken"]
