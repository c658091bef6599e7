"""Custom tasks: list, create, copy, read, change, delete, download."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from harness.server.errors import Conflict, NotFound
from harness.server.jobs.sweeping import ask_for_sweep
from harness.server.records.common import Page, Text
from harness.server.records.tasks import NewTask, Task, TaskChanges, TaskOrder, TaskToCopy
from harness.server.requests import CurrentCaller, PageWanted, State, TaskId, absolute_url
from harness.server.routes.answers import archive, errors
from harness.server.routes.downloads import download_version
from harness.server.store import tasks
from harness.server.store.access import TASK_NOT_FOUND, Right, get_task
from harness.server.store.builds import cancel_builds, images_of

router = APIRouter(prefix="/customTasks", tags=["Custom tasks"])


@router.get("/", responses=errors(400))
def list_tasks(
    state: State,
    caller: CurrentCaller,
    page: PageWanted,
    order: Annotated[TaskOrder | None, Query(alias="orderBy", description="The latest first, unless it says.")] = None,
    search: Annotated[
        Text | None, Query(alias="searchFor", description="A text in name, description or language.")
    ] = None,
) -> Page[Task]:
    """List the tasks that the caller has access to."""
    with state.database.read() as session:
        found, total = tasks.list_tasks(
            session, caller, order=order, search=search, offset=page.offset, limit=page.limit
        )
    return page.of(Page[Task], found, total)


@router.post("/", status_code=201, responses=errors(403, 422))
def create_task(state: State, caller: CurrentCaller, new: NewTask) -> Task:
    """Create a task without versions."""
    with state.database.write() as session:
        task = tasks.create_task(session, caller, new)
        return tasks.read_tasks(session, [task])[0]


@router.post("/fromCustomTask/", status_code=201, responses=errors(403, 404, 422))
def copy_task(state: State, caller: CurrentCaller, wanted: TaskToCopy) -> Task:
    """Copy a task with its metadata, versions and files."""
    with state.database.write() as session:
        copy = tasks.copy_task(session, caller, get_task(session, caller, wanted.custom_task_id))
        return tasks.read_tasks(session, [copy])[0]


@router.get("/{customTaskId}/", responses=errors(404))
def retrieve_task(state: State, caller: CurrentCaller, task_id: TaskId) -> Task:
    """Return a task's metadata."""
    with state.database.read() as session:
        return tasks.read_tasks(session, [get_task(session, caller, task_id)])[0]


@router.patch("/{customTaskId}/", status_code=201, responses=errors(403, 404, 422))
def change_task(
    state: State, caller: CurrentCaller, task_id: TaskId, changes: Annotated[TaskChanges | None, Body()] = None
) -> Task:
    """Change a task's metadata."""
    with state.database.write() as session:
        task = get_task(session, caller, task_id, Right.EDIT)
        tasks.change_task(session, task, changes or TaskChanges())
        return tasks.read_tasks(session, [task])[0]


@router.delete("/{customTaskId}/", status_code=204, responses=errors(403, 404, 409))
def delete_task(request: Request, state: State, caller: CurrentCaller, task_id: TaskId) -> Response:
    """Delete a task that nothing uses. A dependency build that runs is cancelled."""
    with state.database.write() as session:
        task = get_task(session, caller, task_id, Right.EDIT, lock=True)
        conflicts = tasks.conflicts_of(session, task_id)
        if any(conflicts.values()):
            raise Conflict("The custom task is in use.", link=_link_to(request, task_id, conflicts), **conflicts)
        cancelled, images = cancel_builds(session, task_id), images_of(session, task_id)
        tasks.delete_task(session, task)
        ask_for_sweep(session, images)
    state.queue.wake()
    for job_id in cancelled:
        state.queue.cancel(job_id)
    return Response(status_code=204)


@router.get(
    "/{customTaskId}/download/",
    response_class=Response,
    responses={**archive("application/zip", "The latest version's files."), **errors(404)},
)
def download_task(state: State, caller: CurrentCaller, task_id: TaskId) -> Response:
    """Download the files of the latest version."""
    with state.database.read() as session:
        task = get_task(session, caller, task_id)
        if task.latest_version_id is None:
            raise NotFound(f"{TASK_NOT_FOUND[:-1]}: it has no version yet.")
        return download_version(state, session, task.id, task.latest_version_id)


def _link_to(request: Request, task_id: str, conflicts: Mapping[str, list[dict[str, str]]]) -> str:
    """Return where the first of the conflicts can be seen: the blueprints, or where there are none, a model."""
    if conflicts["userBlueprints"]:
        return absolute_url(request, f"userBlueprints/?customTaskId={task_id}")
    model = conflicts["models"][0]
    return absolute_url(request, f"projects/{model['projectId']}/models/{model['modelId']}/")
