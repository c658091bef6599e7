"""Custom tasks: the list, one task with its versions, and the forms that create, change and delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from harness.server import routes
from harness.server.errors import Conflict, Invalid
from harness.server.pages.forms import Fields, SentForm, read_record
from harness.server.pages.paging import Part
from harness.server.pages.rendering import go_to, render
from harness.server.pages.rights import Rights, rights_on
from harness.server.pages.visits import Visitor
from harness.server.records.common import Text
from harness.server.records.tasks import ApiTargetType, NewTask, Task, TaskChanges
from harness.server.requests import State, TaskId
from harness.server.routes.blueprints import BlueprintId
from harness.server.state import ServerState
from harness.server.store import models
from harness.server.store.access import Right, get_task
from harness.server.store.tasks import conflicts_of
from harness.server.store.users import Caller

router = APIRouter(prefix="/tasks")
ONE = "/{customTaskId}"
# Of a visitor's trainings, how many of the latest a task's page shows.
TRAININGS_SHOWN = 10


@router.get("/")
def list_tasks(
    request: Request,
    state: State,
    visitor: Visitor,
    part: Part,
    search: Annotated[Text, Query(alias="searchFor")] = "",
) -> Response:
    """Show the tasks that the visitor has access to, the latest first."""
    page = routes.tasks.list_tasks(state, visitor, part, search=search or None)
    return render(request, "tasks.html", page=page, search=search, offset=part.offset)


@router.get("/new/")
def ask_for_new(request: Request, _visitor: Visitor) -> Response:
    """Ask what a new task shall be."""
    return _show_new(request, Fields({}))


@router.post("/new/")
def create(request: Request, state: State, visitor: Visitor, form: SentForm) -> Response:
    """Create a task without versions."""
    try:
        values = {**form.given("name", "targetType", "description", "language"), "maximumMemory": form.memory()}
        task = routes.tasks.create_task(state, visitor, read_record(NewTask, values))
    except Invalid as refused:
        return _show_new(request, form, refused)
    return go_to(f"/tasks/{task.id}/")


@router.get(f"{ONE}/")
def show(request: Request, state: State, visitor: Visitor, part: Part, task_id: TaskId) -> Response:
    """Show a task, its versions, and what the visitor has trained of it."""
    task, rights = _find(state, visitor, task_id)
    versions = routes.versions.list_versions(state, visitor, part, task_id)
    with state.database.read() as session:
        trainings, _ = models.list_trainings(session, visitor, task_id=task_id, offset=0, limit=TRAININGS_SHOWN)
    return render(
        request, "task.html", task=task, rights=rights, page=versions, offset=part.offset, trainings=trainings
    )


@router.get(f"{ONE}/edit/")
def ask_for_changes(request: Request, state: State, visitor: Visitor, task_id: TaskId) -> Response:
    """Ask what to change of a task's metadata."""
    with state.database.read() as session:
        get_task(session, visitor, task_id, Right.EDIT)
    task, _ = _find(state, visitor, task_id)
    values = {"name": task.name, "description": task.description, "language": task.language}
    memory = str(task.maximum_memory // 1024**2) if task.maximum_memory else ""
    return _show_edit(request, task, Fields({**values, "maximumMemory": memory}))


@router.post(f"{ONE}/edit/")
def change(request: Request, state: State, visitor: Visitor, task_id: TaskId, form: SentForm) -> Response:
    """Change a task's metadata."""
    try:
        values: dict[str, Any] = {name: form[name] for name in ("name", "description", "language")}
        changes = read_record(TaskChanges, {**values, "maximumMemory": form.memory()})
        routes.tasks.change_task(state, visitor, task_id, changes)
    except Invalid as refused:
        task, _ = _find(state, visitor, task_id)
        return _show_edit(request, task, form, refused)
    return go_to(f"/tasks/{task_id}/")


@router.get(f"{ONE}/delete/")
def ask_to_delete(request: Request, state: State, visitor: Visitor, task_id: TaskId) -> Response:
    """Say what goes with a task, and what is in the way of deleting it."""
    return _show_delete(request, state, visitor, task_id)


@router.post(f"{ONE}/delete/")
def delete(request: Request, state: State, visitor: Visitor, task_id: TaskId, _form: SentForm) -> Response:
    """Delete a task that nothing uses."""
    try:
        routes.tasks.delete_task(request, state, visitor, task_id)
    except Conflict as refused:
        return _show_delete(request, state, visitor, task_id, refused)
    return go_to("/tasks/")


@router.post(f"{ONE}/blueprints/{{userBlueprintId}}/delete/")
def delete_blueprint(
    state: State, visitor: Visitor, task_id: TaskId, blueprint_id: BlueprintId, _form: SentForm
) -> Response:
    """Delete a user blueprint that is in the way of deleting the task."""
    routes.blueprints.delete_blueprint(state, visitor, blueprint_id)
    return go_to(f"/tasks/{task_id}/delete/")


def _find(state: ServerState, visitor: Caller, task_id: str) -> tuple[Task, Rights]:
    task = routes.tasks.retrieve_task(state, visitor, task_id)
    with state.database.read() as session:
        return task, rights_on(session, visitor, task_id)


def _show_new(request: Request, form: Fields, refused: Invalid | None = None) -> Response:
    return render(request, "task_new.html", refused=refused, form=form, target_types=list(ApiTargetType))


def _show_edit(request: Request, task: Task, form: Fields, refused: Invalid | None = None) -> Response:
    return render(request, "task_edit.html", refused=refused, task=task, form=form)


def _show_delete(
    request: Request, state: ServerState, visitor: Caller, task_id: str, refused: Conflict | None = None
) -> Response:
    with state.database.read() as session:
        get_task(session, visitor, task_id, Right.EDIT)
        conflicts = conflicts_of(session, task_id)
    task, _ = _find(state, visitor, task_id)
    return render(request, "task_delete.html", refused=refused, task=task, conflicts=conflicts)
