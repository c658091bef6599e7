"""The job that removes what nothing refers to any more: file contents, and images of tasks that are gone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from harness.backends import open_backend
from harness.server.job_queue import JobKind, Work, nothing_to_note
from harness.server.state import ServerState
from harness.server.store.builds import is_image_used
from harness.server.store.contents_used import used_contents
from harness.server.store.jobs import QUEUED, add_job
from harness.server.store.tables import Job

KIND = "sweep"
IMAGES = "images"


def sweep_kind(state: ServerState) -> JobKind:
    """Return what sweeping does on this server. What is younger than a day stays: it may be on its way in."""

    def do(work: Work) -> str | None:
        with state.database.read() as session:
            used = used_contents(session)
            images = [image for image in work.payload.get(IMAGES, ()) if not is_image_used(session, image)]
        state.contents.remove_unused(used)
        if images:
            backend = open_backend(state.settings.backend)
            for image in images:
                backend.remove_image(image)
        return None

    return JobKind(do, nothing_to_note, nothing_to_note)


def ask_for_sweep(session: Session, images: Sequence[str] = ()) -> None:
    """Put a sweep into the queue, unless one waits there already that would do the same.

    images: those that were made of a task that is deleted.
    """
    if images:
        add_job(session, KIND, "", "", {IMAGES: list(images)})
    elif session.scalar(select(Job.id).where(Job.kind == KIND, Job.state == QUEUED).limit(1)) is None:
        add_job(session, KIND, "", "")
