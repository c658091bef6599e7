"""Base environments: what every version has to name one of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from harness.server.errors import NotFound
from harness.server.records.common import Page
from harness.server.records.environments import EnvironmentVersion, ExecutionEnvironment
from harness.server.requests import PageWanted, State
from harness.server.routes.answers import errors
from harness.server.state import ServerState

EnvironmentId = Annotated[str, Path(alias="environmentId", description="ID of the environment.")]
EnvironmentVersionId = Annotated[str, Path(alias="environmentVersionId", description="ID of the environment version.")]

router = APIRouter(prefix="/executionEnvironments", tags=["Execution environments"])


@router.get("/", responses=errors(400))
def list_environments(
    state: State,
    page: PageWanted,
    search_for: Annotated[str | None, Query(alias="searchFor", description="A text in name or description.")] = None,
    is_own: Annotated[bool | None, Query(alias="isOwn", description="Only one's own; here nobody's are.")] = None,
    use_cases: Annotated[str | None, Query(alias="useCases", description="Only those for this use.")] = None,
    is_public: Annotated[bool | None, Query(alias="isPublic", description="Only public ones, which all are.")] = None,
) -> Page[ExecutionEnvironment]:
    """List the base environments by name."""
    found = [
        record
        for record in state.environments.records(search_for)
        if not is_own and is_public is not False and (use_cases is None or use_cases in record.use_cases)
    ]
    return page.of(Page[ExecutionEnvironment], found[page.offset :][: page.limit], len(found))


@router.get("/{environmentId}/", responses=errors(404))
def get_environment(state: State, environment_id: EnvironmentId) -> ExecutionEnvironment:
    """Return one base environment."""
    return _find(state, environment_id)


@router.get("/{environmentId}/versions/", responses=errors(400, 404))
def list_environment_versions(
    state: State, page: PageWanted, environment_id: EnvironmentId
) -> Page[EnvironmentVersion]:
    """List the versions of a base environment: there is one."""
    found = [version for version in (_find(state, environment_id).latest_version,) if version]
    return page.of(Page[EnvironmentVersion], found[page.offset :][: page.limit], len(found))


@router.get("/{environmentId}/versions/{environmentVersionId}/", responses=errors(404))
def get_environment_version(
    state: State, environment_id: EnvironmentId, version_id: EnvironmentVersionId
) -> EnvironmentVersion:
    """Return one version of a base environment."""
    version = _find(state, environment_id).latest_version
    if version is None or version.id != version_id:
        raise NotFound("Execution environment version not found.")
    return version


def _find(state: ServerState, environment_id: str) -> ExecutionEnvironment:
    record = state.environments.find_record(environment_id)
    if record is None:
        raise NotFound("Execution environment not found.")
    return record
