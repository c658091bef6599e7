"""What a job works on: copies of stored files, in a folder of its own, gone when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.cache import remove_tree
from harness.errors import HarnessError
from harness.server.state import ServerState
from harness.server.store.versions import items_of


@contextmanager
def job_folder(state: ServerState, job_id: str) -> Iterator[Path]:
    """Give an empty folder for what a job works on; whatever becomes of it, the store keeps its own."""
    folder = state.work_folder / job_id
    try:
        remove_tree(folder)  # what a killed server may have left
        folder.mkdir(parents=True)
        yield folder
    finally:
        remove_tree(folder)


def copy_version(state: ServerState, version_id: str, folder: Path) -> Path:
    """Copy a version's files into a folder, which is made, and return it."""
    with state.database.read() as session:
        files = [(item.file_path, item.sha256) for item in items_of(session, version_id)]
    folder.mkdir()
    state.contents.copy_out(files, folder)
    return folder


def environment_folder(state: ServerState, environment_id: str) -> Path:
    """Return where a base environment lies; raises HarnessError where the server does not have it any more."""
    environment = state.environments.find(environment_id)
    if environment is None or environment.folder is None:
        raise HarnessError(
            f"the base environment {environment_id} is not there any more",
            remedy="Start the server with its folder: --env FOLDER.",
        )
    return environment.folder
