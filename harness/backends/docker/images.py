"""The images of the harness: their names, their labels, when each was last used, and a layer put on top of one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from harness.cache import cache_folder, make_folder
from harness.docker_engine import Label, label_filter, labels_of
from harness.version import __version__

REPOSITORY = "task-harness"
# What all images of the harness may take together before the least recently used go; HARNESS_IMAGE_BYTES says else.
MOST_BYTES = 30 * 1024**3


class Kind(StrEnum):
    """The layers, from the bottom; `worker` adds the program that runs a task, and is seen by nobody."""

    ENVIRONMENT = "environment"
    DEPENDENCIES = "dependencies"
    WORKER = "worker"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Image:
    """An image of ours. size_bytes: with all layers below it."""

    id: str
    tag: str
    kind: str
    labels: Mapping[str, str]
    size_bytes: int
    parent_id: str

    @property
    def python(self) -> str:
        return self.labels[Label.PYTHON]

    @property
    def python_version(self) -> str:
        return self.labels[Label.PYTHON_VERSION]


def tag_of(kind: Kind, digest: str, task_name: str | None = None) -> str:
    """Return the name of the image of that layer."""
    if kind is Kind.TASK and task_name:
        slug = re.sub(r"[^a-z0-9]+", "-", task_name.lower()).strip("-") or "task"
        return f"{REPOSITORY}/task/{slug}:{digest}"
    return f"{REPOSITORY}/{kind}:{digest}"


def find_image(api: docker.APIClient, tag: str) -> Image | None:
    """Return the image of that name, and note that it was used."""
    try:
        found = api.inspect_image(tag)
    except ImageNotFound:
        return None
    image = _image(found["Id"], tag, dict(found["Config"].get("Labels") or {}), found["Size"], found.get("Parent", ""))
    note_use(image)
    return image


def list_images(api: docker.APIClient, *, kind: str = "", **labels: str) -> tuple[Image, ...]:
    """Return the images of ours: all, or those of a kind and with further labels by their names in Label."""
    return tuple(
        _image(found["Id"], tag, labels_of(found), found["Size"], found.get("ParentId", ""))
        for found in api.images(filters=label_filter(kind=kind, **labels))
        for tag in found.get("RepoTags") or [""]
    )


def _image(image_id: str, tag: str, labels: dict[str, str], size: int, parent_id: str) -> Image:
    return Image(image_id, tag, labels.get(Label.KIND, ""), labels, size, parent_id)


def layer_labels(kind: Kind, digest: str, task_name: str | None = None, **more: str) -> dict[str, str]:
    """Return the labels of an image of ours. more: values of further labels by their names in Label."""
    labels = {Label.KIND: str(kind), Label.DIGEST: digest, Label.VERSION: __version__}
    if task_name:
        labels[Label.TASK] = task_name
    return {str(name): value for name, value in labels.items()} | {
        str(Label[name.upper()]): value for name, value in more.items()
    }


@contextmanager
def container_for_layer(api: docker.APIClient, image: str, **settings: Any) -> Iterator[str]:
    """Create a container of `image` as root whose changes can be committed; it is removed with its volumes."""
    created = api.create_container(image, user="0:0", **settings)
    try:
        yield str(created["Id"])
    finally:
        with suppress(DockerException, OSError):
            api.remove_container(created["Id"], v=True, force=True)


def commit_layer(api: docker.APIClient, container_id: str, image: str, tag: str, labels: Mapping[str, str]) -> str:
    """Make an image of what the container has changed, with the configuration of `image`; return its id."""
    config = dict(api.inspect_image(image)["Config"])
    # What is not said here is taken from the container, its owner included.
    nobody = {Label.HOST: "", Label.LOCK: ""}
    config["Labels"] = {**(config.get("Labels") or {}), **nobody, **labels}
    config["Entrypoint"] = config.get("Entrypoint") or []
    config["Cmd"] = config.get("Cmd") or ["python3"]
    config["User"] = config.get("User") or "0:0"
    repository, _, version = tag.rpartition(":")
    committed = api.commit(container_id, repository=repository, tag=version, pause=False, conf=config)
    return str(committed["Id"])


def note_use(image: Image) -> None:
    """Remember that an image was used now: the engine does not."""
    digest = image.labels.get(Label.DIGEST)
    if digest:
        folder = make_folder(_uses_folder())
        (folder / digest).touch()


def last_use(image: Image) -> float:
    """Return when the image was used last, in seconds since 1970; 0 where nobody has noted it."""
    try:
        return (_uses_folder() / image.labels.get(Label.DIGEST, "-")).stat().st_mtime
    except OSError:
        return 0.0


def _uses_folder() -> Path:
    return cache_folder() / "images"


def own_bytes(images: tuple[Image, ...]) -> dict[str, int]:
    """Return how much each image adds to the one below it, by image id; the lowest counts as a whole."""
    sizes = {image.id: image.size_bytes for image in images}
    return {image.id: image.size_bytes - sizes.get(image.parent_id, 0) for image in images}


def remove_image(api: docker.APIClient, image: Image) -> bool:
    """Remove an image; False where something still uses it."""
    try:
        api.remove_image(image.tag or image.id)
    except APIError:
        return False
    with suppress(OSError):
        (_uses_folder() / image.labels.get(Label.DIGEST, "-")).unlink()
    return True


def evict(api: docker.APIClient, most_bytes: int, spared: frozenset[str], young_seconds: float = 600) -> None:
    """Remove the least recently used images until all together take no more than that.

    spared: ids that stay. What another harness has used in the last `young_seconds` stays too.
    """
    images = list_images(api)
    sizes = own_bytes(images)
    total = sum(sizes.values())
    now = time.time()
    # Upper layers first: an image goes only when nothing stands on it.
    height = {kind: number for number, kind in enumerate(reversed(list(Kind)))}
    for image in sorted(images, key=lambda image: (last_use(image), height.get(Kind(image.kind), 0))):
        if total <= most_bytes:
            return
        if image.id not in spared and now - last_use(image) > young_seconds and remove_image(api, image):
            total -= sizes[image.id]
