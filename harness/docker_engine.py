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
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast

import docker
import requests
import urllib3
from docker.errors import APIError, ContextException, DockerException, InvalidVersion
from docker.utils import kwargs_from_env
from docker.utils.socket import frames_iter

from harness.docker_presence import DEFAULT_SOCKET, INSTEAD, no_engine
from harness.errors import BackendUnavailable, HarnessError

ANSWER_SECONDS = 2
# Committing a layer of some gigabytes says nothing until it is done.
PATIENCE_SECONDS = 3600
# Engine 19.03. Source: the version table of Docker's "Engine API" page.
OLDEST_API = (1, 40)
# What the SDK lets through where the connection breaks.
BROKEN_CONNECTION = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, ConnectionError)


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
    try:
        endpoint = _endpoint()
    except DockerException as error:
        raise _unusable("", error) from error
    address = endpoint["base_url"]
    try:
        api = docker.APIClient(version="auto", timeout=ANSWER_SECONDS, **endpoint)
    except InvalidVersion as error:
        raise _too_old(address) from error
    except (DockerException, ValueError) as error:  # ValueError: a port that is no number
        raise _unusable(address, error) from error
    if tuple(int(part) for part in api.api_version.split(".")) < OLDEST_API:
        api.close()
        raise _too_old(address)
    api.timeout = PATIENCE_SECONDS
    return api


def _endpoint() -> dict[str, Any]:
    """Return the SDK's `base_url` and, where there is one, `tls`: of DOCKER_HOST, else of the CLI's current context."""
    if os.environ.get("DOCKER_HOST"):
        return {**kwargs_from_env()}
    name = os.environ.get("DOCKER_CONTEXT")
    try:
        context = docker.ContextAPI.get_context(name)
    except Exception as error:  # the SDK raises nothing more special for a file that it cannot read
        raise ContextException(str(error)) from error
    if context is None:
        raise ContextException(f"there is no Docker context {name or 'of the name in config.json'}")
    return {"base_url": context.Host or f"unix://{DEFAULT_SOCKET}", "tls": context.TLSConfig or False}


def _too_old(address: str) -> BackendUnavailable:
    oldest = ".".join(str(number) for number in OLDEST_API)
    return BackendUnavailable(
        f"the Docker engine at {address} is too old: it does not speak version {oldest} of the API",
        remedy=f"Update Docker to 19.03 or later, {INSTEAD}.",
    )


def _unusable(address: str, error: Exception) -> BackendUnavailable:
    said, cause = str(error), error.__cause__
    if "Permission denied" in said:
        return BackendUnavailable(
            f"no permission to use the Docker engine at {address}",
            remedy=f"Add your user to the group docker ('sudo usermod -aG docker $USER'), log in again, {INSTEAD}.",
        )
    is_silent = isinstance(cause, (requests.ConnectionError, requests.Timeout))
    if is_silent and not isinstance(cause, requests.exceptions.SSLError):
        return no_engine(address)
    return BackendUnavailable(
        f"no Docker engine can be used{f' at {address}' if address else ''}: {said}",
        remedy=f"Correct DOCKER_HOST or the Docker context, {INSTEAD}.",
    )


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what the engine refuses in the block into an error with a remedy, and so trouble with files of this machine.

    doing: what cannot be done, for example "the container cannot be started".
    """
    try:
        yield
    except APIError as error:
        raise explain(doing, error) from error
    except DockerException as error:
        raise BackendUnavailable(f"{doing}: {error}", remedy=f"Look at the engine's log, {INSTEAD}.") from error
    except BROKEN_CONNECTION as error:
        raise BackendUnavailable(
            f"{doing}: the connection to the Docker engine broke: {error}",
            remedy=f"See whether the engine still runs, {INSTEAD}.",
        ) from error
    except OSError as error:
        raise HarnessError(
            f"{doing}: {error.strerror or error}",
            file=error.filename,
            remedy="See that there is room on the disk, and that the file can be read and written.",
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
