"""The job of a dependency build: a version's files out, its dependencies installed, the log kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from harness.builds.log import frame_log
from harness.cache import remove_tree
from harness.progress import Silent
from harness.server import times
from harness.server.dependency_builds import build_dependencies
from harness.server.jobs.queue import JobKind, Work
from harness.server.state import ServerState
from harness.server.store import builds
from harness.server.store.versions import items_of

GONE = "The version is gone."


def build_kind(state: ServerState) -> JobKind:
    """Return what a dependency build does on this server."""

    def do(work: Work) -> str | None:
        with state.database.write() as session:
            version = builds.note_processing(session, work.subject, work.job_id)
        if version is None:
            return None
        with version_folder(state, work) as folder:
            environment = str(environment_folder(state, version.base_environment_id or ""))
            build = build_dependencies(folder, environment, state.settings.backend, Silent(), work.cancellation)
        log = state.contents.put_bytes(build.log.encode())
        with state.database.write() as session:
            builds.end_build(
                session,
                work.subject,
                work.job_id,
                succeeded=build.succeeded,
                log_sha256=log.sha256,
                ended=build.ended,
            )
        return None

    def failed(session: Session, version_id: str, message: str) -> None:
        moment = times.now()
        log = state.contents.put_bytes(frame_log([message], moment, moment, "failed").encode())
        builds.note_failure(session, version_id, log.sha256)

    return JobKind(do, failed, builds.note_submitted)


@contextmanager
def version_folder(state: ServerState, work: Work) -> Iterator[Path]:
    """Give a folder with copies of a version's files; whatever is made of them, the store keeps its own."""
    folder = state.work_folder / work.job_id / "task"
    with state.database.read() as session:
        files = [(item.file_path, item.sha256) for item in items_of(session, work.subject)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        state.contents.copy_out(files, folder)
        yield folder
    finally:
        remove_tree(folder.parent)


def environment_folder(state: ServerState, environment_id: str) -> Path:
    """Return where a base environment lies; raises HarnessError where the server does not have it any more."""
    from harness.errors import HarnessError

    environment = state.environments.find(environment_id)
    if environment is None or environment.folder is None:
        raise HarnessError(
            f"the base environment {environment_id} is not there any more",
            remedy="Start the server with its folder: --env FOLDER.",
        )
    return environment.folder
