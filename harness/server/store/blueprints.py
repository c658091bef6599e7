"""User blueprints, each of one task version, and the menus of projects that they are added to."""

from __future__ import annotations

import secrets

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from harness.server import ids, times
from harness.server.errors import Invalid, NotFound
from harness.server.ids import is_id
from harness.server.records import blueprints as records
from harness.server.records.blueprints import AddedBlueprint, NewUserBlueprint
from harness.server.store.access import RIGHTS, Right, get_task
from harness.server.store.tables import CustomTask, Project, ProjectBlueprint, TaskRole, TaskVersion, UserBlueprint
from harness.server.store.users import Caller
from harness.server.store.versions import VERSION_NOT_FOUND

BLUEPRINT_NOT_FOUND = "User blueprint not found."


def create_blueprint(session: Session, caller: Caller, new: NewUserBlueprint) -> UserBlueprint:
    """Add a blueprint of a version whose task the caller may read; the task cannot be deleted while it is there."""
    version_id = new.custom_task_version_id
    if not is_id(version_id):
        raise Invalid("Invalid request.", errors={"customTaskVersionId": "is no id of a custom task version"})
    version = session.get(TaskVersion, version_id)
    if version is None:
        raise NotFound(VERSION_NOT_FOUND)
    task = get_task(session, caller, version.task_id, lock=True)
    blueprint = UserBlueprint(
        id=ids.new_id(),
        blueprint_id=secrets.token_hex(16),
        user_id=caller.id,
        task_id=task.id,
        version_id=version.id,
        model_type=task.name,
        description=new.description,
        created=times.now(),
    )
    session.add(blueprint)
    session.flush()
    return blueprint


def get_blueprint(session: Session, caller: Caller, blueprint_id: str) -> UserBlueprint:
    """Return a blueprint that is the caller's, or is of a task that the caller may edit; raises NotFound."""
    chosen = select(UserBlueprint).where(UserBlueprint.id == blueprint_id, _seen_by(caller))
    blueprint = session.scalar(chosen) if is_id(blueprint_id) else None
    if blueprint is None:
        raise NotFound(BLUEPRINT_NOT_FOUND)
    return blueprint


def list_blueprints(
    session: Session, caller: Caller, *, task_id: str | None, project_id: str | None, offset: int, limit: int
) -> tuple[list[records.UserBlueprint], int]:
    """Return one page of the blueprints, the newest first, and how many there are.

    task_id: only those of this task, other users' too where the caller may edit it: they keep it from being deleted.
    project_id: only those in this project's menu. Without a task they are the caller's own.
    """
    chosen = select(UserBlueprint).where(_seen_by(caller) if task_id else UserBlueprint.user_id == caller.id)
    if task_id is not None:
        chosen = chosen.where(UserBlueprint.task_id == task_id)
    if project_id is not None:
        menu = select(ProjectBlueprint.blueprint_id).where(ProjectBlueprint.project_id == project_id)
        chosen = chosen.where(UserBlueprint.blueprint_id.in_(menu))
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    order = (UserBlueprint.created.desc(), UserBlueprint.id.desc())
    rows = session.scalars(chosen.order_by(*order).offset(offset).limit(limit)).all()
    return [read_blueprint(session, row) for row in rows], total


def read_blueprint(session: Session, row: UserBlueprint) -> records.UserBlueprint:
    task = session.get(CustomTask, row.task_id)
    assert task is not None
    return records.UserBlueprint(
        user_blueprint_id=row.id,
        user_id=row.user_id,
        blueprint_id=row.blueprint_id,
        model_type=row.model_type,
        description=row.description,
        features=[row.model_type],
        features_text=row.model_type,
        supported_target_types=[task.target_type.lower()],
        custom_task_version_metadata=[[row.task_id, row.version_id]],
    )


def add_to_menu(session: Session, caller: Caller, project: Project, blueprint_ids: list[str]) -> list[AddedBlueprint]:
    """Add blueprints to a project's menu, where they stay when they are deleted; those that are in it stay as they are.

    Raises Invalid for one that is not there, or whose task the caller has no access to any more.
    """
    rows = [_find_own(session, caller, blueprint_id) for blueprint_id in blueprint_ids]
    unknown = [blueprint_id for blueprint_id, row in zip(blueprint_ids, rows, strict=True) if row is None]
    if unknown:
        errors = {"userBlueprintIds": f"there are no such user blueprints: {', '.join(unknown[:5])}"}
        raise Invalid("Invalid request.", errors=errors)
    added = []
    for row in rows:
        assert row is not None
        get_task(session, caller, row.task_id)
        if session.get(ProjectBlueprint, (project.id, row.blueprint_id)) is None:
            session.add(_menu_entry(project, row))
            session.flush()
        added.append(AddedBlueprint(user_blueprint_id=row.id, blueprint_id=row.blueprint_id))
    return added


def find_in_menu(session: Session, project: Project, version_id: str) -> str | None:
    """Return the id that the project knows a blueprint of this version by; None where its menu has none."""
    mine = (ProjectBlueprint.project_id == project.id, ProjectBlueprint.version_id == version_id)
    return session.scalar(select(ProjectBlueprint.blueprint_id).where(*mine).limit(1))


def delete_blueprint(session: Session, blueprint: UserBlueprint) -> None:
    session.delete(blueprint)
    session.flush()


def _find_own(session: Session, caller: Caller, blueprint_id: str) -> UserBlueprint | None:
    row = session.get(UserBlueprint, blueprint_id) if is_id(blueprint_id) else None
    return row if row is not None and row.user_id == caller.id else None


def _menu_entry(project: Project, row: UserBlueprint) -> ProjectBlueprint:
    return ProjectBlueprint(
        project_id=project.id,
        blueprint_id=row.blueprint_id,
        task_id=row.task_id,
        version_id=row.version_id,
        model_type=row.model_type,
        created=times.now(),
    )


def _seen_by(caller: Caller) -> ColumnElement[bool]:
    editing = [role for role, right in RIGHTS.items() if right >= Right.EDIT]
    editable = select(TaskRole.task_id).where(TaskRole.user_id == caller.id, TaskRole.role.in_(editing))
    return or_(UserBlueprint.user_id == caller.id, UserBlueprint.task_id.in_(editable))
