"""The dependency build of a version: start, status, cancel, log."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from harness.records import BuildStatus
from harness.server.errors import NotFound
from harness.server.records.builds import Build
from harness.server.requests import CurrentCaller, State, TaskId, VersionId, absolute_url
from harness.server.routes.answers import archive, errors
from harness.server.routes.downloads import download_content
from harness.server.store import builds
from harness.server.store.access import Right, get_task
from harness.server.store.tables import DependencyBuild
from harness.server.store.versions import get_version

router = APIRouter(prefix="/customTasks/{customTaskId}/versions/{customTaskVersionId}", tags=["Dependency builds"])


@router.post("/dependencyBuild/", status_code=202, responses=errors(403, 404, 422))
def start_build(request: Request, state: State, caller: CurrentCaller, task_id: TaskId, version_id: VersionId) -> Build:
    """Start the build of a version's dependencies; one that is under way goes on."""
    with state.database.write() as session:
        get_task(session, caller, task_id, Right.EDIT)
        version = get_version(session, task_id, version_id)
        build = _record(request, task_id, builds.start_build(session, version, caller.id))
    state.queue.wake()
    return build


@router.get("/dependencyBuild/", responses=errors(404, 422))
def retrieve_build(
    request: Request, state: State, caller: CurrentCaller, task_id: TaskId, version_id: VersionId
) -> Build:
    """Tell how the build stands."""
    with state.database.read() as session:
        get_task(session, caller, task_id)
        get_version(session, task_id, version_id)
        return _record(request, task_id, builds.get_build(session, version_id))


@router.delete("/dependencyBuild/", status_code=204, responses=errors(403, 404, 409, 422))
def cancel_build(state: State, caller: CurrentCaller, task_id: TaskId, version_id: VersionId) -> Response:
    """Cancel a build that is under way; afterwards it is as if it had never started."""
    with state.database.write() as session:
        get_task(session, caller, task_id, Right.EDIT)
        get_version(session, task_id, version_id)
        job_id = builds.cancel_build(session, version_id)
    state.queue.cancel(job_id)
    return Response(status_code=204)


@router.get(
    "/dependencyBuildLog/",
    response_class=Response,
    responses={**archive("text/plain", "The build's log."), **errors(404, 422)},
)
def download_log(state: State, caller: CurrentCaller, task_id: TaskId, version_id: VersionId) -> Response:
    """Download the log of a build that is over."""
    with state.database.read() as session:
        get_task(session, caller, task_id)
        get_version(session, task_id, version_id)
        build = builds.get_build(session, version_id)
    if build.log_sha256 is None:
        raise NotFound("The dependency build is in progress; its log is there when it is over.")
    return download_content(state, build.log_sha256, name=f"dependency-build-{version_id}.log", media_type="text/plain")


def _record(request: Request, task_id: str, build: DependencyBuild) -> Build:
    log = f"customTasks/{task_id}/versions/{build.version_id}/dependencyBuildLog/"
    return Build(
        custom_task_id=task_id,
        custom_task_version_id=build.version_id,
        build_status=BuildStatus(build.status),
        build_start=build.started,
        build_end=build.ended,
        build_log_location=absolute_url(request, log) if build.log_sha256 else None,
    )
