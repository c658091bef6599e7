"""`harness build --repair` on real packages: it finds a small change that builds, and writes when told to."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n\n\ndef score(data, model, **kwargs):\n    return data\n"


def repair(task: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", "build", str(task), "--env", "python3", "--backend", "venv", "--repair"]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("requirements", "changed"),
    [
        pytest.param(
            "tolz==1.0.0  # pipelines\n", {"-tolz==1.0.0  # pipelines", "+toolz==1.0.0  # pipelines"}, id="misspelt"
        ),
        pytest.param("# head\ntoolz==0.12.77\n", {"-toolz==0.12.77", "+toolz==0.12.1"}, id="no such version"),
        pytest.param(
            "tolz\nmore-itertools==10.99\n",
            {"-tolz", "+toolz", "-more-itertools==10.99", "+more-itertools==10.8.0"},
            id="two faults",
        ),
        pytest.param("toolz~=1.0.0\n", {"-toolz~=1.0.0", "+toolz>=1.0.0,<1.1"}, id="a line that the platform refuses"),
    ],
)
def test_the_smallest_change_that_builds_is_shown(
    make_task: Callable[..., Path], requirements: str, changed: set[str]
) -> None:
    task = make_task(CUSTOM, requirements=requirements)
    done = repair(task, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["repaired"] is True
    assert document["written"] is False
    lines = document["diff"].splitlines()[2:]
    assert {line for line in lines if line.startswith(("+", "-"))} == changed
    assert (task / "requirements.txt").read_text() == requirements


def test_two_lines_that_exclude_each_other_are_repaired_by_one_of_them(make_task: Callable[..., Path]) -> None:
    task = make_task(CUSTOM, requirements="jinja2==3.1.4\nmarkupsafe==1.1.1\n")
    done = repair(task, "--write")
    assert done.returncode == 0, done.stdout + done.stderr
    now = (task / "requirements.txt").read_text().splitlines()
    assert len(now) == 2
    assert (now[0] == "jinja2==3.1.4") != (now[1] == "markupsafe==1.1.1")
    assert f"Written to {task / 'requirements.txt'}" in done.stdout
    again = subprocess.run(
        [sys.executable, "-m", "harness", "build", str(task), "--env", "python3", "--backend", "venv"],
        capture_output=True,
        check=False,
    )
    assert again.returncode == 0


def test_what_builds_is_left_alone(make_task: Callable[..., Path]) -> None:
    task = make_task(CUSTOM, requirements="toolz==1.0.0\n")
    done = repair(task, "--write")
    assert done.returncode == 0, done.stderr
    assert "Nothing to repair" in done.stdout
    assert (task / "requirements.txt").read_text() == "toolz==1.0.0\n"


def test_what_cannot_be_repaired_is_told_with_its_cause(make_task: Callable[..., Path]) -> None:
    task = make_task(CUSTOM, requirements="surely-no-such-package-of-anybody-1742\n")
    done = repair(task)
    assert done.returncode == 3
    assert "requirements.txt:1" in done.stdout
    assert "No repair is known." in done.stdout


def test_builds_are_counted(make_task: Callable[..., Path]) -> None:
    task = make_task(CUSTOM, requirements="tolz\nmore-itertools==10.99\n")
    done = repair(task, "--most-builds", "1")
    assert done.returncode == 3
    assert "--most-builds allows more" in done.stdout
