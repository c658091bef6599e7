"""The platform's own Python client and its `drum`, in a venv of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from started_programs import PATIENCE_SECONDS, Served

from harness.builds.pip_settings import uv_environment
from harness.builds.uv_program import find_uv

SCRIPTS = Path(__file__).parent / "client_scripts"
# scikit-learn is what the sample tasks import. botocore, which drum needs anyway, is named because uv's resolver else
# goes through 700 releases of boto3 before it looks at it.
PACKAGES = ("datarobot", "datarobot-drum", "scikit-learn", "botocore")


@dataclass(frozen=True, slots=True)
class Clients:
    """A venv with the clients. bin: the folder of its programs."""

    bin: Path

    @property
    def python(self) -> Path:
        return self.bin / "python"

    def environment(self, url: str, token: str) -> dict[str, str]:
        """Return the variables of a user who has set the clients up for a server."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "DATAROBOT_ENDPOINT": url, "DATAROBOT_API_TOKEN": token}


def run_script(clients: Clients, served: Served, script: str, folder: Path, **given: object) -> dict[str, Any]:
    """Run one of client_scripts/ in a folder, against a server, and return what the script saw."""
    done = subprocess.run(
        [clients.python, SCRIPTS / script, json.dumps(given)],
        cwd=folder,
        env=clients.environment(served.url, served.token),
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + served.output
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def install_clients(folder: Path) -> Clients:
    """Make a venv with the newest clients that this machine's package index has."""
    environment = {**os.environ, **uv_environment(os.environ)}
    environment.pop("VIRTUAL_ENV", None)
    clients = Clients(folder / "bin")
    for command in (
        ["venv", "--no-project", "--python", sys.executable, str(folder)],
        ["pip", "install", "--python", str(clients.python), *PACKAGES],
    ):
        done = subprocess.run([find_uv(), *command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return clients
