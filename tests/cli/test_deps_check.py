"""`harness deps --check`, run as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MakeTask = Callable[..., Path]
CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "env_info.json").write_text(json.dumps({"id": "0" * 24, "name": "Small", "pythonVersion": "3.11"}))
    (folder / "requirements.txt").write_text("requests==2.27.1\nsix==1.17.0\nurllib3==1.26.20\n")
    return folder


def harness(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})


def write(folder: Path, text: str) -> Path:
    file = folder / "requirements.txt"
    file.write_text(text)
    return file


def test_each_requirement_is_shown_with_its_version_and_the_rest_counted(tmp_path: Path, small: Path) -> None:
    done = harness("deps", write(tmp_path, "six\n\npython-dateutil<2.9  # dates\n"), "--check", "--env", small)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["1", "six", "1.17.0"] in rows
    assert ["3", "python-dateutil<2.9", "2.8.2"] in rows
    assert "packages that these need" not in done.stdout


def test_base_packages_that_change_and_those_that_break_are_warnings(tmp_path: Path, small: Path) -> None:
    done = harness("deps", write(tmp_path, "urllib3==2.0.7\n"), "--check", "--env", small)
    assert done.returncode == 0
    first, second = done.stderr.splitlines()
    assert first == (
        "warning: the platform would replace urllib3 1.26.20 of the base environment by 2.0.7: "
        "line 1 needs urllib3==2.0.7."
    )
    assert second.startswith("warning: what stays of the base environment does not fit that: ")
    assert "requests==2.27.1 depends on urllib3>=1.21.1,<1.27" in second


def test_a_conflict_shows_the_lines_and_ends_with_1(tmp_path: Path, small: Path) -> None:
    file = write(tmp_path, "# web\nrequests==2.27.1\nsix\nurllib3>=2\n")
    done = harness("deps", file, "--check", "--env", small)
    assert done.returncode == 1
    assert "  line 2: requests==2.27.1\n  line 4: urllib3>=2\n  Because" in done.stdout
    assert "requests==2.27.1 depends on urllib3>=1.21.1,<1.27" in done.stdout


def test_json_adds_the_check_to_the_document(tmp_path: Path, small: Path) -> None:
    done = harness("deps", write(tmp_path, "six==1.16.0\ndocopt==0.6.2\n"), "--check", "--env", small, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert [each["packageName"] for each in document["dependencies"]] == ["six", "docopt"]
    check = document["check"]
    assert check["resolvable"] is None
    assert check["packages"] == [
        {"packageName": "six", "version": "1.16.0", "isDeclared": True, "lineNumbers": [1], "via": []}
    ]
    assert check["changedBasePackages"] == [
        {
            "packageName": "six",
            "fromVersion": "1.17.0",
            "toVersion": "1.16.0",
            "lineNumbers": [1],
            "reason": "line 1 needs six==1.16.0",
        }
    ]
    assert check["needsBuilding"] == [{"packageName": "docopt", "version": "0.6.2", "lineNumbers": [2]}]
    assert check["conflict"] is None
    assert "docopt 0.6.2 would be built from source" in done.stderr


def test_json_of_a_conflict_has_packages_and_lines(tmp_path: Path, small: Path) -> None:
    done = harness("deps", write(tmp_path, "iniconfig==99.1\n"), "--check", "--env", small, "--json")
    check = json.loads(done.stdout)["check"]
    assert (done.returncode, check["resolvable"], check["packages"]) == (1, False, [])
    assert check["conflict"]["packages"] == ["iniconfig"]
    assert check["conflict"]["lineNumbers"] == [1]


def test_a_task_folder_is_checked_on_the_environment_of_its_metadata(make_task: MakeTask) -> None:
    metadata = "name: tried\ntype: training\ntargetType: regression\nenvironmentID: 67a554bbfbef3a4ce2ab6700\n"
    done = harness("deps", make_task(CUSTOM, metadata, requirements="numpy\n"), "--check", "--json")
    check = json.loads(done.stdout)["check"]
    assert check["environment"] == "python3"
    assert [(one["packageName"], one["version"]) for one in check["packages"]] == [("numpy", "2.2.6")]
    assert harness("deps", make_task(CUSTOM, name="bare"), "--check").returncode == 0


def test_an_r_task_cannot_be_checked(tmp_path: Path) -> None:
    (tmp_path / "custom.R").write_text("")
    done = harness("deps", write(tmp_path, "caret\n"), "--check")
    assert done.returncode == 2
    assert "only requirements of Python tasks can be resolved" in done.stderr


def test_ctrl_c_ends_a_check_that_waits_for_the_index(tmp_path: Path, small: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        variables = {"UV_DEFAULT_INDEX": index, "UV_INDEX": index, "UV_CACHE_DIR": str(tmp_path / "uv")}
        command = [sys.executable, "-m", "harness", "deps", str(write(tmp_path, "iniconfig\n")), "--check"]
        command += ["--env", str(small)]
        with subprocess.Popen(command, env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True) as process:
            silent.settimeout(60)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted" in errors
    assert "Traceback" not in errors
