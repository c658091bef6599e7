"""What the harness makes on the engine while it works, and what of it is still there afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound

LOCK = "task-harness.lock"
# Where a task's output_dir is in a run's container.
ARTIFACT = "/opt/run/results/artifact"


class Traces:
    """Follows the engine's events; `left` tells what is still there of what one cache folder's harness has made."""

    def __init__(self, engine: docker.APIClient, cache: Path) -> None:
        self._engine = engine
        self._cache = str(cache)
        self._events: list[dict[str, Any]] = []
        self._stream = engine.events(decode=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._catch_up()

    def close(self) -> None:
        self._stream.close()
        self._reader.join()

    def containers(self) -> list[str]:
        """Return the ids of the containers that were made, in their order."""
        self._catch_up()
        return [
            event["Actor"]["ID"]
            for event in self._of("container", "create")
            if event["Actor"]["Attributes"].get(LOCK, "").startswith(self._cache)
        ]

    def volumes(self) -> set[str]:
        """Return the unnamed volumes that these containers had."""
        containers = self.containers()
        mounted = self._of("volume", "mount")
        names = {event["Actor"]["ID"] for event in mounted if event["Actor"]["Attributes"]["container"] in containers}
        return {name for name in names if not name.startswith("task-harness")}

    def networks(self) -> set[str]:
        """Return the networks made for one run that these containers were in."""
        containers = self.containers()
        attributes = [event["Actor"]["Attributes"] for event in self._of("network", "connect")]
        return {each["name"] for each in attributes if each["container"] in containers} - {"none", "host", "bridge"}

    def left(self) -> list[str]:
        """Return what is there of all this, and temporary images."""
        looks = [
            (self._engine.inspect_container, self.containers()),
            (self._engine.inspect_volume, self.volumes()),
            (self._engine.inspect_network, self.networks()),
        ]
        left = [f"{look.__name__} {name}" for look, names in looks for name in names if exists(look, name)]
        images = self._engine.images(all=True, filters={"label": LOCK})
        return left + [image["Id"] for image in images if image["Labels"][LOCK].startswith(self._cache)]

    def running(self) -> list[str]:
        """Return the ids of those containers that run."""
        return [each for each in self.containers() if state(self._engine, each).get("Running")]

    def stage(self) -> str | None:
        """Return the id of the container in which a fit has said that it has begun."""
        return next((each for each in self.running() if has_file(self._engine, each, f"{ARTIFACT}/begun")), None)

    def _of(self, kind: str, action: str) -> list[dict[str, Any]]:
        return [event for event in self._events if (event["Type"], event["Action"]) == (kind, action)]

    def _read(self) -> None:
        for event in self._stream:
            self._events.append(event)

    def _catch_up(self) -> None:
        """Wait until what has happened so far has been read."""
        mark = f"harness-test-{uuid.uuid4().hex}"
        self._engine.create_volume(mark)
        self._engine.remove_volume(mark)
        wait_until(lambda: any(event["Actor"]["ID"] == mark for event in self._of("volume", "destroy")))


@contextmanager
def traces_of(engine: docker.APIClient, cache: Path) -> Iterator[Traces]:
    traces = Traces(engine, cache)
    try:
        yield traces
    finally:
        traces.close()


def exists(look: Callable[[str], Any], name: str) -> bool:
    try:
        look(name)
    except NotFound:
        return False
    return True


def state(engine: docker.APIClient, container: str) -> dict[str, Any]:
    with suppress(NotFound):
        found: dict[str, Any] = engine.inspect_container(container)["State"]
        return found
    return {}


def has_file(engine: docker.APIClient, container: str, path: str) -> bool:
    try:
        chunks, _ = engine.get_archive(container, path)
    except NotFound:
        return False
    chunks.close()
    return True


def wait_until(happened: Callable[[], Any], seconds: float = 60) -> Any:
    """Return what `happened` returns once that is something."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def harness_command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "harness", *map(str, arguments)]


def harness(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the harness to its end."""
    command = harness_command(*arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
