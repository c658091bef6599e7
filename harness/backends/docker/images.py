"""The images of the harness: their names, their labels, when each was last used, and a layer put on top of one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from harness.cache import cache_folder, locked_file, make_folder
from harness.docker_engine import Label, connect, explained, label_filter, labels_of, owned_by
from harness.version import __version__

REPOSITORY = "task-harness"
MADE_BY = "made by task-harness"
LONGEST_SLUG = 100
# What all images of the harness may take together before the least recently used go; HARNESS_IMAGE_BYTES says else.
MOST_BYTES = 30 * 1024**3
# What anybody has used this lately is never evicted; so a use is told to the engine at least twice in that time.
YOUNG_SECONDS = 600
NOTE_AGAIN_SECONDS = YOUNG_SECONDS / 2


class Kind(StrEnum):
    """The layers, from the bottom; `worker` adds the program that runs a task, and is seen by nobody."""

    ENVIRONMENT = "environment"
    DEPENDENCIES = "dependencies"
    WORKER = "worker"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Image:
    """An image of ours.

    tag: its name, empty where another one has taken that. size_bytes: with all that is below it. layers: their digests,
    from the bottom. parent_id: what it was made from, empty where the engine does not know. used: as far as the engine
    knows, in seconds since 1970.
    """

    id: str
    tag: str
    labels: Mapping[str, str]
    size_bytes: int
    layers: tuple[str, ...]
    parent_id: str
    used: float

    @property
    def kind(self) -> str:
        return self.labels[Label.KIND]

    @property
    def python(self) -> str:
        return self.labels[Label.PYTHON]

    @property
    def python_version(self) -> str:
        return self.labels[Label.PYTHON_VERSION]


def tag_of(kind: Kind, digest: str, task_name: str | None = None) -> str:
    """Return the name of the image of that layer."""
    if kind is Kind.TASK and task_name:
        slug = re.sub(r"[^a-z0-9]+", "-", task_name.lower())[:LONGEST_SLUG].strip("-") or "task"
        return f"{REPOSITORY}/task/{slug}:{digest}"
    return f"{REPOSITORY}/{kind}:{digest}"


def find_image(api: docker.APIClient, tag: str) -> Image | None:
    """Return the image of that name, and note that it was used."""
    try:
        image = _image(tag, api.inspect_image(tag))
    except ImageNotFound:
        return None
    _note_use(api, image)
    return image


def list_images(api: docker.APIClient, *, kind: str = "", **labels: str) -> tuple[Image, ...]:
    """Return the images of ours: all, or those of a kind and with further labels by their names in Label.

    What a user builds on one of them inherits its labels, but neither its name nor its comment. The comment tells where
    another one has taken the name.
    """
    return tuple(_list_images(api, label_filter(kind=kind, **labels)))


def _list_images(api: docker.APIClient, filters: dict[str, list[str]]) -> Iterator[Image]:
    for listed in api.images(filters=filters):
        if labels_of(listed)[Label.KIND] in list(Kind):
            with suppress(ImageNotFound):
                found = api.inspect_image(listed["Id"])
                tags = found.get("RepoTags") or []
                tag = next((tag for tag in tags if tag.startswith(f"{REPOSITORY}/")), "")
                if tag or (not tags and found.get("Comment") == MADE_BY):
                    yield _image(tag, found)


def _image(tag: str, found: Mapping[str, Any]) -> Image:
    return Image(
        id=found["Id"],
        tag=tag,
        labels=found["Config"].get("Labels") or {},
        size_bytes=found["Size"],
        layers=_layers(found),
        parent_id=found.get("Parent") or "",
        used=max(_tagged(found), _seconds(found["Created"])),
    )


def _layers(found: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(found["RootFS"].get("Layers") or ())


def _tagged(found: Mapping[str, Any]) -> float:
    """Return when the image last got a name, in seconds since 1970; 0 where it never had one."""
    return _seconds((found.get("Metadata") or {}).get("LastTagTime") or "")


def _seconds(text: str) -> float:
    """Return a time of the engine's in seconds since 1970; 0 for none, which is empty or in the year 1."""
    return datetime.fromisoformat(text).timestamp() if text and not text.startswith("0001") else 0.0


def layer_labels(kind: Kind, digest: str, task_name: str | None = None, **more: str) -> dict[str, str]:
    """Return the labels of an image of ours. more: values of further labels by their names in Label."""
    labels = {Label.KIND: str(kind), Label.DIGEST: digest, Label.VERSION: __version__}
    if task_name:
        labels[Label.TASK] = task_name
    return {str(name): value for name, value in labels.items()} | {
        str(Label[name.upper()]): value for name, value in more.items()
    }


