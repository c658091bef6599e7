"""One worker process on this machine and the folder that it works in; both are gone when it is closed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from harness.cache import cache_folder, run_folder
from harness.vocabulary import NetworkPolicy
from harness.workers.protocol import Places, preload_line
from harness.workers.sandbox import Sandbox, scrubbed_environment

WORKER_FOLDER = Path(__file__).parents[1] / "worker"
LAST_WORDS_BYTES = 4096
# How long a worker may take to end after its output has.
END_SECONDS = 10
# How long it may take to end what it has started when it is asked to.
PATIENCE_SECONDS = 1.0
_FOLDERS = ("code", "input", "artifact", "output", "home", "tmp")


@dataclass(frozen=True, slots=True)
class ProcessRecipe:
    """What decides whether a worker that is already up will do: its interpreter, what it imports, its fence.

    variables: the task's own environment variables.
    """

    python: str
    preload: tuple[str, ...]
    sandbox: Sandbox
    network: NetworkPolicy
    variables: Mapping[str, str] = field(default_factory=dict)

    def to_json_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> ProcessRecipe:
        """Read what `to_json_dict` wrote; ValueError, KeyError or TypeError where it is something else."""
        sandbox = document["sandbox"]
        recipe = cls(
            python=str(document["python"]),
            preload=tuple(str(name) for name in document["preload"]),
            sandbox=Sandbox(tuple(sandbox["prefix"]), bool(sandbox["without_network"])),
            network=NetworkPolicy(document["network"]),
            variables={str(name): str(value) for name, value in dict(document["variables"]).items()},
        )
        python = Path(recipe.python)
        if not (python.is_relative_to(cache_folder()) and python.exists()):
            raise ValueError(f"not an interpreter that the harness has made: {python}")
        return recipe


class WorkerProcess:
    """A started worker that imports `preload` and then waits for a job.

    Source of what is said to it: docs/reference/run-protocol.md.
    """

    def __init__(self, recipe: ProcessRecipe) -> None:
        self.recipe = recipe
        self._resources = ExitStack()
        self.folder = self._resources.enter_context(run_folder())
        for name in _FOLDERS:
            (self.folder / name).mkdir()
        python = Path(recipe.python)
        # Read through this handle only: a task may put something else in the file's place.
        self._errors = self._resources.enter_context((self.folder / "worker.log").open("w+b"))
        self._process = subprocess.Popen(
            [*recipe.sandbox.prefix, recipe.python, "-u", str(WORKER_FOLDER)],
            env=scrubbed_environment(os.environ, self.folder, python, recipe.sandbox, recipe.network),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        self._resources.callback(self.kill)
        self.send(preload_line(recipe.preload, recipe.variables))

    @property
    def places(self) -> Places:
        names = ("code", "input", "artifact", "model", "output")
        return Places(*(str(self.folder / name) for name in names))

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def events(self) -> IO[bytes]:
        """Return the stream of the worker's events, a JSON document a line."""
        assert self._process.stdout is not None
        return self._process.stdout

    def send(self, document: dict[str, Any]) -> None:
        """Write one line to the worker; that it has died is noticed when its events are read."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(document).encode() + b"\n")
            self._process.stdin.flush()

    def last_words(self) -> str:
        """Return what ended it, and the end of what the worker itself, not a stage, wrote to its standard error."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        code = self._process.returncode
        reason = f"{signal.Signals(-code).name} ended it. " if code is not None and code < 0 else ""
        log = self._errors.fileno()
        said = os.pread(log, LAST_WORDS_BYTES, max(0, os.fstat(log).st_size - LAST_WORDS_BYTES))
        return f"{reason}{said.decode(errors='replace')}".strip()

    def kill(self) -> None:
        """End the worker and everything that it started.

        Where it has no process table of its own, which ends with it, it is asked first: it knows what it has started.
        """
        if "--pid" not in self.recipe.sandbox.prefix and self.is_alive:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """End everything and remove the folder."""
        self._resources.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
