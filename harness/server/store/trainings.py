"""Trainings: the model jobs of projects, each of which makes a model that is known from the request on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from harness.server import ids, times
from harness.server.errors import Conflict, Invalid, NotFound
from harness.server.records.models import ModelJob, ModelJobStatus, NewModel
from harness.server.records.projects import Stage
from harness.server.records.tasks import ApiTargetType
from harness.server.store import jobs
from harness.server.store.access import get_task
from harness.server.store.projects import get_project
from harness.server.store.tables import CustomTask, Model, Project, ProjectBlueprint, TaskVersion
from harness.server.store.users import Caller
from harness.server.trainings import TARGET_TYPES

KIND = "training"
INVALID = "Invalid request."
JOB_NOT_FOUND = "Model job not found."
# Every row of the project is trained on.
SAMPLE_PCT = 100.0
UNDER_WAY = (ModelJobStatus.QUEUE, ModelJobStatus.INPROGRESS)
# What nobody would miss where its task goes; all others are in the way of that.
FRUITLESS = (ModelJobStatus.ERROR, ModelJobStatus.ABORTED)


@dataclass(frozen=True, slots=True)
class BegunTraining:
    """All that a training works with, as it was when it began."""

    project: Project
    task: CustomTask
    version: TaskVersion


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How a training ended. message: why it failed, None where it did not. Files are given by their SHA-256."""

    message: str | None
    logs_sha256: str | None
    artifact_sha256: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    report_sha256: str | None = None


def start_training(session: Session, caller: Caller, project: Project, wanted: NewModel) -> Model:
    """Put the training of a blueprint into the queue. The caller holds the project's row.

    Raises Invalid where the project has no such blueprint, has no target yet or one of another type than the task,
    and where a training of the same blueprint is under way.
    """
    menu = project if wanted.source_project_id is None else _source(session, caller, wanted.source_project_id)
    blueprint = session.get(ProjectBlueprint, (menu.id, wanted.blueprint_id))
    if blueprint is None:
        known = "add it with POST userBlueprintsProjectBlueprints/ first"
        raise Invalid(INVALID, errors={"blueprintId": f"is no blueprint of the project's menu; {known}"})
    if wanted.featurelist_id not in (None, project.featurelist_id):
        errors = {"featurelistId": f"there is one featurelist, {project.featurelist_id}"}
        raise Invalid(INVALID, errors=errors)
    task = get_task(session, caller, blueprint.task_id, lock=True)
    _judge_target_type(project, ApiTargetType(task.target_type))
    same = select(Model.number).where(
        Model.project_id == project.id, Model.blueprint_id == blueprint.blueprint_id, Model.status.in_(UNDER_WAY)
    )
    number = session.scalar(same)
    if number is not None:
        raise Invalid(
            f"This blueprint is being trained already, by the model job {number}.", errorName="JobAlreadyAdded"
        )
    return _add_model(session, caller, project, blueprint)


def get_job(session: Session, project: Project, number: str) -> Model:
    """Return the model that a model job trains; raises NotFound."""
    chosen = select(Model).where(Model.project_id == project.id)
    is_number = number.isascii() and number.isdigit() and len(number) < 18
    model = session.scalar(chosen.where(Model.number == int(number))) if is_number else None
    if model is None:
        raise NotFound(JOB_NOT_FOUND)
    return model


def list_jobs(session: Session, project: Project, status: ModelJobStatus | None) -> list[ModelJob]:
    """Return the model jobs of a status by number; without one those that wait or run."""
    statuses = UNDER_WAY if status is None else (status,)
    chosen = select(Model).where(Model.project_id == project.id, Model.status.in_(statuses))
    return [read_job(row) for row in session.scalars(chosen.order_by(Model.number))]


def read_job(row: Model) -> ModelJob:
    return ModelJob(
        id=str(row.number),
        status=ModelJobStatus(row.status),
        project_id=row.project_id,
        model_id=row.id,
        model_type=row.model_type,
        processes=[row.model_type],
        blueprint_id=row.blueprint_id,
        featurelist_id=row.featurelist_id,
        sample_pct=row.sample_pct,
        message=row.message,
    )


