"""The connection to a Docker engine, what its failures mean to a user, and the labels on all that is ours.

Light to import: a worker's container is on its way before the rest of the harness is loaded.
"""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import APIError, DockerException
from docker.utils import kwargs_from_env
from docker.utils.socket import frames_iter

from harness.docker_presence import DEFAULT_SOCKET, INSTEAD, no_engine
from harness.errors import BackendUnavailable

ANSWER_SECONDS = 2
# Committing a layer of some gigabytes says nothing until it is done.
PATIENCE_SECONDS = 3600
# Engine 19.03. Source: the version table of Docker's "Engine API" page.
OLDEST_API = (1, 40)


class Label(StrEnum):
    """The labels that say what a container, image, network or volume of ours is for."""

    KIND = "task-harness.kind"
    DIGEST = "task-harness.digest"
    VERSION = "task-harness.version"
    TASK = "task-harness.task"
    FOLDER = "task-harness.folder"
    ENVIRONMENT = "task-harness.environment"
    PYTHON = "task-harness.python"
    PYTHON_VERSION = "task-harness.python-version"
    HOST = "task-harness.host"
    LOCK = "task-harness.lock"


def connect() -> docker.APIClient:
    """Return a client of the engine that DOCKER_HOST or the current Docker context names, once it has answered.

    Raises BackendUnavailable where none answers within ANSWER_SECONDS, or it is too old, or it may not be used.
    """
    address = engine_address()
    try:
        if os.environ.get("DOCKER_HOST"):
            settings = kwargs_from_env()
            api = docker.APIClient(version="auto", timeout=ANSWER_SECONDS, **settings)
        else:
            api = docker.APIClient(address, version="auto", timeout=ANSWER_SECONDS)
    except DockerException as error:
        raise _unreachable(address, error) from error
    version = tuple(int(part) for part in api.api_version.split("."))
    if version < OLDEST_API:
        raise BackendUnavailable(
            f"the Docker engine at {address} is too old: it speaks API {api.api_version}, 1.40 is needed",
            remedy=f"Update Docker to 19.03 or later, {INSTEAD}.",
        )
    api.timeout = PATIENCE_SECONDS
    return api


def engine_address() -> str:
    """Return where the engine is looked for: DOCKER_HOST, else the current context of the Docker CLI."""
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    try:
        host = docker.ContextAPI.get_current_context().Host
    except (DockerException, OSError, ValueError, AttributeError, KeyError):
        host = None
    return host or f"unix://{DEFAULT_SOCKET}"


def _unreachable(address: str, error: DockerException) -> BackendUnavailable:
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return BackendUnavailable(
            f"no permission to use the Docker engine at {address}",
            remedy=f"Add your user to the group docker ('sudo usermod -aG docker $USER'), log in again, {INSTEAD}.",
        )
    if "Minimum supported API version" in text or ("client version" in text and "too" in text):
        return BackendUnavailable(
            f"the Docker engine at {address} and the installed docker SDK do not understand each other: {text}",
            remedy=f"Update the older of the two, {INSTEAD}.",
        )
    return no_engine(address)


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what the engine refuses in the block into an error with a remedy.

    doing: what cannot be done, for example "the container cannot be started".
    """
    try:
        yield
    except APIError as error:
        raise explain(doing, error) from error
    except DockerException as error:
        raise BackendUnavailable(f"{doing}: {error}", remedy=f"Look at the engine's log, {INSTEAD}.") from error
    except OSError as error:  # also what requests raises when the connection breaks
        raise BackendUnavailable(
            f"{doing}: the connection to the Docker engine broke: {error}",
            remedy=f"See whether the engine still runs, {INSTEAD}.",
        ) from error


@dataclass(frozen=True, slots=True)
class Attached:
    """The standard streams of a container, on one connection of their own."""

    _stream: Any

    @classmethod
    def to(cls, api: docker.APIClient, container_id: str) -> Attached:
        """Attach to a container that is not started yet, so that nothing it says is missed."""
        attached = cls(api.attach_socket(container_id, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}))
        attached.socket.settimeout(None)
        return attached

    @property
    def socket(self) -> socket.socket:
        """Return the connection itself: over a Unix socket or TCP the SDK gives a stream around it."""
        return cast("socket.socket", getattr(self._stream, "_sock", self._stream))

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield (stream number, bytes) until the container has ended."""
        return cast("Iterator[tuple[int, bytes]]", frames_iter(self.socket, tty=False))

    def close(self) -> None:
        """Close the connection, which ends the container's standard input."""
        connection = self.socket
        for open_end in (self._stream, connection):
            with suppress(OSError):
                open_end.close()


def explain(doing: str, error: APIError) -> BackendUnavailable:
    """Return the engine's own refusal as an error that a user can act on."""
    said = str(error.explanation or error).strip()
    if "no space left on device" in said:
        remedy = "Free space where the Docker engine keeps its data: 'harness clean' removes what the harness built."
        return BackendUnavailable(f"{doing}: the Docker engine's disk is full", remedy=remedy)
    if "exec format error" in said:
        remedy = f"Give an image for this machine's architecture ({platform.machine()}), {INSTEAD}."
        return BackendUnavailable(f"{doing}: the image is for another architecture", remedy=remedy)
    return BackendUnavailable(f"{doing}: {said}", remedy=f"Look at the engine's log, {INSTEAD}.")


def host_name() -> str:
    """Return a name for this machine, so that on a shared engine nobody sweeps away what another machine uses."""
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        machine = ""
    return f"{platform.node()}-{machine}".rstrip("-")


def owned_by(lock: Path) -> dict[str, str]:
    """Return the labels of what lives only as long as a process of this machine holds the lock on a file."""
    return {Label.HOST: host_name(), Label.LOCK: str(lock)}


def label_filter(**labels: str) -> dict[str, list[str]]:
    """Return the engine's filter for objects that carry all these labels; an empty text matches any value."""
    pairs = [(Label[name.upper()], value) for name, value in labels.items()]
    return {"label": [f"{label}={value}" if value else str(label) for label, value in pairs]}


def labels_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels of an entry of one of the engine's lists, which are null where there are none."""
    return dict(found.get("Labels") or {})
