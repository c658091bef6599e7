"""A worker in a container: no network, no rights, a root that cannot be written; gone when it is closed.

The worker is the container's first process: nobody in there can kill or stop it, and all that it starts ends with it.
"""

from __future__ import annotations

import io
import json
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from typing import IO, Any

import docker
from docker.errors import APIError, DockerException
from docker.types import LogConfig
from docker.utils.socket import STDOUT

from harness.cache import lock_of, run_folder
from harness.docker_engine import BROKEN_CONNECTION, Attached, Label, connect, explained, owned_by
from harness.tar_streams import ChunkReader
from harness.vocabulary import NetworkPolicy
from harness.workers.protocol import Places, preload_line

# Where things lie in the images and containers of the harness. Source: the platform's image contract for the first.
CODE_FOLDER = "/opt/code"
RUN_FOLDER = "/opt/run"
RESULTS_FOLDER = f"{RUN_FOLDER}/results"
WORKER_FOLDER = "/opt/harness/worker"
PLACES = Places(
    code=CODE_FOLDER,
    input=f"{RUN_FOLDER}/input",
    artifact=f"{RESULTS_FOLDER}/artifact",
    model=f"{RUN_FOLDER}/model",
    output=f"{RESULTS_FOLDER}/output",
)
HOME_FOLDER = f"{RUN_FOLDER}/home"
SECRETS_FOLDER = f"{RUN_FOLDER}/secrets"
VARIABLES = {
    "HOME": HOME_FOLDER,
    "TMPDIR": "/tmp",  # noqa: S108
    "USER": "nobody",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
}
# The folders below the run's folder, which the task may write; that itself it may not, so they stay where they are.
RUN_FOLDERS = (RESULTS_FOLDER, HOME_FOLDER, SECRETS_FOLDER, PLACES.input, PLACES.artifact, PLACES.model, PLACES.output)
# Small files of the input folder. Source: the platform's image contract.
PARAMETERS_FILE = "parameters.json"
LABELS_FILE = "class_labels.txt"
NOBODY = 65534
# The platform gives a task four cores. A container may have fewer: the quota is no promise.
CPU_PERIOD_MICROSECONDS = 100_000
CPU_QUOTA_MICROSECONDS = 4 * CPU_PERIOD_MICROSECONDS
MOST_PROCESSES = 1024
TEMPORARY_BYTES = 2 * 1024**3
SHARED_MEMORY_BYTES = 1024**3
# Until the job says how much it is: the most that the platform gives.
FIRST_MEMORY_BYTES = 15_032_385_536
LAST_WORDS_BYTES = 4096
# How long the engine may take to notice that a container whose output has ended is gone.
END_SECONDS = 10
KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True, slots=True)
class ContainerRecipe:
    """What decides whether a container that is already up will do.

    image: of the harness, with the worker in it. python: the interpreter's path there. preload: what it imports.
    variables: the task's own environment variables.
    """

    image: str
    python: str
    preload: tuple[str, ...]
    network: NetworkPolicy
    variables: Mapping[str, str] = field(default_factory=dict)

    def to_json_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> ContainerRecipe:
        """Read what `to_json_dict` wrote; KeyError, TypeError or ValueError where it is something else."""
        return cls(
            image=str(document["image"]),
            python=str(document["python"]),
            preload=tuple(str(name) for name in document["preload"]),
            network=NetworkPolicy(document["network"]),
            variables={str(name): str(value) for name, value in dict(document["variables"]).items()},
        )


