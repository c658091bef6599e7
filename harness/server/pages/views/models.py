"""Trainings: all of the visitor's, and one with its metrics, its report, its logs and its artifact."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse

from harness.server import routes
from harness.server.errors import ApiError, Conflict, NotFound
from harness.server.pages.forms import SentForm
from harness.server.pages.paging import Part
from harness.server.pages.rendering import go_to, render
from harness.server.pages.visits import Visitor
from harness.server.requests import ModelId, ProjectId, State
from harness.server.state import ServerState
from harness.server.store import models, trainings
from harness.server.store.projects import get_project
from harness.server.store.users import Caller

router = APIRouter()
ONE = "/projects/{projectId}/models/{modelId}"
# A report has scripts of its own, and shows what a task wrote. In a sandbox without an origin they reach neither the
# visitor's session nor anything else of this server; nothing is loaded, nothing is sent.
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@router.get("/trainings/")
def list_trainings(request: Request, state: State, visitor: Visitor, part: Part) -> Response:
    """Show the trainings in all of the visitor's projects, the latest first."""
    with state.database.read() as session:
        found, total = models.list_trainings(session, visitor, offset=part.offset, limit=part.limit)
    return render(
        request,
        "trainings.html",
        trainings=found,
        total=total,
        next_url=part.next_url(total),
        previous_url=part.previous_url(),
    )


@router.get(f"{ONE}/")
def show(request: Request, state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId) -> Response:
    """Show a training, which is renewed by itself until it is over."""
    return _show(request, state, visitor, project_id, model_id)


@router.get(f"{ONE}/news/")
def tell_news(request: Request, state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId) -> Response:
    """Return the part of the page that says how the training stands."""
    return _show(request, state, visitor, project_id, model_id, template="model_part.html")


# The names are those that the report links to, beside which it lies.
@router.get(f"{ONE}/report.html")
def send_report(state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId) -> Response:
    """Send the report of a training, in a sandbox."""
    with state.database.read() as session:
        sha256 = models.get_model_of_files(session, visitor, project_id, model_id).report_sha256
    if sha256 is None:
        raise NotFound("This training has no report.")
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return FileResponse(state.contents.path(sha256), media_type="text/html", headers=headers)


@router.get(f"{ONE}/logs.tar.gz")
def download_logs(state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId) -> Response:
    """Send the logs of a training that is over."""
    return routes.models.download_logs(state, visitor, project_id, model_id)


@router.get(f"{ONE}/trainingArtifact.tar.gz")
def download_artifact(state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId) -> Response:
    """Send what fit left behind."""
    return routes.models.download_artifact(state, visitor, project_id, model_id)


@router.post(f"{ONE}/cancel/")
def cancel(
    request: Request, state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId, _form: SentForm
) -> Response:
    """Cancel a training that waits or runs."""
    with state.database.read() as session:
        number = models.get_model(session, get_project(session, visitor, project_id), model_id).number
    try:
        routes.models.cancel_job(state, visitor, project_id, str(number))
    except Conflict as refused:
        return _show(request, state, visitor, project_id, model_id, refused=refused)
    return go_to(f"/projects/{project_id}/models/{model_id}/")


@router.get(f"{ONE}/delete/")
def ask_to_delete(
    request: Request, state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId
) -> Response:
    """Say what goes with a model."""
    return _show(request, state, visitor, project_id, model_id, template="model_delete.html")


@router.post(f"{ONE}/delete/")
def delete(state: State, visitor: Visitor, project_id: ProjectId, model_id: ModelId, _form: SentForm) -> Response:
    """Delete a model with its files."""
    routes.models.delete_model(state, visitor, project_id, model_id)
    return go_to(f"/projects/{project_id}/")


def _show(
    request: Request,
    state: ServerState,
    visitor: Caller,
    project_id: str,
    model_id: str,
    *,
    template: str = "model.html",
    refused: ApiError | None = None,
) -> Response:
    project = routes.projects.retrieve_project(state, visitor, project_id)
    with state.database.read() as session:
        row = get_project(session, visitor, project_id)
        model = models.get_model(session, row, model_id)
    return render(
        request,
        template,
        refused=refused,
        project=project,
        model=model,
        is_under_way=model.status in trainings.UNDER_WAY,
    )
