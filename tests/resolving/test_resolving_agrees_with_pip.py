"""What uv is asked to find is what pip would install on top of the base environment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.backends import BACKENDS
from harness.builds.model import BuildPlan
from harness.progress import Silent
from harness.resolving import resolve

MakePlan = Callable[..., BuildPlan]
BASE = "six==1.16.0\nurllib3==1.26.8\n"


@pytest.mark.parametrize(
    "requirements",
    [
        pytest.param("requests==2.27.1\npython-dateutil<2.9\n", id="the base environment fits"),
        pytest.param("requests==2.31.0\nsix>1.16\nurllib3>=2\n", id="it is replaced"),
        pytest.param("requests[socks]<2.28,>=2.26\nidna<3\n", id="extras and bounds"),
    ],
)
def test_pip_and_the_resolution_agree(requirements: str, make_plan: MakePlan, tmp_path: Path) -> None:
    base = BACKENDS["venv"]().build(make_plan("", base=BASE), Silent())
    found = {one.package_name: one.version for one in resolve(make_plan(requirements, base=BASE)).packages}
    installed = {"six": "1.16.0", "urllib3": "1.26.8"}
    assert pip_would_install(base.python, tmp_path / "requirements.txt") == {
        name: version for name, version in found.items() if installed.get(name) != version
    }


def pip_would_install(python: Path | None, file: Path) -> dict[str, str]:
    """Return the versions that pip would install with this interpreter: name -> version."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--dry-run", "--quiet"]
    command += ["--report", "-", "--only-binary", ":all:", "--requirement", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    packages = [item["metadata"] for item in json.loads(done.stdout)["install"]]
    return {package["name"].lower().replace("_", "-"): package["version"] for package in packages}
