"""Who has access to a task, and the sharing of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from harness.server.errors import BadQuery
from harness.server.records.access import AccessList, RoleChanges
from harness.server.records.common import Text
from harness.server.requests import CurrentCaller, PageWanted, State, TaskId
from harness.server.routes.answers import errors
from harness.server.store import access

router = APIRouter(prefix="/customTasks/{customTaskId}/accessControl", tags=["Access control"])


@router.get("/", responses=errors(400, 404))
def list_access(
    state: State,
    caller: CurrentCaller,
    page: PageWanted,
    task_id: TaskId,
    username: Annotated[Text | None, Query(description="Only this user.")] = None,
    user_id: Annotated[Text | None, Query(alias="userId", description="Only the user of this id.")] = None,
) -> AccessList:
    """List the users who have access to a task, and their roles."""
    if username is not None and user_id is not None:
        raise BadQuery("username and userId exclude each other.")
    with state.database.read() as session:
        access.get_task(session, caller, task_id)
        entries, total = access.list_access(
            session, task_id, username=username, user_id=user_id, offset=page.offset, limit=page.limit
        )
    return AccessList(count=len(entries), next=page.next_url(total), previous=page.previous_url(), data=entries)


@router.patch("/", status_code=204, responses=errors(403, 404, 409, 422))
def change_access(state: State, caller: CurrentCaller, task_id: TaskId, changes: RoleChanges) -> Response:
    """Grant, change or take away roles: all that the request names, or none."""
    with state.database.write() as session:
        access.get_task(session, caller, task_id, lock=True)
        access.change_access(session, caller, task_id, changes.data)
    return Response(status_code=204)
