"""Projects, which are data sets with a target: the list, the upload, the target, and the models trained in one."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from harness.server import routes
from harness.server.errors import ApiError, Invalid
from harness.server.new_projects import aim_project, make_project
from harness.server.pages.forms import Fields, SentForm, read_record
from harness.server.pages.paging import Part
from harness.server.pages.rendering import go_to, render
from harness.server.pages.uploads import FILES, chosen_files
from harness.server.pages.visits import FORM_TOKEN, CurrentVisit, Visitor
from harness.server.records.projects import Aim
from harness.server.requests import PageRequest, ProjectId, State
from harness.server.routes.projects import read_project_form
from harness.server.state import ServerState
from harness.server.store import jobs, models, projects
from harness.server.store.tables import Job
from harness.server.store.users import Caller
from harness.server.uploads.forms import Form
from harness.server.uploads.multipart import receive_form

router = APIRouter(prefix="/projects")
ONE = "/{projectId}"


@router.get("/")
def list_projects(request: Request, state: State, visitor: Visitor, part: Part) -> Response:
    """Show the visitor's projects, the newest first, and the form for another."""
    return _show_list(request, state, visitor, part)


@router.post("/")
async def create(request: Request, state: State, visit: CurrentVisit, part: Part) -> Response:
    """Make a project of the data that is sent."""
    form = await receive_form(
        request,
        state.contents,
        most_bytes=state.settings.largest_upload_bytes,
        fields=frozenset({FORM_TOKEN, "projectName"}),
        files=frozenset({FILES}),
    )
    visit.check_form(form.one(FORM_TOKEN))

    def make() -> Response:
        try:
            name, file = read_project_form(Form(_without_empty(form), tuple(chosen_files(form))))
            job_id = make_project(state, visit.caller, name, file)
        except Invalid as refused:
            return _show_list(request, state, visit.caller, part, Fields(dict(form.fields)), refused)
        with state.database.read() as session:
            job = session.get(Job, job_id)
        assert job is not None
        assert job.state == jobs.DONE
        return go_to(f"/projects/{job.subject}/")

    return await run_in_threadpool(make)


@router.get(f"{ONE}/")
def show(request: Request, state: State, visitor: Visitor, part: Part, project_id: ProjectId) -> Response:
    """Show a project and its trainings; before it has a target, the form that chooses one."""
    return _show(request, state, visitor, part, project_id)


@router.post(f"{ONE}/target/")
def set_target(
    request: Request, state: State, visitor: Visitor, part: Part, project_id: ProjectId, form: SentForm
) -> Response:
    """Choose the target, or none."""
    aim = {
        "mode": "manual",
        "unsupervisedMode": bool(form["unsupervised"]),
        **form.given("target", "targetType", "positiveClass"),
    }
    try:
        aim_project(state, visitor, project_id, read_record(Aim, aim))
    except Invalid as refused:
        return _show(request, state, visitor, part, project_id, form, refused)
    return go_to(f"/projects/{project_id}/")


@router.get(f"{ONE}/delete/")
def ask_to_delete(request: Request, state: State, visitor: Visitor, project_id: ProjectId) -> Response:
    """Say what goes with a project."""
    project = routes.projects.retrieve_project(state, visitor, project_id)
    with state.database.read() as session:
        _, total = models.list_trainings(session, visitor, project_id=project_id, offset=0, limit=1)
    return render(request, "project_delete.html", project=project, total=total)


@router.post(f"{ONE}/delete/")
def delete(state: State, visitor: Visitor, project_id: ProjectId, _form: SentForm) -> Response:
    """Delete a project with its models."""
    routes.projects.delete_project(state, visitor, project_id)
    return go_to("/projects/")


def _without_empty(form: Form) -> tuple[tuple[str, str], ...]:
    """Return the fields that say something: browsers send those that were left empty, too."""
    return tuple((name, text) for name, text in form.fields if text)


def _show_list(
    request: Request,
    state: ServerState,
    visitor: Caller,
    part: PageRequest,
    form: Fields | None = None,
    refused: ApiError | None = None,
) -> Response:
    # One more than is shown tells whether there are more: this list alone has no total.
    found = routes.projects.list_projects(state, visitor, offset=part.offset, limit=part.limit + 1)
    return render(
        request,
        "projects.html",
        refused=refused,
        projects=found[: part.limit],
        next_url=part.next_url(part.offset + len(found)),
        previous_url=part.previous_url(),
        offset=part.offset,
        form=form or Fields({}),
    )


def _show(
    request: Request,
    state: ServerState,
    visitor: Caller,
    part: PageRequest,
    project_id: str,
    form: Fields | None = None,
    refused: ApiError | None = None,
) -> Response:
    project = routes.projects.retrieve_project(state, visitor, project_id)
    with state.database.read() as session:
        columns = projects.get_project(session, visitor, project_id).columns
        trainings, total = models.list_trainings(
            session, visitor, project_id=project_id, offset=part.offset, limit=part.limit
        )
    return render(
        request,
        "project.html",
        refused=refused,
        project=project,
        columns=columns,
        trainings=trainings,
        next_url=part.next_url(total),
        previous_url=part.previous_url(),
        form=form or Fields({}),
    )
