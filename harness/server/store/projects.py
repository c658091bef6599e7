"""Projects: who made one owns it, and nobody else knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from harness.server import ids, times
from harness.server.contents import StoredContent
from harness.server.data_sets import DataSet, Target, read_data_set, read_target
from harness.server.errors import NotFound
from harness.server.ids import is_id
from harness.server.records import projects as records
from harness.server.records.projects import ModeNumber, Stage
from harness.server.records.tasks import ApiTargetType
from harness.server.store import jobs
from harness.server.store.tables import Model, Project, User
from harness.server.store.users import Caller
from harness.server.trainings import TARGET_TYPES
from harness.server.trainings.metrics import NAMES

KIND = "project"
PROJECT_NOT_FOUND = "Project not found."
FEATURELIST_NAME = "Raw Features"


@dataclass(frozen=True, slots=True)
class NewProject:
    """All that a project begins with. file_name: as it was uploaded."""

    name: str
    file_name: str
    content: StoredContent
    data: DataSet


def get_project(session: Session, caller: Caller, project_id: str, *, lock: bool = False) -> Project:
    """Return the caller's project, held against other writers with `lock`; raises NotFound, also for others'."""
    project = session.get(Project, project_id, with_for_update=lock or None) if is_id(project_id) else None
    if project is None or project.user_id != caller.id:
        raise NotFound(PROJECT_NOT_FOUND)
    return project


def list_projects(
    session: Session, caller: Caller, *, name: str | None, offset: int, limit: int | None
) -> list[records.Project]:
    """Return the caller's projects, the newest first. name: a text in it, without regard to case."""
    chosen = select(Project).where(Project.user_id == caller.id)
    if name:
        chosen = chosen.where(Project.name.icontains(name, autoescape=True))
    order = (Project.created.desc(), Project.id.desc())
    return [read_project(row) for row in session.scalars(chosen.order_by(*order).offset(offset).limit(limit))]


def read_project(row: Project) -> records.Project:
    return records.Project(
        id=row.id,
        project_name=row.name,
        project_description=row.description,
        file_name=row.file_name,
        created=row.created,
        stage=Stage(row.stage),
        autopilot_mode=row.autopilot_mode,
        target=row.target,
        target_type=ApiTargetType(row.target_type) if row.target_type else None,
        positive_class=row.class_labels[0] if row.class_labels else None,
        metric=row.metric,
        unsupervised_mode=is_unsupervised(row),
        max_train_rows=row.row_count,
    )


def read_featurelist(session: Session, row: Project) -> records.Featurelist:
    models = session.scalar(select(func.count()).where(Model.project_id == row.id)) or 0
    return records.Featurelist(
        id=row.featurelist_id,
        name=FEATURELIST_NAME,
        features=[name for name in row.columns if name != row.target],
        project_id=row.id,
        created=row.created,
        num_models=models,
    )


def is_unsupervised(row: Project) -> bool:
    return row.stage == Stage.MODELING and row.target is None


def create_project(session: Session, user_id: str, new: NewProject) -> Project:
    """Add a project whose target is yet to be chosen."""
    project = Project(
        id=ids.new_id(),
        user_id=user_id,
        name=new.name,
        file_name=new.file_name,
        sha256=new.content.sha256,
        size_bytes=new.content.size_bytes,
        row_count=new.data.rows,
        columns=list(new.data.columns),
        featurelist_id=ids.new_id(),
        created=times.now(),
        stage=Stage.AIM,
        class_labels=[],
        last_number=0,
    )
    session.add(project)
    session.flush()
    return project


def set_target(project: Project, target: Target | None, mode: ModeNumber, metric: str | None = None) -> None:
    """Let models be trained from now on. target: None for an unsupervised project; metric: None for the usual one."""
    project.stage, project.autopilot_mode = Stage.MODELING, mode
    if target is None:
        project.target_type = ApiTargetType.ANOMALY
        return
    project.target, project.target_type = target.name, target.target_type
    project.class_labels = list(target.class_labels)
    project.metric = metric or metrics_of(target.target_type)[0]


def metrics_of(target_type: ApiTargetType) -> tuple[str, ...]:
    """Return the metrics that a project of this target type can have, the usual one first."""
    return NAMES[TARGET_TYPES[target_type]]


def add_project(
    session: Session, user: User, name: str, file: Path, content: StoredContent, target: str | None
) -> Project:
    """Add a project with its target at once, for models to be trained in; without one, it is unsupervised.

    file: the user's own, with the content that was stored of it. Raises HarnessError where it cannot be read as a
    table, has no such column, with the nearest name, or nothing to learn from in it.
    """
    data = read_data_set(file)
    chosen = read_target(file, target) if target is not None else None
    project = create_project(session, user.id, NewProject(name, file.name, content, data))
    set_target(project, chosen, ModeNumber.MANUAL)
    session.flush()
    return project


def delete_project(session: Session, project: Project) -> list[str]:
    """Delete a project with its menu and models; return the jobs that are to be ended."""
    running = session.scalars(select(Model.job_id).where(Model.project_id == project.id)).all()
    cancelled = [job_id for job_id in running if jobs.cancel_job(session, job_id)]
    session.delete(project)
    session.flush()
    return cancelled
