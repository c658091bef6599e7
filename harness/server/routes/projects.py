"""Projects: upload data, choose the target, see how it stands."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from harness.server.errors import Invalid, NotFound
from harness.server.jobs.sweeping import ask_for_sweep
from harness.server.new_projects import INVALID, aim_project, make_project
from harness.server.records.common import Text
from harness.server.records.projects import (
    Aim,
    Featurelist,
    Project,
    ProjectChanges,
    ProjectName,
    ProjectStatus,
    Stage,
)
from harness.server.requests import LARGEST_OFFSET, CurrentCaller, ProjectId, State
from harness.server.routes.answers import accepted, errors, see_status
from harness.server.routes.forms import NEW_PROJECT, described
from harness.server.store import projects
from harness.server.uploads.forms import Form, UploadedFile
from harness.server.uploads.multipart import receive_form

router = APIRouter(prefix="/projects", tags=["Projects"])
FeaturelistId = Annotated[str, Path(alias="featurelistId", description="ID of the featurelist.")]
UNTITLED = "Untitled Project"
_STAGES = {Stage.AIM: "Ready for a target", Stage.MODELING: "Ready for modeling"}


@router.post(
    "/",
    status_code=202,
    response_class=Response,
    responses=accepted(413, 422, 507),
    openapi_extra=described(NEW_PROJECT, required=("file",)),
)
async def create_project(request: Request, state: State, caller: CurrentCaller) -> Response:
    """Create a project with the uploaded data."""
    form = await receive_form(
        request,
        state.contents,
        most_bytes=state.settings.largest_upload_bytes,
        fields=frozenset({"projectName"}),
        files=frozenset({"file"}),
    )
    name, file = read_project_form(form)
    return see_status(request, await run_in_threadpool(make_project, state, caller, name, file))


@router.get("/", responses=errors(400))
def list_projects(
    state: State,
    caller: CurrentCaller,
    name: Annotated[Text | None, Query(alias="projectName", description="A text in the name.")] = None,
    offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0,
    limit: Annotated[int | None, Query(ge=1, le=LARGEST_OFFSET, description="All of them without it.")] = None,
) -> list[Project]:
    """List the caller's projects, the newest first."""
    with state.database.read() as session:
        return projects.list_projects(session, caller, name=name, offset=offset, limit=limit)


@router.get("/{projectId}/", responses=errors(404))
def retrieve_project(state: State, caller: CurrentCaller, project_id: ProjectId) -> Project:
    """Return a project."""
    with state.database.read() as session:
        return projects.read_project(projects.get_project(session, caller, project_id))


@router.get("/{projectId}/status/", responses=errors(404))
def retrieve_status(state: State, caller: CurrentCaller, project_id: ProjectId) -> ProjectStatus:
    """Tell which stage a project has reached."""
    with state.database.read() as session:
        stage = Stage(projects.get_project(session, caller, project_id).stage)
    return ProjectStatus(autopilot_done=stage is Stage.MODELING, stage=stage, stage_description=_STAGES[stage])


@router.get("/{projectId}/options/", responses=errors(404))
def retrieve_options(state: State, caller: CurrentCaller, project_id: ProjectId) -> dict[str, Any]:
    """Return no options: the client asks for them before it sets a target, and there are none here."""
    with state.database.read() as session:
        projects.get_project(session, caller, project_id)
    return {}


@router.patch("/{projectId}/", responses=errors(404, 422))
def change_project(
    state: State, caller: CurrentCaller, project_id: ProjectId, changes: Annotated[ProjectChanges | None, Body()] = None
) -> Project:
    """Change a project's name or description."""
    changes = changes or ProjectChanges()
    with state.database.write() as session:
        project = projects.get_project(session, caller, project_id)
        if changes.project_name is not None:
            project.name = changes.project_name
        if changes.project_description is not None:
            project.description = changes.project_description
        session.flush()
        return projects.read_project(project)


@router.patch("/{projectId}/aim/", status_code=202, response_class=Response, responses=accepted(404, 422))
def set_target(request: Request, state: State, caller: CurrentCaller, project_id: ProjectId, aim: Aim) -> Response:
    """Choose the target. Nothing is trained yet, whatever the mode: models are trained when they are asked for."""
    return see_status(request, aim_project(state, caller, project_id, aim))


@router.delete("/{projectId}/", status_code=204, responses=errors(404))
def delete_project(state: State, caller: CurrentCaller, project_id: ProjectId) -> Response:
    """Delete a project with its models; trainings that run are cancelled."""
    with state.database.write() as session:
        project = projects.get_project(session, caller, project_id, lock=True)
        cancelled = projects.delete_project(session, project)
        ask_for_sweep(session)
    for job_id in cancelled:
        state.queue.cancel(job_id)
    state.queue.wake()
    return Response(status_code=204)


@router.get("/{projectId}/featurelists/", responses=errors(404))
def list_featurelists(state: State, caller: CurrentCaller, project_id: ProjectId) -> list[Featurelist]:
    """List a project's featurelists: there is one, of all columns but the target."""
    with state.database.read() as session:
        return [projects.read_featurelist(session, projects.get_project(session, caller, project_id))]


@router.get("/{projectId}/featurelists/{featurelistId}/", responses=errors(404))
def retrieve_featurelist(
    state: State, caller: CurrentCaller, project_id: ProjectId, featurelist_id: FeaturelistId
) -> Featurelist:
    """Return the one featurelist of a project."""
    with state.database.read() as session:
        project = projects.get_project(session, caller, project_id)
        if featurelist_id != project.featurelist_id:
            raise NotFound("Featurelist not found.")
        return projects.read_featurelist(session, project)


def read_project_form(form: Form) -> tuple[str, UploadedFile]:
    """Return the name and the data of a new project; raises Invalid."""
    if len(form.files) != 1:
        raise Invalid(INVALID, errors={"file": "must be given once"})
    try:
        name = TypeAdapter(ProjectName).validate_python(form.one("projectName") or UNTITLED)
    except ValidationError as error:
        raise Invalid(INVALID, errors={"projectName": error.errors()[0]["msg"]}) from error
    return name, form.files[0]