class ContainerWorker:
    """A started container in which a worker imports `preload` and then waits for a job.

    Raises BackendUnavailable where the engine does not start it. network_name: the engine's name of the network to
    join; none at all where it is not given. variables: further ones of the container's own environment.
    Source of what is said to the worker: docs/reference/run-protocol.md.
    """

    def __init__(
        self, recipe: ContainerRecipe, network_name: str = "none", variables: Mapping[str, str] | None = None
    ) -> None:
        self.recipe = recipe
        self._variables = variables or {}
        self._resources = ExitStack()
        self.folder = self._resources.enter_context(run_folder())
        self._api = connect()
        self._resources.callback(self._api.close)
        try:
            with explained("the run's container cannot be started"):
                self.container_id = self._create(network_name)
                self._removal = threading.Thread(target=self._remove)
                self._resources.callback(self._wait_for_removal)
                self._attached = Attached.to(self._api, self.container_id)
                self._resources.callback(self._attached.close)
                self._errors = bytearray()
                output = _output_of(self._attached.frames(), self._errors)
                self.events: IO[bytes] = io.BufferedReader(ChunkReader(output))
                self._api.start(self.container_id)
        except BaseException:
            self._resources.close()
            raise
        self.send(preload_line(recipe.preload, recipe.variables))

    def _create(self, network_name: str) -> str:
        created = self._api.create_container(
            self.recipe.image,
            command=["-u", WORKER_FOLDER],
            entrypoint=[self.recipe.python],
            user=f"{NOBODY}:{NOBODY}",
            working_dir=RUN_FOLDER,
            stdin_open=True,
            environment={
                **VARIABLES,
                **self._variables,
            },
            volumes=[CODE_FOLDER, RUN_FOLDER],
            labels={Label.KIND: "run", **owned_by(lock_of(self.folder))},
            host_config=host_config_of_run(self._api, network_name),
        )
        return str(created["Id"])

    @property
    def is_alive(self) -> bool:
        try:
            return bool(self.state()["Running"])
        except (DockerException, OSError):
            return False

    def state(self) -> dict[str, Any]:
        """Return what the engine says of the container: Running, ExitCode, OOMKilled and more."""
        state: dict[str, Any] = self._api.inspect_container(self.container_id)["State"]
        return state

    def send(self, document: dict[str, Any]) -> None:
        """Write one line to the worker; that it has died is noticed when its events are read."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._attached.socket.sendall(json.dumps(document).encode() + b"\n")

    def limit_memory(self, memory_bytes: int) -> bool:
        """Set how much memory the container may have, swap included; False where it has taken more already."""
        with explained("the container's memory cannot be limited"):
            try:
                self._api.update_container(self.container_id, mem_limit=memory_bytes, memswap_limit=memory_bytes)
            except APIError as error:
                # Source: runc, where the kernel refuses a limit below what is in use.
                if "unable to set memory limit" in str(error.explanation):
                    return False
                # Nothing is left to limit in one that has ended already; why it has, its last words say.
                if not self._ends_soon():
                    raise
        return True

    def put(self, folder: str, archive: Iterator[bytes]) -> None:
        """Unpack a tar stream into a folder of one of the container's volumes."""
        with explained("the task's files and data cannot be sent to the container"):
            self._api.put_archive(self.container_id, folder, archive)

    def get(self, folder: str) -> Iterator[bytes]:
        """Give a folder as a tar stream, its own name as the first part of every member's."""
        chunks, _ = self._api.get_archive(self.container_id, folder)
        return iter(chunks)

    def _ends_soon(self) -> bool:
        """Tell whether the container has ended, or is about to: the engine learns of it after the kernel."""
        try:
            self._api.wait(self.container_id, timeout=END_SECONDS)
        except (DockerException, OSError, *BROKEN_CONNECTION):
            return False
        return True

    def last_words(self) -> str:
        """Return why the container ended, and the end of what the worker itself wrote to its standard error."""
        said = bytes(self._errors).decode(errors="replace").strip()
        try:
            self._api.wait(self.container_id, timeout=END_SECONDS)
            state = self.state()
        except (DockerException, OSError, *BROKEN_CONNECTION):
            return said
        return f"{_reason(state)} {state.get('Error') or ''} {said}".strip()

    @property
    def is_out_of_memory(self) -> bool:
        """Tell whether the kernel has ended the worker itself for want of memory."""
        try:
            state = self.state()
        except (DockerException, OSError, *BROKEN_CONNECTION):
            return False
        return bool(state.get("OOMKilled")) and state.get("ExitCode") == KILLED

    def kill(self) -> None:
        """End the container and everything in it."""
        with suppress(APIError, OSError):
            self._api.kill(self.container_id)

    def retire(self) -> None:
        """Begin to end and remove the container with its volumes, of which nothing more is wanted; `close` waits."""
        self._removal.start()

    def close(self) -> None:
        """End and remove the container with its volumes."""
        self._resources.close()

    def _wait_for_removal(self) -> None:
        if self._removal.ident is None:
            self.retire()
        self._removal.join()

    def _remove(self) -> None:
        with suppress(DockerException, OSError):
            self._api.remove_container(self.container_id, v=True, force=True)


def host_config_of_run(api: docker.APIClient, network_name: str = "none") -> dict[str, Any]:
    """Return what the engine grants a container for a stranger's code: no rights, and bounds on what it uses."""
    config: dict[str, Any] = api.create_host_config(
        network_mode=network_name,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        pids_limit=MOST_PROCESSES,
        mem_limit=FIRST_MEMORY_BYTES,
        memswap_limit=FIRST_MEMORY_BYTES,
        shm_size=SHARED_MEMORY_BYTES,
        cpu_period=CPU_PERIOD_MICROSECONDS,
        cpu_quota=CPU_QUOTA_MICROSECONDS,
        tmpfs={"/tmp": f"rw,nosuid,nodev,exec,mode=1777,size={TEMPORARY_BYTES}"},  # noqa: S108
        log_config=LogConfig(type="none"),
    )
    return config


def _reason(state: Mapping[str, Any]) -> str:
    code = int(state.get("ExitCode") or 0)
    if state.get("OOMKilled") and code == KILLED:
        return "It was killed: the container's memory was used up."
    if code > 128 and code - 128 in set(signal.Signals):
        return f"{signal.Signals(code - 128).name} ended it, and the container with it."
    return f"Its exit code was {code}."


def _output_of(frames: Iterator[tuple[int, bytes]], errors: bytearray) -> Iterator[bytes]:
    """Yield what comes on standard output; keep the end of what comes on standard error."""
    for number, chunk in frames:
        if number == STDOUT:
            yield chunk
        else:
            errors += chunk
            del errors[:-LAST_WORDS_BYTES]
