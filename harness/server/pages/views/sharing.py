"""Who has access to a task: the list, and one change at a time."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from harness.server import routes
from harness.server.errors import ApiError, Conflict, Invalid
from harness.server.pages.forms import Fields, SentForm, read_record
from harness.server.pages.paging import Part
from harness.server.pages.rendering import go_to, render
from harness.server.pages.rights import rights_on
from harness.server.pages.visits import Visitor
from harness.server.records.access import NoRole, RoleChanges
from harness.server.requests import PageRequest, State, TaskId
from harness.server.state import ServerState
from harness.server.store.access import RIGHTS, Right
from harness.server.store.users import Caller

router = APIRouter(prefix="/tasks/{customTaskId}/sharing")
# The API takes many changes at once, and names the faulty one.
_PLACE = "data.0."
_GROUPS = {Right.OWN: "owns the task", Right.EDIT: "may edit", Right.READ: "may look"}
_ROLES = [(group, [role for role, has in RIGHTS.items() if has is right]) for right, group in _GROUPS.items()]


@router.get("/")
def show(request: Request, state: State, visitor: Visitor, part: Part, task_id: TaskId) -> Response:
    """Show who has which role."""
    return _show(request, state, visitor, part, task_id, Fields({}))


@router.post("/")
def change(request: Request, state: State, visitor: Visitor, part: Part, task_id: TaskId, form: SentForm) -> Response:
    """Give a user a role, another one, or none."""
    entry = {"username": form["username"].strip(), "role": form["role"] or None, "canShare": bool(form["canShare"])}
    try:
        routes.access.change_access(state, visitor, task_id, read_record(RoleChanges, {"data": [entry]}))
    except (Invalid, Conflict) as refused:
        errors = {name.removeprefix(_PLACE): text for name, text in refused.more.get("errors", {}).items()}
        told = type(refused)(refused.message, errors=errors)
        return _show(request, state, visitor, part, task_id, form, told)
    # Who took their own role away has nothing more to see here.
    has_left = entry["username"] == visitor.username and entry["role"] in (None, NoRole.NO_ROLE)
    return go_to("/tasks/" if has_left else f"/tasks/{task_id}/sharing/")


def _show(
    request: Request,
    state: ServerState,
    visitor: Caller,
    part: PageRequest,
    task_id: str,
    form: Fields,
    refused: ApiError | None = None,
) -> Response:
    with state.database.read() as session:
        rights = rights_on(session, visitor, task_id)
    return render(
        request,
        "sharing.html",
        refused=refused,
        task=routes.tasks.retrieve_task(state, visitor, task_id),
        page=routes.access.list_access(state, visitor, part, task_id),
        offset=part.offset,
        rights=rights,
        roles=_ROLES,
        form=form,
    )
