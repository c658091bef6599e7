"""Whether it is worth asking for a Docker engine at all; without the SDK, whose import costs as much as a small run."""

from __future__ import annotations

import json
import os
from pathlib import Path

from harness.errors import BackendUnavailable

DEFAULT_SOCKET = Path("/var/run/docker.sock")
INSTEAD = "or use --backend venv"


def refuse_without_engine() -> None:
    """Raise BackendUnavailable where nothing names an engine and the default one's socket is not there."""
    if os.environ.get("DOCKER_HOST") or os.environ.get("DOCKER_CONTEXT") or _names_context() or DEFAULT_SOCKET.exists():
        return
    raise no_engine(f"unix://{DEFAULT_SOCKET}")


def no_engine(address: str) -> BackendUnavailable:
    """Return the error for an address at which no engine answers."""
    return BackendUnavailable(
        f"no Docker engine answers at {address}",
        remedy=f"Start Docker, or set DOCKER_HOST to one that runs, {INSTEAD}.",
    )


def _names_context() -> bool:
    """Tell whether the Docker CLI's settings name an engine. Source: `docker context`, config.json's currentContext."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(settings, dict) and bool(settings.get("currentContext"))
