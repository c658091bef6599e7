"""The status of jobs that a Location led to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from harness.server.errors import NotFound
from harness.server.ids import is_id
from harness.server.records.status import JobStatus, Status
from harness.server.requests import CurrentCaller, State, absolute_url
from harness.server.routes.answers import SEE_OTHER, errors
from harness.server.store import jobs
from harness.server.store.tables import Job

router = APIRouter(prefix="/status", tags=["Jobs"])
_STATUSES = {
    jobs.QUEUED: JobStatus.INITIALIZED,
    jobs.RUNNING: JobStatus.RUNNING,
    jobs.DONE: JobStatus.COMPLETED,
    jobs.FAILED: JobStatus.ERROR,
    jobs.CANCELLED: JobStatus.ABORTED,
}


@router.get("/{statusId}/", responses={**SEE_OTHER, **errors(404)})
def retrieve_status(
    request: Request,
    response: Response,
    state: State,
    caller: CurrentCaller,
    status_id: Annotated[str, Path(alias="statusId", description="ID of the status.")],
) -> Status:
    """Tell how a job stands; when it is done, 303 leads to what it made."""
    with state.database.read() as session:
        job = session.get(Job, status_id) if is_id(status_id) else None
    if job is None or job.user_id != caller.id:
        raise NotFound("There is no such job.")
    if job.state == jobs.DONE and job.location:
        response.status_code = 303
        response.headers["Location"] = absolute_url(request, job.location)
    return Status(
        status_id=job.id,
        status=_STATUSES[job.state],
        message=job.message or "",
        code=int(job.state == jobs.FAILED),
        created=job.created,
    )
