"""The job of a dependency build: a version's files out, its dependencies installed, the log kept."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.orm import Session

from harness.builds.log import frame_log
from harness.server import times
from harness.server.dependency_builds import build_dependencies
from harness.server.errors import StorageFull
from harness.server.job_queue import JobKind, Work
from harness.server.jobs.copies import copy_version, environment_folder, job_folder
from harness.server.live_logs import live_log
from harness.server.state import ServerState
from harness.server.store import builds

GONE = "The version is gone."


def build_kind(state: ServerState) -> JobKind:
    """Return what a dependency build does on this server."""

    def do(work: Work) -> str | None:
        with state.database.write() as session:
            version = builds.note_processing(session, work.subject, work.job_id)
        if version is None:
            return None
        with job_folder(state, work.job_id) as folder:
            task = copy_version(state, version.id, folder / "task")
            environment = str(environment_folder(state, version.base_environment_id or ""))
            with live_log(state, work.job_id) as progress:
                build = build_dependencies(task, environment, state.settings.backend, progress, work.cancellation)
        log = state.contents.put_bytes(build.log.encode())
        with state.database.write() as session:
            builds.end_build(
                session,
                work.subject,
                work.job_id,
                succeeded=build.succeeded,
                log_sha256=log.sha256,
                ended=build.ended,
                image=build.image,
            )
        return None

    def failed(session: Session, version_id: str, message: str) -> None:
        moment = times.now()
        log = None
        with suppress(StorageFull):  # the build has failed even where there is no room to say why
            log = state.contents.put_bytes(frame_log([message], moment, moment, "failed").encode())
        builds.note_failure(session, version_id, log.sha256 if log else None)

    return JobKind(do, failed, builds.note_submitted)
