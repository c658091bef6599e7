"""Custom tasks: list, create, copy, change, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from harness.server import ids, times
from harness.server.errors import Forbidden
from harness.server.records.access import Role
from harness.server.records.tasks import ApiTargetType, NewTask, Task, TaskChanges, TaskOrder
from harness.server.store.tables import (
    CustomTask,
    Model,
    ProjectBlueprint,
    TaskRole,
    TaskVersion,
    UserBlueprint,
    VersionItem,
)
from harness.server.store.trainings import FRUITLESS
from harness.server.store.users import Caller
from harness.server.store.versions import read_versions

_Row = TypeVar("_Row", CustomTask, TaskVersion, VersionItem)
_ORDER: dict[TaskOrder | None, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    None: (CustomTask.created.desc(), CustomTask.id.desc()),
    TaskOrder.CREATED: (CustomTask.created.asc(), CustomTask.id.asc()),
    TaskOrder.CREATED_LAST_FIRST: (CustomTask.created.desc(), CustomTask.id.desc()),
    TaskOrder.UPDATED: (CustomTask.updated.asc(), CustomTask.id.asc()),
    TaskOrder.UPDATED_LAST_FIRST: (CustomTask.updated.desc(), CustomTask.id.desc()),
}


def list_tasks(
    session: Session, caller: Caller, *, order: TaskOrder | None, search: str | None, offset: int, limit: int
) -> tuple[list[Task], int]:
    """Return one page of the tasks that the caller has a role on, and how many there are.

    search: a plain text, looked for in name, description and language without regard to case.
    """
    mine = select(TaskRole.task_id).where(TaskRole.user_id == caller.id)
    chosen = select(CustomTask).where(CustomTask.id.in_(mine))
    if search:
        columns = (CustomTask.name, CustomTask.description, CustomTask.language)
        chosen = chosen.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    rows = session.scalars(chosen.order_by(*_ORDER[order]).offset(offset).limit(limit)).all()
    return read_tasks(session, rows), total


def read_tasks(session: Session, rows: Sequence[CustomTask]) -> list[Task]:
    """Return the records of tasks, each with its latest version."""
    latest = read_versions(session, [row.latest_version_id for row in rows if row.latest_version_id])
    return [
        Task(
            id=row.id,
            name=row.name,
            description=row.description,
            language=row.language,
            target_type=ApiTargetType(row.target_type),
            calibrate_predictions=row.calibrate_predictions,
            maximum_memory=row.maximum_memory,
            created=row.created,
            updated=row.updated,
            created_by=row.created_by,
            latest_version=latest.get(row.latest_version_id or ""),
        )
        for row in rows
    ]


def create_task(session: Session, caller: Caller, new: NewTask) -> CustomTask:
    """Add a task that the caller owns. Raises Forbidden where the caller may not create tasks."""
    if not caller.can_create_tasks:
        raise Forbidden("Custom task creation is not enabled for you.")
    moment = times.now()
    task = CustomTask(
        id=ids.new_id(), **new.model_dump(mode="json"), created=moment, updated=moment, created_by=caller.username
    )
    session.add(task)
    _own(session, caller, task)
    return task


def copy_task(session: Session, caller: Caller, original: CustomTask) -> CustomTask:
    """Add a copy of a task with all its versions; the copies share nothing with the original but file contents."""
    if not caller.can_create_tasks:
        raise Forbidden("Custom task creation is not enabled for you.")
    moment = times.now()
    copy = _copied(original, id=ids.new_id(), name=f"Copy of {original.name}"[:255], created=moment, updated=moment)
    copy.created_by = caller.username
    session.add(copy)
    _own(session, caller, copy)
    versions = session.scalars(select(TaskVersion).where(TaskVersion.task_id == original.id)).all()
    for version in versions:
        twin = _copied(version, id=ids.new_id(), task_id=copy.id)
        session.add(twin)
        session.flush()
        if version.id == original.latest_version_id:
            copy.latest_version_id = twin.id
        for item in session.scalars(select(VersionItem).where(VersionItem.version_id == version.id)):
            session.add(_copied(item, id=ids.new_id(), version_id=twin.id))
    session.flush()
    return copy


def change_task(session: Session, task: CustomTask, changes: TaskChanges) -> None:
    for name in changes.model_fields_set:
        value = getattr(changes, name)
        if value is not None or name == "maximum_memory":
            setattr(task, name, value)
    task.updated = times.now()
    session.flush()


def conflicts_of(session: Session, task_id: str) -> dict[str, list[dict[str, str]]]:
    """Return what uses the task, and so keeps it from being deleted: user blueprints, and models trained or to be."""
    blueprints = session.scalars(select(UserBlueprint).where(UserBlueprint.task_id == task_id)).all()
    models = session.scalars(select(Model).where(Model.task_id == task_id, Model.status.not_in(FRUITLESS))).all()
    return {
        "userBlueprints": [{"userBlueprintId": row.id} for row in blueprints],
        "models": [{"projectId": row.project_id, "modelId": row.id} for row in models],
    }


def delete_task(session: Session, task: CustomTask) -> None:
    """Delete the task with its versions, builds, roles, places in projects' menus and models that came to nothing."""
    session.execute(delete(ProjectBlueprint).where(ProjectBlueprint.task_id == task.id))
    session.delete(task)
    session.flush()


def _own(session: Session, caller: Caller, task: CustomTask) -> None:
    session.flush()
    session.add(TaskRole(task_id=task.id, user_id=caller.id, role=Role.OWNER, can_share=True))
    session.flush()


def _copied(row: _Row, **changes: Any) -> _Row:
    values = {column.key: getattr(row, column.key) for column in type(row).__table__.columns}
    return type(row)(**(values | changes))
