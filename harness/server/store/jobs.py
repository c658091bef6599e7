"""The queue's table: jobs are added with the records that they are about, in one transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from harness.server import ids, times
from harness.server.store.tables import Job

QUEUED = "queued"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
CANCELLED = "cancelled"
OPEN = (QUEUED, RUNNING)
# A job that took the server with it this often would do so for ever.
MOST_ATTEMPTS = 3


def add_job(session: Session, kind: str, subject: str, user_id: str, payload: dict[str, Any] | None = None) -> Job:
    """Add a job to the end of the queue."""
    job = Job(
        id=ids.new_id(),
        kind=kind,
        subject=subject,
        user_id=user_id,
        state=QUEUED,
        payload=payload or {},
        created=times.now(),
        attempts=0,
    )
    session.add(job)
    session.flush()
    return job


def add_done_job(session: Session, kind: str, subject: str, user_id: str, location: str) -> Job:
    """Add what was done within its request, for those who ask for it as for every job. location: what it made."""
    job = add_job(session, kind, subject, user_id)
    job.state, job.location, job.started, job.ended = DONE, location, job.created, times.now()
    session.flush()
    return job


def take_next(session: Session) -> Job | None:
    """Return the job that has waited longest, as running from now on."""
    job = session.scalar(
        select(Job).where(Job.state == QUEUED).order_by(Job.created, Job.id).limit(1).with_for_update(skip_locked=True)
    )
    if job is not None:
        job.state, job.started, job.attempts = RUNNING, times.now(), job.attempts + 1
        session.flush()
    return job


def is_running(session: Session, job_id: str) -> bool:
    return session.scalar(select(Job.state).where(Job.id == job_id)) == RUNNING


def end_job(
    session: Session, job_id: str, state: str, *, message: str | None = None, location: str | None = None
) -> bool:
    """Note how a running job ended; False where it is not running any more, for it was cancelled or deleted."""
    job = session.get(Job, job_id)
    if job is None or job.state != RUNNING:
        return False
    job.state, job.message, job.location, job.ended = state, message, location, times.now()
    session.flush()
    return True


def cancel_job(session: Session, job_id: str) -> bool:
    """Mark a job as cancelled; False where it is over already."""
    job = session.get(Job, job_id)
    if job is None or job.state not in OPEN:
        return False
    job.state, job.ended = CANCELLED, times.now()
    session.flush()
    return True


def requeue(session: Session, job_id: str) -> None:
    """Put a job that a shutdown ended back in the queue; this attempt does not count."""
    job = session.get(Job, job_id)
    if job is not None and job.state == RUNNING:
        job.state, job.attempts = QUEUED, job.attempts - 1


def interrupted_jobs(session: Session) -> tuple[list[Job], list[Job]]:
    """Return the jobs that ran when the last server died: those to begin again, queued, and those given up, failed."""
    found = session.scalars(select(Job).where(Job.state == RUNNING)).all()
    again = [job for job in found if job.attempts < MOST_ATTEMPTS]
    given_up = [job for job in found if job.attempts >= MOST_ATTEMPTS]
    session.execute(update(Job).where(Job.id.in_([job.id for job in again])).values(state=QUEUED))
    for job in given_up:
        job.state, job.ended = FAILED, times.now()
        job.message = f"The server ended {job.attempts} times while it was at this."
    session.flush()
    return again, given_up
