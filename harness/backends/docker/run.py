"""Run one job in a container: everything goes in and comes out as tar streams, so the engine may be anywhere."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tarfile import TarError
from urllib.parse import urlsplit

from docker.errors import DockerException

from harness.backends.base import Job
from harness.backends.cancellation import Cancellation
from harness.backends.conversation import LOST, Told, describe, follow, impatient
from harness.backends.docker.leftovers import sweep
from harness.backends.docker.networks import (
    Helpers,
    close_to_private_addresses,
    create_public_network,
    look_at_host,
    remove_network,
)
from harness.builds.host_settings import CA_VARIABLES, read_host_settings
from harness.builds.model import BuildResult
from harness.cache import locked_file, remove_tree
from harness.docker_engine import BROKEN_CONNECTION, Label, connect, owned_by
from harness.errors import HarnessError
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

CA_FILE = "ca.pem"
# What a run may bring back where its job sets no limit. Source: the platform's limit for an artifact.
MOST_RESULT_BYTES = 10 * 1024**3


@contextmanager
def start_worker(
    build: BuildResult, task: Task, network: NetworkPolicy, variables: Mapping[str, str], cancellation: Cancellation
) -> Iterator[DockerWorker]:
    """Start a container whose worker imports what the task does; on leaving, remove it with all that it has."""
    assert build.python is not None
    assert build.worker_image is not None
    recipe = ContainerRecipe(build.worker_image, str(build.python), task.hooks.imports, network, dict(variables))
    with ExitStack() as stack:
        container = headstart.take(ContainerWorker, recipe)
        if container is None:
            container = _new_container(recipe, build, stack)
            if network is NetworkPolicy.ISOLATED:
                headstart.note(task.folder, container)
            else:
                headstart.forget(task.folder)
        stack.callback(container.close)
        stack.enter_context(cancellation.ends_with(container.kill))
        stack.enter_context(_sweeping())
        yield DockerWorker(container)


@contextmanager
def _sweeping() -> Iterator[None]:
    """Remove what killed runs have left while the block runs; what keeps that from being done is the next run's."""

    def clear() -> None:
        with suppress(HarnessError, DockerException, OSError):
            api = connect()
            try:
                sweep(api)
            finally:
                api.close()

    sweeper = threading.Thread(target=clear)
    sweeper.start()
    try:
        yield
    finally:
        sweeper.join()


def _new_container(recipe: ContainerRecipe, build: BuildResult, stack: ExitStack) -> ContainerWorker:
    """Start a container; what it needs besides is removed when the stack is closed.

    With network it gets this machine's proxies and certificates: without them a company's network is not public.
    """
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
    settings = read_host_settings(os.environ)
    variables = dict(settings.proxies)
    if settings.ca_bundle is not None:
        variables |= dict.fromkeys(CA_VARIABLES, f"{RUN_FOLDER}/{CA_FILE}")
    container = ContainerWorker(recipe, network, variables)
    try:
        close_to_private_addresses(api, container.container_id, host, helpers, proxy_addresses(settings.proxies))
        if settings.ca_bundle is not None:
            container.put(RUN_FOLDER, tar_stream([(CA_FILE, settings.ca_bundle)]))
    except BaseException:
        container.close()
        raise
    return container


def proxy_addresses(proxies: Mapping[str, str]) -> list[str]:
    """Return the IPv4 addresses of the proxies that a task may use: behind them lies the public network."""
    names = {urlsplit(url).hostname for name, url in proxies.items() if name.lower() != "no_proxy"}
    found = set()
    for name in names - {None, "localhost"}:
        with suppress(OSError):
            found.add(socket.gethostbyname(str(name)))
    return sorted(address for address in found if not address.startswith("127."))


class DockerWorker:
    """The conversation with the worker in a container."""

    def __init__(self, container: ContainerWorker) -> None:
        self._container = container
        self._folder = container.folder

    def run(self, job: Job, progress: Progress) -> RunResult:
        """Put the data in place, run every stage, and fetch what the worker wrote.

        The result's files live until the worker's context is left.
        """
        told = self._converse(job, progress) if self._put_all(job) else Told(out_of_memory=True)
        if told.out_of_memory:
            told.end_for_memory(job.stages[0])
        if not told.ended:
            self._container.kill()
        results = self._folder / "results"
        results.mkdir()
        self._fetch(results, told, job)
        self._container.retire()
        return told.result(job, results / "output", results / "artifact")

    def prepare(self, job: Job) -> str:
        """Put everything in place, as for a run; return the container's id.

        Raises HarnessError where the worker's imports alone take more memory than the job has.
        """
        if not self._put_all(job):
            raise HarnessError("the task's imports take more memory than that", remedy="Raise the limit with --memory.")
        return self._container.container_id

    def _put_all(self, job: Job) -> bool:
        """Put the task's files, the data and the secrets in place, set the memory limit; False where it is too low."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            limiting = pool.submit(self._container.limit_memory, job.memory_bytes)
            putting = pool.submit(self._put_code, job.task)
            self._put_data(job)
            putting.result()
            return limiting.result()

    def _converse(self, job: Job, progress: Progress) -> Told:
        secrets = SECRETS_FOLDER if job.secrets_folder else None
        self._container.send(describe(job, PLACES, secrets))
        with impatient(job, self._container.kill) as lost:
            told = follow(self._container.events, progress)
        if lost.is_set():
            told.end_early(LOST)
        elif not told.ended and told.error is None:
            reason = self._container.last_words()
            told.out_of_memory = self._container.is_out_of_memory
            if not told.out_of_memory:
                told.end_early(reason)
        return told

    def _put_code(self, task: Task) -> None:
        files = [(file.path, task.folder / file.path) for file in task.files]
        self._container.put(CODE_FOLDER, tar_stream(files, owner=NOBODY))

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
        """Fetch what the run left; where that is too much, only what the worker recorded of it."""
        most_bytes = job.disk_bytes or MOST_RESULT_BYTES
        output, artifact = results / "output", results / "artifact"
        try:
            if told.leaves_too_much(job) or not self._fetched(RESULTS_FOLDER, results, most_bytes):
                unpack(self._container.get(PLACES.output), output, most_bytes)
        except TooLarge:
            told.error = told.error or f"the task returned more than {most_bytes // 2**20} MiB"
        except (DockerException, OSError, TarError, *BROKEN_CONNECTION) as error:
            told.error = told.error or f"the results cannot be fetched from the container: {error}"
        for folder in (output, artifact):
            if not folder.is_dir():
                remove_tree(folder)
                folder.mkdir(parents=True)

    def _fetched(self, source: str, target: Path, most_bytes: int) -> bool:
        """Fetch a folder, and forget it where it holds more than that."""
        try:
            unpack(self._container.get(source), target, most_bytes)
        except TooLarge:
            remove_tree(target)
            return False
        return True
