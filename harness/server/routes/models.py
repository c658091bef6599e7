"""Models: train a blueprint in a project, follow the job, and take what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from harness.server.errors import NotFound
from harness.server.jobs.sweeping import ask_for_sweep
from harness.server.records.common import Text
from harness.server.records.models import Model, ModelJob, ModelJobStatus, ModelOrder, NewModel
from harness.server.requests import CurrentCaller, ModelId, ProjectId, State, absolute_url
from harness.server.routes.answers import SEE_OTHER, accepted, archive, errors
from harness.server.routes.downloads import download_content
from harness.server.store import models, trainings
from harness.server.store.projects import get_project

router = APIRouter(prefix="/projects/{projectId}", tags=["Models"])
JobNumber = Annotated[str, Path(alias="jobId", description="Number of the model job.")]
GZIP = "application/gzip"


@router.post("/models/", status_code=202, response_class=Response, responses=accepted(404, 422))
def train_model(
    request: Request, state: State, caller: CurrentCaller, project_id: ProjectId, wanted: NewModel
) -> Response:
    """Have a blueprint of the project's menu trained, on all rows of its data."""
    with state.database.write() as session:
        project = get_project(session, caller, project_id, lock=True)
        number = trainings.start_training(session, caller, project, wanted).number
    state.queue.wake()
    place = absolute_url(request, f"projects/{project_id}/modelJobs/{number}/")
    return Response(status_code=202, headers={"Location": place})


@router.get("/modelJobs/", responses=errors(400, 404))
def list_jobs(
    state: State,
    caller: CurrentCaller,
    project_id: ProjectId,
    status: Annotated[ModelJobStatus | None, Query(description="Those that wait or run without it.")] = None,
) -> list[ModelJob]:
    """List a project's model jobs by number."""
    with state.database.read() as session:
        return trainings.list_jobs(session, get_project(session, caller, project_id), status)


@router.get("/modelJobs/{jobId}/", responses={**SEE_OTHER, **errors(404)})
def retrieve_job(
    request: Request,
    response: Response,
    state: State,
    caller: CurrentCaller,
    project_id: ProjectId,
    number: JobNumber,
) -> ModelJob:
    """Tell how a training stands; when it is done, 303 leads to the model.

    Who looks for the first time is told of the job in any case: `drum push` looks once, for the model's id, and breaks
    on a 303.
    """
    with state.database.read() as session:
        model = trainings.get_job(session, get_project(session, caller, project_id), number)
    if not model.seen:
        with state.database.write() as session:
            trainings.note_seen(session, model.id)
    elif model.status == ModelJobStatus.COMPLETED:
        response.status_code = 303
        response.headers["Location"] = absolute_url(request, f"projects/{project_id}/models/{model.id}/")
    return trainings.read_job(model)


@router.delete("/modelJobs/{jobId}/", status_code=204, responses=errors(404, 409))
def cancel_job(state: State, caller: CurrentCaller, project_id: ProjectId, number: JobNumber) -> Response:
    """Cancel a training that waits or runs."""
    with state.database.write() as session:
        model = trainings.get_job(session, get_project(session, caller, project_id), number)
        job_id = trainings.cancel_training(session, model)
    state.queue.cancel(job_id)
    return Response(status_code=204)


@router.get("/models/", responses=errors(400, 404))
def list_models(
    state: State,
    caller: CurrentCaller,
    project_id: ProjectId,
    order: Annotated[ModelOrder, Query(alias="orderBy", description="The best first, unless it says.")] = (
        ModelOrder.BEST_FIRST
    ),
    name: Annotated[Text | None, Query(description="A text in the model's type.")] = None,
    metric: Annotated[Text | None, Query(alias="withMetric", description="Leave out all other metrics.")] = None,
) -> list[Model]:
    """List a project's trained models."""
    with state.database.read() as session:
        project = get_project(session, caller, project_id)
        return models.list_models(session, project, order=order, name=name, metric=metric)


@router.get("/models/{modelId}/", responses=errors(404))
def retrieve_model(state: State, caller: CurrentCaller, project_id: ProjectId, model_id: ModelId) -> Model:
    """Return a trained model."""
    with state.database.read() as session:
        project = get_project(session, caller, project_id)
        return models.read_model(project, models.get_trained_model(session, project, model_id))


@router.delete("/models/{modelId}/", status_code=204, responses=errors(404))
def delete_model(state: State, caller: CurrentCaller, project_id: ProjectId, model_id: ModelId) -> Response:
    """Delete a model with its logs and artifact; its training is cancelled where it is not over."""
    with state.database.write() as session:
        model = models.get_model(session, get_project(session, caller, project_id), model_id)
        cancelled = models.delete_model(session, model)
        ask_for_sweep(session)
    for job_id in cancelled:
        state.queue.cancel(job_id)
    state.queue.wake()
    return Response(status_code=204)


@router.get(
    "/models/{modelId}/logs/",
    response_class=Response,
    responses={**archive(GZIP, "logs.tar.gz: what the build, fit and scoring wrote."), **errors(403, 404)},
)
def download_logs(state: State, caller: CurrentCaller, project_id: ProjectId, model_id: ModelId) -> Response:
    """Download the logs of a training that is over, failed or not."""
    with state.database.read() as session:
        sha256 = models.get_model_of_files(session, caller, project_id, model_id).logs_sha256
    if sha256 is None:
        raise NotFound("Logs for this model could not be found: they are there when its training is over.")
    return download_content(state, sha256, name="logs.tar.gz", media_type=GZIP)


@router.get(
    "/models/{modelId}/trainingArtifact/",
    response_class=Response,
    responses={**archive(GZIP, "training-artifact.tar.gz: what fit left behind."), **errors(403, 404)},
)
def download_artifact(state: State, caller: CurrentCaller, project_id: ProjectId, model_id: ModelId) -> Response:
    """Download the artifacts of a trained model."""
    with state.database.read() as session:
        sha256 = models.get_model_of_files(session, caller, project_id, model_id).artifact_sha256
    if sha256 is None:
        raise NotFound("This model does not have any artifacts.")
    return download_content(state, sha256, name="training-artifact.tar.gz", media_type=GZIP)
