"""Remote repositories, and versions made from them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from harness.errors import HarnessError
from harness.server.errors import Invalid, NotFound
from harness.server.jobs.imports import KIND
from harness.server.new_versions import INVALID, choose_environment, judge_metadata, read_required_metadata
from harness.server.records.common import Page
from harness.server.records.environments import RemoteRepository
from harness.server.records.versions import VersionFromRepository
from harness.server.requests import CurrentCaller, PageWanted, State, TaskId
from harness.server.routes.answers import accepted, errors, see_status
from harness.server.sources import SourceKind, as_source_paths
from harness.server.state import ServerState
from harness.server.store import jobs, versions
from harness.server.store.access import Right, get_task
from harness.server.store.repositories import find_repository, list_repositories, read_repository
from harness.server.store.tables import Repository, TaskVersion
from harness.server.store.users import Caller

router = APIRouter(tags=["Repositories"])
FROM_REPOSITORY = "/customTasks/{customTaskId}/versions/fromRepository/"


@router.get("/remoteRepositories/", responses=errors(400))
def list_remote_repositories(state: State, page: PageWanted) -> Page[RemoteRepository]:
    """List the repositories that versions can be made from."""
    with state.database.read() as session:
        found, total = list_repositories(session, offset=page.offset, limit=page.limit)
    return page.of(Page[RemoteRepository], found, total)


@router.get("/remoteRepositories/{remoteRepositoryId}/", responses=errors(404))
def get_remote_repository(state: State, remoteRepositoryId: str) -> RemoteRepository:  # noqa: N803 - the API's name
    """Return one repository."""
    with state.database.read() as session:
        repository = find_repository(session, remoteRepositoryId)
        if repository is None:
            raise NotFound("Remote repository not found.")
        return read_repository(repository)


@router.post(FROM_REPOSITORY, status_code=202, response_class=Response, responses=accepted(403, 404, 422))
def create_version_from_repository(
    request: Request, state: State, caller: CurrentCaller, task_id: TaskId, wanted: VersionFromRepository
) -> Response:
    """Create a version with the files of a repository, and no others."""
    return _start(request, state, caller, task_id, wanted, on_latest=False)


@router.patch(FROM_REPOSITORY, status_code=202, response_class=Response, responses=accepted(403, 404, 422))
def create_version_from_latest_and_repository(
    request: Request, state: State, caller: CurrentCaller, task_id: TaskId, wanted: VersionFromRepository
) -> Response:
    """Create a version with the latest one's files, and those of a repository on top."""
    return _start(request, state, caller, task_id, wanted, on_latest=True)


def _start(
    request: Request,
    state: ServerState,
    caller: Caller,
    task_id: str,
    wanted: VersionFromRepository,
    *,
    on_latest: bool,
) -> Response:
    with state.database.write() as session:
        task = get_task(session, caller, task_id, Right.EDIT)
        repository = find_repository(session, wanted.repository_id)
        _judge(state, wanted, repository, versions.latest_version(session, task), on_latest=on_latest)
        payload = {"onLatest": on_latest, "version": wanted.to_json_dict()}
        job = jobs.add_job(session, KIND, task_id, caller.id, payload)
    state.queue.wake()
    return see_status(request, job.id)


def _judge(
    state: ServerState,
    wanted: VersionFromRepository,
    repository: Repository | None,
    latest: TaskVersion | None,
    *,
    on_latest: bool,
) -> None:
    """Raise Invalid for what can be known to be wrong before anything is fetched."""
    faults: dict[str, str] = {}
    if repository is None:
        faults["repositoryId"] = "there is no such repository"
    elif wanted.ref is not None and repository.kind != SourceKind.GIT:
        faults["ref"] = f"the repository is not git ({repository.kind}); leave ref out"
    values = read_required_metadata(wanted.required_metadata, wanted.required_metadata_values, faults)
    try:
        as_source_paths(wanted.source_path)
    except HarnessError as error:
        faults["sourcePath"] = error.finding.message
    if faults:
        raise Invalid(INVALID, errors=faults)
    environment = choose_environment(state, wanted.base_environment_id, latest)
    judge_metadata(environment, values, latest if on_latest else None)
