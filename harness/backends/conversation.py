"""The host's side of the conversation with a worker, wherever that runs. Source: docs/reference/run-protocol.md."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from harness.backends.base import Job
from harness.progress import Progress
from harness.runs import (
    LeftByFit,
    RunResult,
    Stage,
    StageRecordChanged,
    StageResult,
    StageStatus,
    read_stage,
    stage_out_of_memory,
)
from harness.workers.protocol import Places

# The worker ends a stage that takes too long; this is for a worker that no longer does.
GRACE_SECONDS = 60.0
LARGEST_EVENT_BYTES = 1024 * 1024
LOST = "It no longer kept to the time limits and was killed."


def describe(job: Job, places: Places, secrets_folder: str | None) -> dict[str, Any]:
    """Return the job line. places, secrets_folder: paths as the worker sees them."""
    return {
        "codeDirectory": places.code,
        "inputDirectory": places.input,
        "artifactDirectory": places.artifact,
        "modelDirectory": places.model,
        "outputDirectory": places.output,
        "targetType": job.target_type.value,
        "dataFormat": job.data.format,
        "classLabels": list(job.data.class_labels) if job.data.class_labels else None,
        "parameters": dict(job.parameters),
        "secretsDirectory": secrets_folder,
        "memoryBytes": job.memory_bytes,
        "diskBytes": job.disk_bytes,
        "stages": [stage.to_json_dict() for stage in job.stages],
    }


def patience_seconds(job: Job) -> float:
    """Return how long a worker that keeps to the job's time limits may take at most."""
    return sum(stage.timeout_seconds for stage in job.stages) + GRACE_SECONDS


@dataclass(slots=True)
class Told:
    """What the worker's events said: `ready`, how each stage ended, and what went wrong with the worker itself.

    running: when each stage began that has not ended, in seconds since 1970. left: what the worker found in the
    artifact folder after fit. ended: whether the worker came to the end of the conversation. out_of_memory: whether
    the kernel ended it for want of memory.
    """

    ready: dict[str, Any] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    left: LeftByFit | None = None
    error: str | None = None
    ended: bool = False
    out_of_memory: bool = False

    def end_early(self, reason: str) -> None:
        """Note why the worker is gone, where it has not come to the end or said why by itself."""
        if not self.ended and self.error is None:
            self.error = f"the worker ended early. {reason}".rstrip()

    def end_for_memory(self, first: Stage) -> None:
        """Note that the worker had too little memory: for the stage that ran, or, before any, for its imports."""
        if not self.statuses:
            self.running.setdefault(first.name, time.time())
        self.out_of_memory = True
        if not self.running:
            self.end_early("Its memory was used up.")

    def leaves_too_much(self, job: Job) -> bool:
        """Tell whether fit has left more than the run may take."""
        return self.left is not None and job.disk_bytes is not None and self.left.total_bytes > job.disk_bytes

    def result(self, job: Job, output_folder: Path, artifact_folder: Path) -> RunResult:
        """Return the run as the host sees it. The folders hold what the worker wrote, and are not trusted."""
        error = self.error
        stages: tuple[StageResult, ...] = ()
        try:
            stages = self._read_stages(job, output_folder)
        except StageRecordChanged as changed:
            error = error or str(changed)
        return RunResult(
            stages=stages,
            artifact_folder=artifact_folder,
            left=self.left,
            most_bytes=job.disk_bytes,
            python_version=self.ready.get("pythonVersion"),
            isolated=bool(self.ready.get("isolated")),
            error=error or self._what_is_missing(job),
        )

    def _read_stages(self, job: Job, output_folder: Path) -> tuple[StageResult, ...]:
        """Return the stages that have ended; optional ones only where the others have passed.

        Where one of the others failed, it is chance how far those beside it came.
        """
        complete = all(self._passed(stage) for stage in job.stages if not stage.optional)
        stages = [
            read_stage(output_folder / stage.name, stage.kind, self.statuses[stage.name])
            for stage in job.stages
            if stage.name in self.statuses and (complete or not stage.optional)
        ]
        if self.out_of_memory:
            running = (stage for stage in job.stages if stage.name in self.running and not stage.optional)
            stages += [
                stage_out_of_memory(
                    output_folder / stage.name,
                    stage.kind,
                    began := self.running[stage.name],
                    time.time() - began,
                    job.memory_bytes,
                )
                for stage in running
            ]
        return tuple(stages)

    def _passed(self, stage: Stage) -> bool:
        return self.statuses.get(stage.name) == StageStatus.PASSED

    def _what_is_missing(self, job: Job) -> str | None:
        """Return an error where the worker came to the end without a word on a stage that had to follow."""
        if not self.ended:
            return None
        for stage in job.stages:
            if stage.name not in self.statuses and not stage.optional:
                stopped = stage.kind == "score" and self.leaves_too_much(job)
                return None if stopped else f"the worker ended without saying how {stage.name} went"
            if not self._passed(stage) and not stage.optional:
                return None
        return None


def follow(events: IO[bytes], progress: Progress) -> Told:
    """Read the worker's events to the end, or to the end of the worker."""
    told = Told()
    while line := events.readline(LARGEST_EVENT_BYTES):
        try:
            event = json.loads(line)
            _hear(told, event, progress)
        except (ValueError, KeyError, TypeError, RecursionError):
            told.error = f"the worker said something unexpected: {line[:200]!r}"
        if told.ended or told.error is not None:
            return told
    return told


def _hear(told: Told, event: dict[str, Any], progress: Progress) -> None:
    """Note one event; ValueError, KeyError or TypeError where it is none."""
    kind = event["event"]
    if kind == "ready":
        told.ready = event
    elif kind == "stageStarted":
        told.running[str(event["name"])] = time.time()
        progress.step(str(event["name"]))
    elif kind == "stageEnded":
        told.running.pop(str(event["name"]))
        told.statuses[str(event["name"])] = str(event["status"])
    elif kind == "error":
        told.error = str(event["message"])
    elif kind == "ended":
        told.left = LeftByFit.model_validate(event["artifact"]) if event.get("artifact") else None
        told.ended = True


@contextmanager
def impatient(job: Job, kill: Callable[[], None]) -> Iterator[threading.Event]:
    """Kill the worker where the block takes longer than `patience_seconds`; the event is set where that was done."""
    lost = threading.Event()

    def end() -> None:
        lost.set()
        kill()

    watchdog = threading.Timer(patience_seconds(job), end)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield lost
    finally:
        watchdog.cancel()
