"""This machine's settings in the images below a Dockerfile: put there for the build, and nowhere afterwards.

Each base image gets one layer more, with the settings' files, and variables that name them; the Dockerfile is built on
these prepared images. `dockerfile_stripping` takes the layer and the variables out of the finished image. Whatever the
build makes inherits a label from the prepared images, by which all of it is found and removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.bases import BaseImage
from harness.backends.docker.dockerfiles.builders import until_cancelled
from harness.backends.docker.dockerfiles.text import Dockerfile, Stage
from harness.builds.host_settings import HostSettings
from harness.tar_streams import tar_stream

SETTINGS_FOLDER = "/.harness-build-settings"
REPOSITORY = "task-harness/prepared"
PUBLIC_FILES = ("ca.pem", "apt.conf")
# A container cannot be created without a command; this one is taken out of images that had none.
NO_COMMAND = "/.harness-no-command"


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """tag: also the comment in its history. base_config, layers: of the base image; its layers are only counted."""

    base: BaseImage
    tag: str
    base_config: Mapping[str, Any]
    layers: int
    variables: Mapping[str, str]
    labels: Mapping[str, str]


@contextmanager
def prepared_images(
    api: docker.APIClient,
    bases: Mapping[str, BaseImage],
    settings: HostSettings,
    spared: frozenset[str],
    tag: str,
    labels: Mapping[str, str],
    cancellation: Cancellation,
    *,
    with_secrets: bool,
) -> Iterator[dict[str, PreparedImage]]:
    """Give a prepared image for each base, by the base's name; they and all that was built on them go afterwards.

    spared: variables that the Dockerfile sets itself. tag: what their names begin with. labels: theirs, and nobody
    else's. with_secrets: put the files with credentials into the images; otherwise empty ones, to mount them on.
    """
    variables = {name: value for name, value in settings.variables(SETTINGS_FOLDER).items() if name not in spared}
    content = _content(settings, with_secrets=with_secrets)
    try:
        yield {
            name: _prepare(
                api, base, f"{tag}-{number}", variables, labels, until_cancelled(cancellation, tar_stream(content))
            )
            for number, (name, base) in enumerate(bases.items())
        }
    finally:
        remove_all_with(api, labels)


def secret_files(settings: HostSettings) -> dict[str, bytes]:
    """Return the settings' files that may hold credentials."""
    return {name: content for name, content in settings.files(SETTINGS_FOLDER).items() if name not in PUBLIC_FILES}


def mount_flags(names: list[str]) -> str:
    """Return the flags of a RUN that mount these secrets where `pip.conf` and the variables look for them."""
    return " ".join(f"--mount=type=secret,id={name},target={SETTINGS_FOLDER}/{name},mode=0444" for name in names)


def rewrite(
    dockerfile: Dockerfile, stages: tuple[Stage, ...], references: Mapping[str, str], run_flags: str = ""
) -> str | None:
    """Return the Dockerfile on other images, None where nothing changes. references: name -> what to build on."""
    images = {
        stage.start: references[stage.image]
        for stage in stages
        if stage.below is None and references.get(stage.image, stage.image) != stage.image
    }
    return dockerfile.rewritten(images, run_flags) if images or run_flags else None


def _content(settings: HostSettings, *, with_secrets: bool) -> list[tuple[str, bytes | Path | None]]:
    folder = SETTINGS_FOLDER.strip("/")
    files = settings.files(SETTINGS_FOLDER)
    if not with_secrets:
        files |= dict.fromkeys(secret_files(settings), b"")
    links = settings.links(SETTINGS_FOLDER)
    return [
        (folder, None),
        *((f"{folder}/{name}", content) for name, content in files.items()),
        *([(f"{folder}/links", None)] if links else []),
        *((path.strip("/"), source) for path, source in links.items()),
    ]


def _prepare(
    api: docker.APIClient,
    base: BaseImage,
    tag: str,
    variables: Mapping[str, str],
    labels: Mapping[str, str],
    archive: Iterator[bytes],
) -> PreparedImage:
    found = api.inspect_image(base.image_id)
    config = found["Config"]
    has_command = config.get("Cmd") or config.get("Entrypoint")
    changed = {
        **config,
        "Env": _merged(config.get("Env") or [], variables),
        "Labels": {**(config.get("Labels") or {}), **labels},
    }
    container = api.create_container(base.image_id, None if has_command else [NO_COMMAND], labels=dict(labels))["Id"]
    try:
        api.put_archive(container, "/", archive)
        repository, _, version = tag.rpartition(":")
        api.commit(container, repository, version, message=tag, pause=False, conf=changed)
    finally:
        with suppress(DockerException):
            api.remove_container(container, v=True, force=True)
    return PreparedImage(base, tag, config, len(found["RootFS"]["Layers"]), variables, labels)


def _merged(environment: list[str], variables: Mapping[str, str]) -> list[str]:
    """Return the environment with these variables: those that it has in their places, the others at its end."""
    values = {**dict(entry.split("=", maxsplit=1) for entry in environment), **variables}
    return [f"{name}={value}" for name, value in values.items()]


def remove_all_with(api: docker.APIClient, labels: Mapping[str, str]) -> None:
    """Remove every container and image with all these labels, those without children first."""
    ours = {"label": [f"{name}={value}" for name, value in labels.items()]}
    for container in api.containers(all=True, filters=ours):
        with suppress(APIError):
            api.remove_container(container["Id"], v=True, force=True)
    images = {image["Id"]: image["ParentId"] for image in api.images(all=True, filters=ours)}
    while images:
        for image in images.keys() - set(images.values()):
            with suppress(APIError):
                api.remove_image(image, force=True, noprune=True)
            del images[image]
