"""The dependencies of a version: its records, its build, and the log while it is written."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from harness.server import routes
from harness.server.errors import ApiError, Conflict, Invalid
from harness.server.pages.build_views import BuildView, find_build, view_build
from harness.server.pages.forms import SentForm
from harness.server.pages.rendering import go_to, render
from harness.server.pages.rights import rights_on
from harness.server.pages.visits import Visitor
from harness.server.requests import LARGEST_OFFSET, State, TaskId, VersionId
from harness.server.state import ServerState
from harness.server.store.access import get_task
from harness.server.store.users import Caller
from harness.server.store.versions import get_version

router = APIRouter(prefix="/tasks/{customTaskId}/versions/{customTaskVersionId}/dependencies")
# The part of the page that has the build; news of a build that is over replace it as a whole.
_WHOLE = {"HX-Retarget": "#build", "HX-Reswap": "outerHTML"}


@router.get("/")
def show(request: Request, state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId) -> Response:
    """Show the records of requirements.txt and how the build stands."""
    return _show(request, state, visitor, task_id, version_id)


@router.post("/build/")
def start(
    request: Request, state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId, _form: SentForm
) -> Response:
    """Start the build; one that is under way goes on."""
    try:
        routes.builds.start_build(request, state, visitor, task_id, version_id)
    except Invalid as refused:
        return _show(request, state, visitor, task_id, version_id, refused)
    return go_to(f"/tasks/{task_id}/versions/{version_id}/dependencies/")


@router.post("/cancel/")
def cancel(
    request: Request, state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId, _form: SentForm
) -> Response:
    """Cancel a build that is under way."""
    try:
        routes.builds.cancel_build(state, visitor, task_id, version_id)
    except (Invalid, Conflict) as refused:
        return _show(request, state, visitor, task_id, version_id, refused)
    return go_to(f"/tasks/{task_id}/versions/{version_id}/dependencies/")


@router.get("/log/")
def download_log(state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId) -> Response:
    """Send the log of a build that is over."""
    return routes.builds.download_log(state, visitor, task_id, version_id)


@router.get("/news/")
def tell_news(
    request: Request,
    state: State,
    visitor: Visitor,
    task_id: TaskId,
    version_id: VersionId,
    job: str,
    position: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)],
) -> Response:
    """Return the lines that a build has written since; the whole part of the page where the build has ended."""
    build = _find(state, visitor, task_id, version_id, position=position)
    address = f"/tasks/{task_id}/versions/{version_id}/dependencies/"
    if build is not None and build.is_under_way and build.build.job_id == job:
        return render(request, "build_news.html", build=build, address=address)
    build = _find(state, visitor, task_id, version_id)
    with state.database.read() as session:
        rights = rights_on(session, visitor, task_id)
    version = routes.versions.retrieve_version(state, visitor, task_id, version_id)
    answer = render(request, "build_part.html", build=build, address=address, rights=rights, version=version)
    answer.headers.update(_WHOLE)
    return answer


def _find(state: ServerState, visitor: Caller, task_id: str, version_id: str, *, position: int = 0) -> BuildView | None:
    with state.database.read() as session:
        get_task(session, visitor, task_id)
        get_version(session, task_id, version_id)
        build = find_build(session, version_id)
    return view_build(state, build, position) if build is not None else None


def _show(
    request: Request,
    state: ServerState,
    visitor: Caller,
    task_id: str,
    version_id: str,
    refused: ApiError | None = None,
) -> Response:
    build = _find(state, visitor, task_id, version_id)
    with state.database.read() as session:
        rights = rights_on(session, visitor, task_id)
    return render(
        request,
        "dependencies.html",
        refused=refused,
        task=routes.tasks.retrieve_task(state, visitor, task_id),
        version=routes.versions.retrieve_version(state, visitor, task_id, version_id),
        build=build,
        address=f"/tasks/{task_id}/versions/{version_id}/dependencies/",
        rights=rights,
    )