def note_seen(session: Session, model_id: str) -> None:
    """Note that the model job was looked at once."""
    model = session.get(Model, model_id)
    if model is not None:
        model.seen = True


def cancel_training(session: Session, model: Model) -> str:
    """Mark a training as cancelled and return its job, which is to be ended; raises Conflict where it is over."""
    if model.status not in UNDER_WAY:
        raise Conflict(f"The model job is over ({model.status}) and cannot be cancelled.")
    jobs.cancel_job(session, model.job_id)
    model.status = ModelJobStatus.ABORTED
    session.flush()
    return model.job_id


def note_begun(session: Session, model_id: str, job_id: str) -> BegunTraining | None:
    """Note that a training has begun, and return what it works with; None where nobody wants it any more."""
    model = _wanted(session, model_id, job_id)
    if model is None:
        return None
    model.status = ModelJobStatus.INPROGRESS
    project, task = session.get(Project, model.project_id), session.get(CustomTask, model.task_id)
    version = session.get(TaskVersion, model.version_id)
    assert project is not None
    assert task is not None
    assert version is not None
    return BegunTraining(project, task, version)


def end_training(session: Session, model_id: str, job_id: str, result: TrainingResult) -> None:
    """Note how a training ended, where it is still wanted."""
    model = _wanted(session, model_id, job_id)
    if model is not None:
        _end(model, result)


def note_failure(session: Session, model_id: str, result: TrainingResult) -> None:
    """Note that a training failed for a reason outside of it."""
    model = session.get(Model, model_id)
    if model is not None and model.status in UNDER_WAY:
        _end(model, result)


def note_queued(session: Session, model_id: str) -> None:
    """Note that a training waits again."""
    model = session.get(Model, model_id)
    if model is not None and model.status in UNDER_WAY:
        model.status = ModelJobStatus.QUEUE


def _source(session: Session, caller: Caller, project_id: str) -> Project:
    try:
        return get_project(session, caller, project_id)
    except NotFound as error:
        raise Invalid(INVALID, errors={"sourceProjectId": "there is no such project"}) from error


def _judge_target_type(project: Project, target_type: ApiTargetType) -> None:
    """Raise Invalid where a task of this type cannot be trained on the project's target."""
    if target_type not in TARGET_TYPES:
        raise Invalid(f"A task of target type {target_type} cannot be trained; {', '.join(TARGET_TYPES)} can.")
    if project.stage != Stage.MODELING:
        raise Invalid("The project has no target yet; set it with PATCH projects/{projectId}/aim/ first.")
    if target_type is not ApiTargetType.TRANSFORM and target_type != project.target_type:
        raise Invalid(f"The task is of target type {target_type}, and the project of {project.target_type}.")


def _add_model(session: Session, caller: Caller, project: Project, blueprint: ProjectBlueprint) -> Model:
    project.last_number += 1
    model_id = ids.new_id()
    job = jobs.add_job(session, KIND, model_id, caller.id)
    model = Model(
        id=model_id,
        project_id=project.id,
        number=project.last_number,
        job_id=job.id,
        blueprint_id=blueprint.blueprint_id,
        task_id=blueprint.task_id,
        version_id=blueprint.version_id,
        model_type=blueprint.model_type,
        sample_pct=SAMPLE_PCT,
        featurelist_id=project.featurelist_id,
        created=times.now(),
        status=ModelJobStatus.QUEUE,
        seen=False,
        metrics={},
    )
    session.add(model)
    session.flush()
    return model


def _wanted(session: Session, model_id: str, job_id: str) -> Model | None:
    model = session.get(Model, model_id)
    return model if model is not None and model.job_id == job_id and model.status in UNDER_WAY else None


def _end(model: Model, result: TrainingResult) -> None:
    model.status = ModelJobStatus.COMPLETED if result.message is None else ModelJobStatus.ERROR
    model.message, model.metrics = result.message, dict(result.metrics)
    model.logs_sha256, model.artifact_sha256 = result.logs_sha256, result.artifact_sha256
    model.report_sha256 = result.report_sha256
