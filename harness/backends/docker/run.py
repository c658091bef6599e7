"""Run one job in a container: everything goes in and comes out as tar streams, so the engine may be anywhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tarfile import TarError

from docker.errors import DockerException

from harness.backends.base import Job
from harness.backends.conversation import Told, describe, follow, patience_seconds
from harness.backends.docker.networks import (
    Helpers,
    close_to_private_addresses,
    create_public_network,
    look_at_host,
    remove_network,
)
from harness.builds.model import BuildResult
from harness.cache import locked_file
from harness.docker_engine import Label, connect, owned_by
from harness.progress import Progress
from harness.records import NetworkPolicy
from harness.runs import RunResult
from harness.tar_streams import TooLarge, tar_stream, unpack
from harness.tasks.model import Task
from harness.workers import headstart
from harness.workers.container import (
    CODE_FOLDER,
    LABELS_FILE,
    NOBODY,
    PARAMETERS_FILE,
    PLACES,
    RESULTS_FOLDER,
    RUN_FOLDER,
    SECRETS_FOLDER,
    ContainerRecipe,
    ContainerWorker,
)

# What a run may bring back where its job sets no limit. Source: the platform's limit for an artifact.
MOST_RESULT_BYTES = 10 * 1024**3


@contextmanager
def start_worker(build: BuildResult, task: Task, network: NetworkPolicy) -> Iterator[DockerWorker]:
    """Start a container whose worker imports what the task does; on leaving, remove it with all that it has."""
    assert build.python is not None
    assert build.worker_image is not None
    recipe = ContainerRecipe(build.worker_image, str(build.python), task.hooks.imports, network)
    with ExitStack() as stack:
        container = headstart.take(ContainerWorker, recipe)
        if container is None:
            container = _new_container(recipe, build, stack)
            if network is NetworkPolicy.ISOLATED:
                headstart.note(task.folder, container)
        stack.callback(container.close)
        files = [(file.path, task.folder / file.path) for file in task.files]
        container.put(CODE_FOLDER, tar_stream(files, owner=NOBODY))
        yield DockerWorker(container)


def _new_container(recipe: ContainerRecipe, build: BuildResult, stack: ExitStack) -> ContainerWorker:
    """Start a container; what it needs besides is removed when the stack is closed."""
    if recipe.network is NetworkPolicy.ISOLATED:
        return ContainerWorker(recipe)
    api = connect()
    stack.callback(api.close)
    lock = stack.enter_context(locked_file())
    labels = {Label.KIND: "run", **owned_by(lock)}
    assert build.environment_image is not None
    helpers = Helpers(build.environment_image, recipe.python, labels)
    host = look_at_host(api, helpers)
    network = create_public_network(api, f"task-harness-{lock.stem}", labels)
    stack.callback(remove_network, api, network)
    container = ContainerWorker(recipe, network)
    try:
        close_to_private_addresses(api, container.container_id, host, helpers)
    except BaseException:
        container.close()
        raise
    return container


class DockerWorker:
    """The conversation with the worker in a container."""

    def __init__(self, container: ContainerWorker) -> None:
        self._container = container
        self._folder = container.folder

    def run(self, job: Job, progress: Progress) -> RunResult:
        """Put the data in place, run every stage, and fetch what the worker wrote.

        The result's files live until the worker's context is left.
        """
        self.prepare(job)
        secrets = SECRETS_FOLDER if job.secrets_folder else None
        self._container.send(describe(job, PLACES, secrets))
        watchdog = threading.Timer(patience_seconds(job), self._container.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            told = follow(self._container.events, progress)
        finally:
            watchdog.cancel()
        if not told.ended and told.error is None:
            told.error = f"the worker ended early. {self._container.last_words()}".rstrip()
        results = self._folder / "results"
        results.mkdir()
        self._fetch(results, told, job)
        return told.result(job, results / "output", results / "artifact")

    def prepare(self, job: Job) -> str:
        """Put the job's data and secrets in place and set its memory limit; return the container's id."""
        self._put_data(job)
        self._container.limit_memory(job.memory_bytes)
        return self._container.container_id

    def _put_data(self, job: Job) -> None:
        from harness.data import write_input

        staged = self._folder / "input"
        write_input(job.data, staged)
        entries: list[tuple[str, bytes | Path]] = [(f"input/{file.name}", file) for file in sorted(staged.iterdir())]
        entries.append((f"input/{PARAMETERS_FILE}", json.dumps(dict(job.parameters)).encode()))
        labels = "".join(f"{label}\n" for label in job.data.class_labels or ())
        entries.append((f"input/{LABELS_FILE}", labels.encode()))
        if job.secrets_folder:
            secrets = sorted(file for file in job.secrets_folder.iterdir() if file.is_file())
            entries += [(f"{Path(SECRETS_FOLDER).name}/{file.name}", file) for file in secrets]
        self._container.put(RUN_FOLDER, tar_stream(entries, owner=NOBODY))
        for file in staged.iterdir():
            file.unlink()

    def _fetch(self, results: Path, told: Told, job: Job) -> None:
        most_bytes = job.disk_bytes or MOST_RESULT_BYTES
        try:
            unpack(self._container.get(RESULTS_FOLDER), results, most_bytes)
        except TooLarge:
            told.error = told.error or f"the task left more than {most_bytes // 2**20} MiB of results"
        except (DockerException, OSError, TarError) as error:
            told.error = told.error or f"the results cannot be fetched from the container: {error}"
        for name in ("output", "artifact"):
            (results / name).mkdir(exist_ok=True)
