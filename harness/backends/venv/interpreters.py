"""Find the Python that comes nearest to the one in the platform's image."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from harness.builds.uv_program import find_uv

PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python to make venvs with. `note` says how it differs from the wanted one, None where it does not."""

    path: str
    version: str
    note: str | None = None


def find_interpreter(wanted: str | None) -> Interpreter:
    """Return a Python of version `wanted` (`major.minor`): the running one, one that uv finds, else the running one.

    The last comes with a note, because packages may resolve differently there.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if wanted is None or wanted == own:
        return _running()
    found = subprocess.run(
        [find_uv(), "python", "find", "--no-python-downloads", "--no-project", wanted],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    path = found.stdout.strip()
    if found.returncode == 0 and path:
        asked = [path, "-c", "import platform; print(platform.python_version())"]
        version = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True).stdout
        return Interpreter(path, version.strip())
    running = _running()
    note = (
        f"The platform's image has Python {wanted}, this build has {running.version}: no Python {wanted} was found "
        f"here. Install one, for example with 'uv python install {wanted}'."
    )
    return Interpreter(running.path, running.version, note)


def _running() -> Interpreter:
    return Interpreter(sys.executable, ".".join(str(part) for part in sys.version_info[:3]))
