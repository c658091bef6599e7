"""Run one job in a worker process on this machine, and leave nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.archives import size_of
from harness.backends.base import Job
from harness.backends.cancellation import Cancellation
from harness.backends.conversation import LOST, describe, follow, impatient
from harness.builds.model import BuildResult
from harness.cache import remove_tree
from harness.errors import HarnessError
from harness.progress import Progress
from harness.records import NetworkPolicy
from harness.runs import RunResult
from harness.tasks.model import Task
from harness.workers import headstart
from harness.workers.process import ProcessRecipe, WorkerProcess
from harness.workers.sandbox import find_sandbox


@contextmanager
def start_worker(
    build: BuildResult, task: Task, network: NetworkPolicy, variables: Mapping[str, str], cancellation: Cancellation
) -> Iterator[VenvWorker]:
    """Start a worker that imports what the task does; on leaving, kill all that it started and remove its folder."""
    assert build.python is not None
    recipe = ProcessRecipe(str(build.python), task.hooks.imports, find_sandbox(network), network, dict(variables))
    process = headstart.take(WorkerProcess, recipe)
    if process is None:
        process = WorkerProcess(recipe)
        headstart.note(task.folder, process)
    try:
        with cancellation.ends_with(process.kill):
            yield VenvWorker(process)
    finally:
        process.close()


class VenvWorker:
    """The conversation with a worker process."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process
        self._folder = process.folder

    def run(self, job: Job, progress: Progress) -> RunResult:
        """Put the task and the data in place, run every stage, and return what the worker wrote.

        The result's files live until the worker's context is left.
        """
        from harness.data import write_input

        copy_task(job, self._folder / "code")
        write_input(job.data, self._folder / "input")
        secrets = str(job.secrets_folder.absolute()) if job.secrets_folder else None
        self._process.send(describe(job, self._process.places, secrets))
        with impatient(job, self._process.kill) as lost:
            told = follow(self._process.events, progress)
        if lost.is_set():
            told.end_early(LOST)
        elif not told.ended:
            told.end_early(self._process.last_words())
        artifact = self._folder / "artifact"
        if job.disk_bytes is not None and size_of(artifact) > job.disk_bytes:
            # Holes in files cost nothing here, but would be packed in full.
            remove_tree(artifact)
            artifact.mkdir()
        return told.result(job, self._folder / "output", artifact)


def copy_task(job: Job, folder: Path) -> None:
    """Copy the task's files, so that a run can neither see nor change anything else in the user's folder.

    Raises HarnessError where one is no longer there.
    """
    for file in job.task.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy(job.task.folder / file.path, target)
        except FileNotFoundError as error:
            raise HarnessError(
                "the file was removed while the task was validated", file=file.path, remedy="Validate it again."
            ) from error
