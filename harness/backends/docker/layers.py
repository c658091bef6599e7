"""The layers above the dependencies: one that runs are started from, and one with the task's files for the user.

A run's container gets the task's files into a volume, the very files that make the task's layer: so it can be started
before they are read, and a task can write beside its code as it can on the platform.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import docker
from docker.types import LogConfig

from harness.backends.docker.images import (
    Image,
    Kind,
    commit_layer,
    container_for_layer,
    find_image,
    layer_labels,
    list_images,
    remove_image,
    tag_of,
)
from harness.builds.layers import DIGEST_LENGTH
from harness.docker_engine import explained, owned_by
from harness.errors import BackendUnavailable, HarnessError
from harness.tar_streams import tar_stream
from harness.tasks.model import Task
from harness.workers.container import CODE_FOLDER, NOBODY, RUN_FOLDER, RUN_FOLDERS, WORKER_FOLDER
from harness.workers.process import WORKER_FOLDER as OWN_WORKER_FOLDER

# A volume that is mounted on a folder takes over what is in it and whom it belongs to. The code folder is empty: what
# the environment's image has there, its start scripts, is no file of the task.
_PREPARE = """
import compileall, os, shutil, sys
worker, code, run, owner, *folders = sys.argv[1:]
compileall.compile_dir(worker, quiet=2)
shutil.rmtree(code, ignore_errors=True)
os.makedirs(run, exist_ok=True)
for folder in (code, *folders):
    os.makedirs(folder, exist_ok=True)
    os.chown(folder, int(owner), int(owner))
"""


def worker_image(api: docker.APIClient, dependencies: Image, lock: Path) -> Image:
    """Return the image that runs are started from: the worker, compiled by the image's Python, and folders to write."""
    sources = _worker_sources()
    digest = _digest(dependencies.id, _PREPARE, *(part for source in sources for part in source))
    tag = tag_of(Kind.WORKER, digest)
    found = find_image(api, tag)
    if found is not None:
        return found
    with (
        explained("the image for runs cannot be made"),
        container_for_layer(
            api,
            dependencies.id,
            entrypoint=[dependencies.python],
            command=["-c", _PREPARE, WORKER_FOLDER, CODE_FOLDER, RUN_FOLDER, str(NOBODY), *RUN_FOLDERS],
            labels=owned_by(lock),
            host_config=api.create_host_config(log_config=LogConfig(type="none"), network_mode="none"),
        ) as container,
    ):
        api.put_archive(container, "/", tar_stream(sources))
        api.start(container)
        if api.wait(container)["StatusCode"] != 0:
            raise BackendUnavailable(
                f"the Python of {dependencies.tag} cannot run the harness's worker",
                remedy="Choose an environment with Python 3.8 or later.",
            )
        labels = layer_labels(
            Kind.WORKER, digest, python=dependencies.python, python_version=dependencies.python_version
        )
        commit_layer(api, container, dependencies.id, tag, labels)
    return found_image(api, tag)


def task_image(api: docker.APIClient, dependencies: Image, task: Task, digest: str) -> Image:
    """Return the image with the task's files and the worker, made now or earlier.

    It takes the place of the one that the same task folder had before.
    """
    tag = task_tag(dependencies, task, digest)
    found = find_image(api, tag)
    if found is not None:
        return found
    folder = str(task.folder.absolute())
    with explained("the task's image cannot be made"), container_for_layer(api, dependencies.id) as container:
        files = [(f"{CODE_FOLDER.strip('/')}/{file.path}", task.folder / file.path) for file in task.files]
        api.put_archive(container, "/", tar_stream([*_worker_sources(), *files]))
        _refuse_changed(task)
        labels = layer_labels(Kind.TASK, tag.rpartition(":")[2], task.name, folder=folder)
        commit_layer(api, container, dependencies.id, tag, labels)
    for image in list_images(api, kind=Kind.TASK, folder=folder):
        if image.tag != tag:
            remove_image(api, image)
    return found_image(api, tag)


def task_tag(dependencies: Image, task: Task, digest: str) -> str:
    """Return the name of the image with the task's files, whose layer has that digest."""
    return tag_of(Kind.TASK, _digest(dependencies.id, digest), task.name)


def _refuse_changed(task: Task) -> None:
    """Raise HarnessError where a file is not what it was when the task was read: the image is named by what it was."""
    for file in task.files:
        with (task.folder / file.path).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
                raise HarnessError(
                    "the file was changed while the task was validated", file=file.path, remedy="Validate it again."
                )


def found_image(api: docker.APIClient, tag: str) -> Image:
    """Return the image of that name, which was there a moment ago; raises BackendUnavailable where it is gone."""
    image = find_image(api, tag)
    if image is None:
        raise BackendUnavailable(f"the image {tag} was removed while it was made", remedy="Try again.")
    return image


def _worker_sources() -> list[tuple[str, bytes]]:
    """Return the worker's files by their paths in the image."""
    paths = sorted(OWN_WORKER_FOLDER.rglob("*.py"))
    root = WORKER_FOLDER.strip("/")
    return [(f"{root}/{path.relative_to(OWN_WORKER_FOLDER).as_posix()}", path.read_bytes()) for path in paths]


def _digest(*content: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in content:
        digest.update(part.encode() if isinstance(part, str) else part)
    return digest.hexdigest()[:DIGEST_LENGTH]
