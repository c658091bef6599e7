"""Run one job in a worker process on this machine, and leave nothing behind."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.backends.base import Job
from harness.builds.model import BuildResult
from harness.local_worker import headstart
from harness.local_worker.process import WorkerProcess
from harness.local_worker.sandbox import find_sandbox
from harness.progress import Progress
from harness.records import NetworkPolicy
from harness.runs import RunResult, StageRecordChanged, StageResult, StageStatus, read_stage
from harness.tasks.model import Task

# The worker ends a stage that takes too long; this is for a worker that no longer does.
GRACE_SECONDS = 60.0
LARGEST_EVENT_BYTES = 1024 * 1024


@contextmanager
def start_worker(build: BuildResult, task: Task, network: NetworkPolicy) -> Iterator[VenvWorker]:
    """Start a worker that imports what the task does; on leaving, kill all that it started and remove its folder."""
    assert build.python is not None
    process = headstart.take(build.python, task.hooks.imports, network)
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
            told = self._follow(progress)
        finally:
            watchdog.cancel()
        try:
            stages = self._read_stages(job, told.statuses)
        except StageRecordChanged as error:
            return told.result((), self._folder / "artifact", str(error))
        return told.result(stages, self._folder / "artifact")

    def _read_stages(self, job: Job, statuses: Mapping[str, str]) -> tuple[StageResult, ...]:
        """Return the stages that the worker says have ended; optional ones only where the others have passed.

        Where one of the others failed, it is chance how far those beside it came.
        """
        complete = all(statuses.get(stage.name) == StageStatus.PASSED for stage in job.stages if not stage.optional)
        return tuple(
            read_stage(self._folder / "output" / stage.name, stage.kind, statuses[stage.name])
            for stage in job.stages
            if stage.name in statuses and (complete or not stage.optional)
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

    def _follow(self, progress: Progress) -> _Told:
        """Read the worker's events to the end."""
        told = _Told()
        while line := self._process.events.readline(LARGEST_EVENT_BYTES):
            try:
                event = json.loads(line)
                kind = event["event"]
            except (ValueError, KeyError, TypeError):
                told.error = f"the worker said something unexpected: {line[:200]!r}"
                return told
            if kind == "ready":
                told.ready = event
            elif kind == "stageStarted":
                progress.step(str(event.get("name")))
            elif kind == "stageEnded":
                told.statuses.setdefault(str(event.get("name")), str(event.get("status")))
            elif kind == "error":
                told.error = str(event.get("message"))
                return told
            elif kind == "ended":
                return told
        told.error = f"the worker ended early. {self._process.last_words()}".rstrip()
        return told


@dataclass(slots=True)
class _Told:
    """What the worker's events said: `ready`, how each stage ended, and what went wrong with the worker itself."""

    ready: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    def result(self, stages: tuple[StageResult, ...], artifact_folder: Path, error: str | None = None) -> RunResult:
        return RunResult(
            stages=stages,
            artifact_folder=artifact_folder,
            python_version=self.ready.get("pythonVersion"),
            isolated=bool(self.ready.get("isolated")),
            error=self.error or error,
        )


def copy_task(job: Job, folder: Path) -> None:
    """Copy the task's files, so that a run can neither see nor change anything else in the user's folder."""
    for file in job.task.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(job.task.folder / file.path, target)
