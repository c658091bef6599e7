"""The host's side of the conversation with a worker, wherever that runs. Source: docs/run-protocol.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from harness.backends.base import Job
from harness.progress import Progress
from harness.runs import RunResult, StageRecordChanged, StageResult, StageStatus, read_stage
from harness.workers.protocol import Places

# The worker ends a stage that takes too long; this is for a worker that no longer does.
GRACE_SECONDS = 60.0
LARGEST_EVENT_BYTES = 1024 * 1024


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

    ended: whether the worker came to the end of the conversation.
    """

    ready: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    ended: bool = False

    def result(self, job: Job, output_folder: Path, artifact_folder: Path) -> RunResult:
        """Return the run as the host sees it. The folders hold what the worker wrote, and are not trusted."""
        error = self.error
        stages: tuple[StageResult, ...] = ()
        try:
            stages = _read_stages(job, self.statuses, output_folder)
        except StageRecordChanged as changed:
            error = error or str(changed)
        return RunResult(
            stages=stages,
            artifact_folder=artifact_folder,
            python_version=self.ready.get("pythonVersion"),
            isolated=bool(self.ready.get("isolated")),
            error=error,
        )


def follow(events: IO[bytes], progress: Progress) -> Told:
    """Read the worker's events to the end, or to the end of the worker."""
    told = Told()
    while line := events.readline(LARGEST_EVENT_BYTES):
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
            told.ended = True
            return told
    return told


def _read_stages(job: Job, statuses: Mapping[str, str], output_folder: Path) -> tuple[StageResult, ...]:
    """Return the stages that the worker says have ended; optional ones only where the others have passed.

    Where one of the others failed, it is chance how far those beside it came.
    """
    complete = all(statuses.get(stage.name) == StageStatus.PASSED for stage in job.stages if not stage.optional)
    return tuple(
        read_stage(output_folder / stage.name, stage.kind, statuses[stage.name])
        for stage in job.stages
        if stage.name in statuses and (complete or not stage.optional)
    )
