"""The wheel alone, in an empty venv and away from the checkout, is a working harness."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the `harness` program of a venv into which only the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(CHECKOUT)], folder)
    (wheel,) = folder.glob("*.whl")
    run([str(find_uv_bin()), "venv", "--no-project", "--python", sys.executable, str(folder / "venv")], folder)
    run([str(find_uv_bin()), "pip", "install", "--python", str(folder / "venv/bin/python"), str(wheel)], folder)
    return folder / "venv" / "bin" / "harness"


def run(command: list[str], folder: Path, expected: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


def test_environments_travel_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    environments = json.loads(run([str(installed), "envs", "--json"], tmp_path))["environments"]
    assert [environment["name"] for environment in environments] == ["python3", "python3_sklearn", "python3_xgboost"]


def test_a_bundled_sample_task_is_validated_on_bundled_data(installed: Path, tmp_path: Path) -> None:
    bundled = "from harness.bundled_files import bundled_folder; print(bundled_folder('sample_tasks'))"
    samples = Path(run([str(installed.with_name("python")), "-c", bundled], tmp_path).strip())
    assert not samples.is_relative_to(CHECKOUT)
    command = [str(installed), "validate", "--json", "--output", str(tmp_path), str(samples / "binary_functions")]
    assert json.loads(run(command, tmp_path))["verdict"] == "passed"
    # Its template, style and the library that draws have travelled, too.
    assert 'id="charts"' in (tmp_path / "report.html").read_text()


def test_nothing_that_the_wheel_needs_is_missing_from_its_requirements(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pandas~=2.0\n")
    document = json.loads(run([str(installed), "deps", "--json", str(tmp_path)], tmp_path, expected=1))
    assert document["refused"][0]["rewrite"] == "pandas>=2.0,<3"
