"""Run one job in a worker process on this machine, and leave nothing behind."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.backends.base import Job
from harness.builds.model import BuildResult
from harness.local_worker import headstart
from harness.local_worker.process import WorkerProcess
from harness.local_worker.sandbox import find_sandbox
from harness.progress import Progress
from harness.records import NetworkPolicy
from harness.runs import RunResult, read_stage
from harness.tasks.model import Task

# The worker ends a stage that takes too long; this is for a worker that no longer does.
GRACE_SECONDS = 60.0
LARGEST_EVENT_BYTES = 1024 * 1024


@contextmanager
def start_worker(build: BuildResult, task: Task, network: NetworkPolicy) -> Iterator[VenvWorker]:
    """Start a worker that imports what the task does; on leaving, kill all that it started and remove its folder."""
    assert build.python is not None
    process = headstart.take(build.python, network)
    if process is None:
        sandbox = find_sandbox(network)
        process = WorkerProcess(build.python, task.hooks.imports, sandbox, network)
        headstart.note(task.folder, build.python, task.hooks.imports, sandbox, network)
    try:
        yield VenvWorker(process)
    finally:
        process.close()


class VenvWorker:
    """The conversation with a worker process."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process
        self._folder = process.folder

    def run(self, job: Job, progress: Progress) -> RunResult:
        """Put the task and the data in place, run every stage, and return what the worker wrote.

        The result's files live until the worker's context is left.
        """
        from harness.data import write_input

        copy_task(job, self._folder / "code")
        write_input(job.data, self._folder / "input")
        self._process.send(self._describe(job))
        patience = sum(stage.timeout_seconds for stage in job.stages) + GRACE_SECONDS
        watchdog = threading.Timer(patience, self._process.kill)
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
        while line := self._process.events.readline(LARGEST_EVENT_BYTES):
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
        return ready, f"the worker ended early. {self._process.last_words()}".rstrip()


def copy_task(job: Job, folder: Path) -> None:
    """Copy the task's files, so that a run can neither see nor change anything else in the user's folder."""
    for file in job.task.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(job.task.folder / file.path, target)
