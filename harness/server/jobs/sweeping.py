"""The job that removes file contents to which nothing refers any more."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from harness.server.jobs.queue import JobKind, Work, nothing_to_note
from harness.server.state import ServerState
from harness.server.store.contents_used import used_contents
from harness.server.store.jobs import QUEUED, add_job
from harness.server.store.tables import Job

KIND = "sweep"


def sweep_kind(state: ServerState) -> JobKind:
    """Return what sweeping does on this server. What is younger than a day stays: it may be on its way in."""

    def do(_work: Work) -> str | None:
        with state.database.read() as session:
            used = used_contents(session)
        state.contents.remove_unused(used)
        return None

    return JobKind(do, nothing_to_note, nothing_to_note)


def ask_for_sweep(session: Session) -> None:
    """Put a sweep into the queue, unless one waits there already."""
    if session.scalar(select(Job.id).where(Job.kind == KIND, Job.state == QUEUED).limit(1)) is None:
        add_job(session, KIND, "", "")
