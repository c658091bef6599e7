"""`harness lock` and `harness build --as-of`, run as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from harness.requirements import parse_requirements

MakeTask = Callable[..., Path]
CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n"
REQUIREMENTS = '# web\nrequests[socks]==2.27.1\n\nidna==3.3  # names\ncolorama ; sys_platform == "win32"\n'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a base environment that is quickly built and that no engine has."""
    folder = tmp_path_factory.mktemp("small")
    info = {"id": "0" * 24, "name": "Small", "description": uuid.uuid4().hex, "pythonVersion": "3.11"}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text("six==1.17.0\nurllib3==1.26.20\n")
    return folder


def harness(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def pins(file: Path) -> dict[str, str]:
    requirements = parse_requirements(file)
    assert requirements.refused == ()
    assert all(one.constraints[0].constraint_type == "==" for one in requirements.dependencies)
    return {one.package_name: one.constraints[0].version for one in requirements.dependencies}


def test_a_lock_file_holds_the_exact_set_and_builds_the_same_again(make_task: MakeTask, small: Path) -> None:
    task = make_task(CUSTOM, requirements=REQUIREMENTS)
    done = harness("lock", task, "--env", small, "--backend", "venv")
    assert done.returncode == 0, done.stderr
    file = task / "requirements.lock.txt"
    locked = pins(file)
    assert list(locked) == ["certifi", "charset-normalizer", "idna", "pysocks", "requests", "urllib3"]
    assert (locked["idna"], locked["requests"], locked["urllib3"]) == ("3.3", "2.27.1", "1.26.20")
    lines = file.read_text().splitlines()
    assert "idna==3.3  # line 4: idna==3.3; via line 2: requests[socks]==2.27.1" in lines
    assert "urllib3==1.26.20  # via line 2: requests[socks]==2.27.1" in lines
    again = make_task(CUSTOM, requirements=file.read_text(), name="again")
    done = harness("lock", again, "--env", small, "--backend", "venv")
    assert done.returncode == 0, done.stderr
    assert pins(again / "requirements.lock.txt") == locked


def test_the_same_build_gives_the_same_file_and_nothing_is_written_over(make_task: MakeTask, small: Path) -> None:
    task = make_task(CUSTOM, requirements=REQUIREMENTS)
    file = task / "mine.txt"
    assert harness("lock", task, "--env", small, "--backend", "venv", "--output", file).returncode == 0
    before = file.read_text()
    refused = harness("lock", task, "--env", small, "--backend", "venv", "--output", file)
    assert refused.returncode == 2
    assert "the file is there already" in refused.stderr
    forced = harness("lock", task, "--env", small, "--backend", "venv", "--output", file, "--force", "--json")
    assert file.read_text() == before
    document = json.loads(forced.stdout)
    assert document["file"] == str(file)
    assert document["packages"][2] == {"packageName": "idna", "version": "3.3", "lineNumbers": [2, 4], "hashes": []}


def test_a_lock_file_with_hashes_is_accepted_and_builds(make_task: MakeTask, small: Path) -> None:
    task = make_task(CUSTOM, requirements="iniconfig==2.0.0\n")
    done = harness("lock", task, "--env", small, "--backend", "venv", "--hashes")
    assert done.returncode == 0, done.stderr
    file = task / "requirements.lock.txt"
    assert pins(file) == {"iniconfig": "2.0.0"}
    # As the index has recorded it for iniconfig-2.0.0-py3-none-any.whl.
    assert "b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374" in file.read_text()
    again = make_task(CUSTOM, requirements=file.read_text(), name="again")
    done = harness("build", again, "--env", small, "--backend", "venv")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_an_image_holds_as_of_a_day_is_locked_and_builds(
    make_task: MakeTask, small: Path, engine: docker.APIClient
) -> None:
    task = make_task(CUSTOM, requirements="python-dateutil\n")
    done = harness("lock", task, "--env", small, "--backend", "docker", "--as-of", "2021-07-01")
    assert done.returncode == 0, done.stderr
    # 2.8.2 is of 2021-07-14. six is in the base environment, of 2024, and stays in the set when that changes.
    assert pins(task / "requirements.lock.txt") == {"python-dateutil": "2.8.1", "six": "1.17.0"}
    (task / "requirements.lock.txt").replace(task / "requirements.txt")
    done = harness("build", task, "--env", small, "--backend", "docker")
    assert done.returncode == 0, done.stdout
    assert engine.inspect_image(done.stdout.splitlines()[-1])["Config"]["Labels"]["task-harness.task"] == "tried"


def test_a_failed_build_locks_nothing(make_task: MakeTask, small: Path) -> None:
    task = make_task(CUSTOM, requirements="iniconfig==99.1\n")
    done = harness("lock", task, "--env", small, "--backend", "venv")
    assert done.returncode == 3
    assert "iniconfig==99.1" in done.stderr
    assert not (task / "requirements.lock.txt").exists()


def test_a_task_without_requirements_has_nothing_to_lock(make_task: MakeTask, small: Path) -> None:
    done = harness("lock", make_task(CUSTOM), "--env", small, "--backend", "venv")
    assert done.returncode == 2
    assert "no requirements to lock" in done.stderr


def test_a_build_as_of_a_day_takes_what_was_there(make_task: MakeTask, small: Path) -> None:
    task = make_task(CUSTOM, requirements="python-dateutil\n")
    done = harness("build", task, "--env", small, "--backend", "venv", "--as-of", "2021-07-01")
    assert done.returncode == 0, done.stdout
    installed = [line for line in done.stdout.splitlines() if line.startswith(" + ")]
    assert " + python-dateutil==2.8.1" in installed
    assert [line for line in installed if "six" in line] in ([], [" + six==1.17.0"])


def test_what_was_not_there_on_that_day_fails_the_build_with_its_line(make_task: MakeTask, small: Path) -> None:
    task = make_task(CUSTOM, requirements="six\npython-dateutil==2.8.2\n")
    done = harness("build", task, "--env", small, "--backend", "venv", "--as-of", "2021-07-01T00:00:00Z")
    assert done.returncode == 3
    assert "Resolving as of 2021-07-01T00:00:00+00:00" in done.stdout
    assert "there is no version of python-dateutil==2.8.2" in done.stdout


def test_a_day_that_is_none_is_refused(make_task: MakeTask, small: Path) -> None:
    done = harness("build", make_task(CUSTOM), "--env", small, "--backend", "venv", "--as-of", "last month")
    assert done.returncode == 2
    assert "'last month' is no date" in done.stderr
