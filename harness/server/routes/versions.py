"""Versions of a task: list, create from files, read, edit, download."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from starlette.concurrency import run_in_threadpool

from harness.server.errors import Forbidden, Invalid, NotFound
from harness.server.new_versions import (
    INVALID,
    find_environment,
    judge_metadata,
    make_version,
    read_order,
    read_required_metadata,
)
from harness.server.records.common import Page
from harness.server.records.versions import Version, VersionChanges
from harness.server.requests import CurrentCaller, PageWanted, State, TaskId, VersionId
from harness.server.routes.answers import archive, errors
from harness.server.routes.downloads import download_version
from harness.server.routes.forms import FROM_LATEST, NEW_VERSION, described
from harness.server.state import ServerState
from harness.server.store import versions
from harness.server.store.access import TASK_NOT_FOUND, Right, get_task
from harness.server.store.users import Caller
from harness.server.uploads.forms import pair_files
from harness.server.uploads.multipart import receive_form

router = APIRouter(prefix="/customTasks/{customTaskId}/versions", tags=["Versions"])


@router.get("/", responses=errors(400, 404))
def list_versions(state: State, caller: CurrentCaller, page: PageWanted, task_id: TaskId) -> Page[Version]:
    """List the versions of a task, the latest first."""
    with state.database.read() as session:
        get_task(session, caller, task_id)
        found, total = versions.list_versions(session, task_id, offset=page.offset, limit=page.limit)
    return page.of(Page[Version], found, total)


@router.post("/", status_code=201, responses=errors(403, 404, 413, 422, 507), openapi_extra=described(NEW_VERSION))
async def create_version(request: Request, state: State, caller: CurrentCaller, task_id: TaskId) -> Version:
    """Create a version with the files that are sent, and no others."""
    return await _receive_version(request, state, caller, task_id, on_latest=False)


@router.patch("/", status_code=201, responses=errors(403, 404, 413, 422, 507), openapi_extra=described(FROM_LATEST))
async def create_version_from_latest(request: Request, state: State, caller: CurrentCaller, task_id: TaskId) -> Version:
    """Create a version with the latest one's files, of which some are replaced, added or deleted."""
    return await _receive_version(request, state, caller, task_id, on_latest=True)


@router.get("/{customTaskVersionId}/", responses=errors(404))
def retrieve_version(state: State, caller: CurrentCaller, task_id: TaskId, version_id: VersionId) -> Version:
    """Return a version with its files."""
    with state.database.read() as session:
        get_task(session, caller, task_id)
        versions.get_version(session, task_id, version_id)
        return versions.read_version(session, version_id)


@router.patch("/{customTaskVersionId}/", responses=errors(404, 422))
def change_version(
    state: State,
    caller: CurrentCaller,
    task_id: TaskId,
    version_id: VersionId,
    changes: Annotated[VersionChanges | None, Body()] = None,
) -> Version:
    """Edit a version's description and its values for the environment's required metadata."""
    changes = changes or VersionChanges()
    with state.database.write() as session:
        try:
            get_task(session, caller, task_id, Right.EDIT)
        except Forbidden as forbidden:
            # Source: the platform's API, which does not tell the two apart here.
            raise NotFound(TASK_NOT_FOUND) from forbidden
        version = versions.get_version(session, task_id, version_id)
        if changes.description is not None:
            version.description = changes.description
        values = _changed_metadata(changes)
        if values is not None and version.base_environment_id is not None:
            judge_metadata(find_environment(state, version.base_environment_id), values)
            version.required_metadata = values
        session.flush()
        return versions.read_version(session, version_id)


@router.get(
    "/{customTaskVersionId}/download/",
    response_class=Response,
    responses={**archive("application/zip", "The version's files."), **errors(404)},
)
def download(state: State, caller: CurrentCaller, task_id: TaskId, version_id: VersionId) -> Response:
    """Download the files of a version."""
    with state.database.read() as session:
        get_task(session, caller, task_id)
        versions.get_version(session, task_id, version_id)
        return download_version(state, session, task_id, version_id)


async def _receive_version(
    request: Request, state: ServerState, caller: Caller, task_id: str, *, on_latest: bool
) -> Version:
    # Judged before the body is read: nobody uploads a gigabyte to learn that there is no such task.
    await run_in_threadpool(_judge_right, state, caller, task_id)
    described_fields = FROM_LATEST if on_latest else NEW_VERSION
    form = await receive_form(
        request,
        state.contents,
        most_bytes=state.settings.largest_upload_bytes,
        fields=frozenset(described_fields) - {"file"},
        files=frozenset({"file"}),
    )
    order = read_order(form, on_latest=on_latest)
    sent = [versions.NewItem(path, file.content.sha256, file.content.size_bytes) for path, file in pair_files(form)]

    def make() -> Version:
        version = make_version(state, caller, task_id, order, sent)
        with state.database.read() as session:
            return versions.read_version(session, version.id)

    return await run_in_threadpool(make)


def _judge_right(state: ServerState, caller: Caller, task_id: str) -> None:
    with state.database.read() as session:
        get_task(session, caller, task_id, Right.EDIT)


def _changed_metadata(changes: VersionChanges) -> dict[str, str] | None:
    faults: dict[str, Any] = {}
    values = read_required_metadata(changes.required_metadata, changes.required_metadata_values, faults)
    if faults:
        raise Invalid(INVALID, errors=faults)
    return values
