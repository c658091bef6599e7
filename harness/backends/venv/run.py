"""Run one job in a worker process on this machine, and leave nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from harness.backends.base import Job
from harness.backends.venv.sandbox import find_sandbox, scrubbed_environment
from harness.builds.model import BuildResult
from harness.cache import run_folder
from harness.progress import Progress
from harness.records import NetworkPolicy
from harness.runs import RunResult, read_stage

WORKER_FOLDER = Path(__file__).parents[2] / "worker"
PROTOCOL_VERSION = 1
# The worker ends a stage that takes too long; this is for a worker that no longer does.
GRACE_SECONDS = 60.0
LARGEST_EVENT_BYTES = 1024 * 1024
LAST_WORDS_BYTES = 4096


@contextmanager
def start_worker(build: BuildResult, preload: Sequence[str], network: NetworkPolicy) -> Iterator[VenvWorker]:
    """Start a worker that imports `preload`; on leaving, kill all that it started and remove its folder."""
    assert build.python is not None
    sandbox = find_sandbox(network)
    with run_folder() as folder:
        for name in ("code", "input", "artifact", "output", "home", "tmp"):
            (folder / name).mkdir()
        environment = scrubbed_environment(os.environ, folder, build.python, sandbox, network)
        with (folder / "worker.log").open("wb") as errors:
            process = subprocess.Popen(
                [*sandbox.prefix, str(build.python), "-u", str(WORKER_FOLDER)],
                env=environment,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        try:
            worker = VenvWorker(process, folder)
            worker.send({"protocolVersion": PROTOCOL_VERSION, "preload": list(preload)})
            yield worker
        finally:
            _kill_all(process)


class VenvWorker:
    """A running worker, its folder, and the conversation with it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def send(self, document: dict[str, Any]) -> None:
        """Write one line to the worker; a worker that has died is noticed when its events are read."""
        stdin = _stream(self._process.stdin)
        with suppress(BrokenPipeError):
            stdin.write(json.dumps(document).encode() + b"\n")
            stdin.flush()

    def run(self, job: Job, progress: Progress) -> RunResult:
        """Put the task and the data in place, run every stage, and return what the worker wrote.

        The result's files live until the worker's context is left.
        """
        from harness.data import write_input

        copy_task(job, self._folder / "code")
        write_input(job.data, self._folder / "input")
        self.send(self._describe(job))
        patience = sum(stage.timeout_seconds for stage in job.stages) + GRACE_SECONDS
        watchdog = threading.Timer(patience, _kill_all, [self._process])
        watchdog.daemon = True
        watchdog.start()
        try:
            ready, error = self._follow(progress)
        finally:
            watchdog.cancel()
        stages = (read_stage(self._folder / "output" / stage.name, stage.kind) for stage in job.stages)
        return RunResult(
            stages=tuple(stage for stage in stages if stage is not None),
            artifact_folder=self._folder / "artifact",
            python_version=ready.get("pythonVersion"),
            isolated=bool(ready.get("isolated")),
            error=error,
        )

    def _describe(self, job: Job) -> dict[str, Any]:
        return {
            "codeDirectory": str(self._folder / "code"),
            "inputDirectory": str(self._folder / "input"),
            "artifactDirectory": str(self._folder / "artifact"),
            "modelDirectory": str(self._folder / "model"),
            "outputDirectory": str(self._folder / "output"),
            "targetType": job.target_type.value,
            "dataFormat": job.data.format,
            "classLabels": list(job.data.class_labels) if job.data.class_labels else None,
            "parameters": dict(job.parameters),
            "secretsDirectory": str(job.secrets_folder.absolute()) if job.secrets_folder else None,
            "memoryBytes": job.memory_bytes,
            "stages": [stage.to_json_dict() for stage in job.stages],
        }

    def _follow(self, progress: Progress) -> tuple[dict[str, Any], str | None]:
        """Read the worker's events to the end; return its `ready` event and what went wrong with the worker itself."""
        ready: dict[str, Any] = {}
        stdout = _stream(self._process.stdout)
        while line := stdout.readline(LARGEST_EVENT_BYTES):
            try:
                event = json.loads(line)
                kind = event["event"]
            except (ValueError, KeyError, TypeError):
                return ready, f"the worker said something unexpected: {line[:200]!r}"
            if kind == "ready":
                ready = event
            elif kind == "stageStarted":
                progress.step(str(event.get("name")))
            elif kind == "error":
                return ready, str(event.get("message"))
            elif kind == "ended":
                return ready, None
        return ready, f"the worker ended early. {self._last_words()}".rstrip()

    def _last_words(self) -> str:
        with (self._folder / "worker.log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_WORDS_BYTES))
            return log.read().decode(errors="replace").strip()


def copy_task(job: Job, folder: Path) -> None:
    """Copy the task's files, so that a run can neither see nor change anything else in the user's folder."""
    for file in job.task.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(job.task.folder / file.path, target)


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
