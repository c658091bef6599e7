"""Users, for the first of them alone: what `harness admin user` does, on a page."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from harness.errors import HarnessError
from harness.server.errors import ApiError, Forbidden, Invalid
from harness.server.pages.forms import INVALID, Fields, SentForm
from harness.server.pages.paging import Part
from harness.server.pages.rendering import render
from harness.server.pages.visits import CurrentVisit
from harness.server.requests import PageRequest, State
from harness.server.state import ServerState
from harness.server.store import users
from harness.server.store.users import FIRST_USER, Caller

router = APIRouter(prefix="/users")
NOT_ALLOWED = f"Users are seen to by {FIRST_USER}."


@router.get("/")
def show(request: Request, state: State, visit: CurrentVisit, part: Part) -> Response:
    """List the users."""
    _judge(visit.caller)
    return _show(request, state, part, Fields({}))


@router.post("/")
def create(request: Request, state: State, visit: CurrentVisit, part: Part, form: SentForm) -> Response:
    """Add a user, and show the token, this once."""
    _judge(visit.caller)
    name = form["username"].strip()
    try:
        with state.database.write() as session:
            token = users.add_user(session, name, can_create_tasks=bool(form["canCreateTasks"]))
    except HarnessError as error:
        finding = error.finding
        refused = Invalid(INVALID, errors={"username": finding.message})
        return _show(request, state, part, form, refused=refused)
    return _show(request, state, part, Fields({}), made=(name, token))


@router.post("/new-token/")
def replace_token(request: Request, state: State, visit: CurrentVisit, part: Part, form: SentForm) -> Response:
    """Give a user another token, and show it, this once; their sessions end, and the earlier token with them."""
    _judge(visit.caller)
    try:
        with state.database.write() as session:
            token = users.replace_token(session, form["username"])
    except HarnessError as error:
        raise Invalid(error.finding.message) from error
    return _show(request, state, part, Fields({}), made=(form["username"], token))


def _judge(caller: Caller) -> None:
    if not caller.is_administrator:
        raise Forbidden(NOT_ALLOWED)


def _show(
    request: Request,
    state: ServerState,
    part: PageRequest,
    form: Fields,
    *,
    refused: ApiError | None = None,
    made: tuple[str, str] | None = None,
) -> Response:
    with state.database.read() as session:
        found, total = users.list_users(session, offset=part.offset, limit=part.limit)
    return render(
        request,
        "users.html",
        refused=refused,
        users=found,
        total=total,
        next_url=part.next_url(total),
        previous_url=part.previous_url(),
        made=made,
        form=form,
    )
