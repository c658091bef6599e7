"""The job of a training: a version's files and a project's data out, trained for real, logs and artifact kept."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from harness.archives import write_logs
from harness.builds.log import timestamp
from harness.progress import Silent
from harness.records import NetworkPolicy
from harness.server.errors import StorageFull
from harness.server.job_queue import JobKind, Work
from harness.server.jobs.copies import copy_version, environment_folder, job_folder
from harness.server.state import ServerState
from harness.server.store import trainings
from harness.server.store.trainings import BegunTraining, TrainingResult
from harness.server.trainings import Training, TrainingOrder, train
from harness.server.trainings.training import TRAINING_LOG


def training_kind(state: ServerState) -> JobKind:
    """Return what a training does on this server."""

    def do(work: Work) -> str | None:
        with state.database.write() as session:
            begun = trainings.note_begun(session, work.subject, work.job_id)
        if begun is None:
            return None
        with job_folder(state, work.job_id) as folder:
            task = copy_version(state, begun.version.id, folder / "task")
            order = _order(state, begun, folder / "data")
            training = train(task, order, folder / "output", Silent(), work.cancellation)
            result = _keep(state, training)
        with state.database.write() as session:
            trainings.end_training(session, work.subject, work.job_id, result)
        return None

    def failed(session: Session, model_id: str, message: str) -> None:
        trainings.note_failure(session, model_id, TrainingResult(message, _keep_message(state, message)))

    return JobKind(do, failed, trainings.note_queued)


def _order(state: ServerState, begun: BegunTraining, folder: Path) -> TrainingOrder:
    """Return what is to be trained; the data is copied into a folder, which is made."""
    project, version = begun.project, begun.version
    environment = environment_folder(state, version.base_environment_id or "")
    folder.mkdir()
    state.contents.copy_out([(project.file_name, project.sha256)], folder)
    return TrainingOrder(
        data=folder / project.file_name,
        target=project.target,
        target_type=begun.task.target_type,
        class_labels=tuple(project.class_labels),
        environment=str(environment),
        backend=state.settings.backend,
        network=NetworkPolicy(version.outbound_network_policy),
        memory_bytes=version.maximum_memory or begun.task.maximum_memory,
        environment_variables=version.required_metadata,
    )


def _keep(state: ServerState, training: Training) -> TrainingResult:
    logs = state.contents.put_file(training.logs)
    report = state.contents.put_file(training.page).sha256 if training.page is not None else None
    if not training.succeeded or training.training_artifact is None:
        message = training.message or "the training left no artifact"
        return TrainingResult(message, logs.sha256, report_sha256=report)
    artifact = state.contents.put_file(training.training_artifact)
    return TrainingResult(None, logs.sha256, artifact.sha256, training.metrics, report)


def _keep_message(state: ServerState, message: str) -> str | None:
    """Keep logs that say why there was no training; None where there is no room even for them."""
    line = f"{timestamp(datetime.now(UTC))} the training failed: {message}\n"
    with suppress(StorageFull, OSError), tempfile.TemporaryDirectory(prefix="harness-training-") as folder:
        return state.contents.put_file(write_logs(Path(folder), {TRAINING_LOG: line})).sha256
    return None
