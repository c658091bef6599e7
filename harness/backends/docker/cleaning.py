"""Remove from the engine what the harness has made there, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import docker
from docker.errors import APIError

from harness.backends.docker.images import list_images, own_bytes, remove_image, upper_first
from harness.backends.docker.leftovers import sweep
from harness.docker_engine import connect, explained, label_filter
from harness.removals import Removal


def remove_from_engine(*, downloads: bool, **labels: str) -> Iterator[Removal]:
    """Remove what dead runs have left, all images, and where asked for the downloads; yield what went.

    What something else still uses stays. labels: keep to what has these, by their names in Label. Raises
    BackendUnavailable where no engine answers.
    """
    with closing(connect()) as api, explained("the engine cannot be cleaned"):
        sweep(api)
        yield from _remove_images(api, labels)
        if downloads:
            yield from _remove_downloads(api, labels)


def _remove_images(api: docker.APIClient, labels: dict[str, str]) -> Iterator[Removal]:
    images = upper_first(list_images(api, **labels))
    sizes = own_bytes(api, images)
    for image in images:
        if remove_image(api, image):
            yield Removal(kind=f"{image.kind} image", name=image.tag or image.id, size_bytes=sizes[image.id])


def _remove_downloads(api: docker.APIClient, labels: dict[str, str]) -> Iterator[Removal]:
    volumes = api.volumes(filters=label_filter(kind="downloads", **labels))["Volumes"] or ()
    sizes = {volume["Name"]: volume["UsageData"]["Size"] for volume in api.df()["Volumes"] or ()} if volumes else {}
    for volume in volumes:
        try:
            api.remove_volume(volume["Name"])
        except APIError:  # a build uses it
            continue
        # The engine says -1 where it does not know.
        yield Removal(kind="downloads", name=volume["Name"], size_bytes=max(0, sizes.get(volume["Name"], 0)))