@contextmanager
def container_for_layer(
    api: docker.APIClient, image: str, *, labels: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[str]:
    """Create a container of `image` as root whose changes can be committed; it is removed with its volumes.

    labels: who owns it, where that is not this block alone.
    """
    with locked_file() as lock:
        labels = {Label.KIND: "build", **(labels or owned_by(lock))}
        created = api.create_container(image, user="0:0", labels=labels, **settings)
        try:
            yield str(created["Id"])
        finally:
            with suppress(DockerException, OSError):
                api.remove_container(created["Id"], v=True, force=True)


def commit_layer(
    api: docker.APIClient, container_id: str, image: str, tag: str | None, labels: Mapping[str, str]
) -> str:
    """Make an image of what the container has changed, with the configuration of `image`; return its id.

    One that had the name before stays without it, since somebody may just be building on it. tag: None for an image
    that nobody is to find yet.
    """
    config = dict(api.inspect_image(image)["Config"])
    # What is not said here is taken from the container, its owner included.
    nobody = {Label.HOST: "", Label.LOCK: ""}
    config["Labels"] = {**(config.get("Labels") or {}), **nobody, **labels}
    config["Entrypoint"] = config.get("Entrypoint") or []
    config["Cmd"] = config.get("Cmd") or ["python3"]
    config["User"] = config.get("User") or "0:0"
    repository, _, version = tag.rpartition(":") if tag else (None, None, None)
    committed = api.commit(container_id, repository=repository, tag=version, message=MADE_BY, pause=False, conf=config)
    return str(committed["Id"])


def _note_use(api: docker.APIClient, image: Image) -> None:
    """Remember that an image was used now: in a file, and for all others who use this engine as the time of its tag.

    Engines that keep images in containerd do not move that time where the tag stays the same; there it is that of the
    image's making.
    """
    file = _use_file(image)
    make_folder(file.parent)
    file.touch()
    if not 0 <= time.time() - image.used < NOTE_AGAIN_SECONDS:
        repository, _, version = image.tag.rpartition(":")
        with suppress(APIError):
            api.tag(image.tag, repository, version)


def last_use(image: Image) -> float:
    """Return when the image was used last, in seconds since 1970, as far as anybody has told."""
    try:
        return max(image.used, _use_file(image).stat().st_mtime)
    except OSError:
        return image.used


def _use_file(image: Image) -> Path:
    return cache_folder() / "images" / image.labels.get(Label.DIGEST, "-")


def upper_first(images: Iterable[Image]) -> list[Image]:
    """Return the images in an order in which none comes before what stands on it."""
    return sorted(images, key=lambda image: len(image.layers), reverse=True)


def own_bytes(api: docker.APIClient, images: Iterable[Image]) -> dict[str, int]:
    """Return how much room each image makes that goes after those above it, by image id.

    What it has in common with other images, anybody's, stays; how much that is, the largest image tells that has no
    more than what they have in common.
    """
    known = {found["Id"]: found for found in _inspect_all(api)}
    sizes = {_layers(found): int(found["Size"]) for found in known.values()}
    staying = {image_id: _layers(found) for image_id, found in known.items()}
    own = {}
    for image in upper_first(images):
        staying.pop(image.id, None)
        shared = max((_shared(image.layers, layers) for layers in staying.values()), default=0)
        below = max((sizes.get(image.layers[:number], 0) for number in range(shared + 1)), default=0)
        own[image.id] = image.size_bytes - below
    return own


def _inspect_all(api: docker.APIClient) -> Iterator[Mapping[str, Any]]:
    for found in api.images():
        with suppress(ImageNotFound):
            yield api.inspect_image(found["Id"])


def _shared(layers: Sequence[str], others: Sequence[str]) -> int:
    """Return how many layers from the bottom are the same."""
    number = 0
    while number < min(len(layers), len(others)) and layers[number] == others[number]:
        number += 1
    return number


def remove_image(api: docker.APIClient, image: Image) -> bool:
    """Remove an image, and what is below it and has no name; False where something else uses it.

    That is a container, another image, or another name.
    """
    try:
        # By its name it would only lose the name.
        api.remove_image(image.id, noprune=True)
    except APIError:
        return False
    _use_file(image).unlink(missing_ok=True)
    _remove_unnamed(api, image.parent_id)
    return True


def remove_task_image(name: str) -> None:
    """Remove the image of that name, unless it is no task's, or something uses it."""
    api = connect()
    try:
        with explained("the image cannot be removed"):
            for image in list_images(api, kind=Kind.TASK):
                if image.tag == name:
                    remove_image(api, image)
    finally:
        api.close()


def _remove_unnamed(api: docker.APIClient, image_id: str) -> None:
    """Remove an image and those below it while nothing uses them and they have no name.

    These are the steps of a Dockerfile, which never had one, and images of ours that others have replaced. What a user
    has named once stays, and what was loaded or pulled: it has no parent.
    """
    while image_id:
        try:
            found = api.inspect_image(image_id)
            is_environment = (found["Config"].get("Labels") or {}).get(Label.KIND) == Kind.ENVIRONMENT
            is_step = bool(found.get("Parent")) and not _tagged(found)
            is_ours = is_environment or is_step or found.get("Comment") == MADE_BY
            if found["RepoTags"] or found["RepoDigests"] or not is_ours:
                return
            api.remove_image(image_id, noprune=True)
        except APIError:
            return
        image_id = found.get("Parent") or ""


def evict(
    api: docker.APIClient,
    most_bytes: int,
    spared: frozenset[str],
    young_seconds: float = YOUNG_SECONDS,
    **labels: str,
) -> None:
    """Remove the least recently used images until all together take no more than that.

    spared: ids that stay. What anybody has used in the last `young_seconds` stays too, and what it stands on.
    labels: which images this is about; all where there are none.
    """
    images = list_images(api, **labels)
    if sum(image.size_bytes for image in images) <= most_bytes:
        return
    own = own_bytes(api, images)
    total = sum(own.values())
    now = time.time()
    kept: list[Image] = []
    for image in _least_recently_used_first(images):
        if total <= most_bytes:
            return
        is_wanted = image.id in spared or now - last_use(image) < young_seconds
        if is_wanted or any(_stands_on(other, image) for other in kept) or not remove_image(api, image):
            kept.append(image)
        else:
            total -= own[image.id]


def _least_recently_used_first(images: Iterable[Image]) -> list[Image]:
    """Return the images in the order of their last use; who uses one also uses those below it."""
    upper = upper_first(images)
    uses = {
        image.id: max(last_use(other) for other in (image, *upper) if other is image or _stands_on(other, image))
        for image in upper
    }
    return sorted(upper, key=lambda image: uses[image.id])


def _stands_on(upper: Image, lower: Image) -> bool:
    return len(upper.layers) > len(lower.layers) and upper.layers[: len(lower.layers)] == lower.layers
