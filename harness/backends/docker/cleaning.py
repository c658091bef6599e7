"""Remove from the engine what the harness has made there, and nothing else."""

from __future__ import annotations

from contextlib import suppress

import docker
from docker.errors import APIError

from harness.backends.docker.dependencies import DOWNLOADS_VOLUME
from harness.backends.docker.images import Kind, list_images, own_bytes, remove_image
from harness.backends.docker.leftovers import sweep
from harness.docker_engine import connect, explained, label_filter
from harness.removals import Removal


def remove_from_engine(*, downloads: bool) -> tuple[Removal, ...]:
    """Remove what dead runs have left, all images, and where asked for the downloads; return what went.

    What a running container uses stays. Raises BackendUnavailable where no engine answers.
    """
    api = connect()
    try:
        with explained("the engine cannot be cleaned"):
            sweep(api)
            removed = [*_remove_images(api)]
            if downloads:
                removed += _remove_downloads(api)
            return tuple(removed)
    finally:
        api.close()


def _remove_images(api: docker.APIClient) -> list[Removal]:
    images = list_images(api)
    sizes = own_bytes(images)
    height = {str(kind): number for number, kind in enumerate(reversed(list(Kind)))}
    return [
        Removal(kind=f"{image.kind} image", name=image.tag, size_bytes=sizes[image.id])
        for image in sorted(images, key=lambda image: height.get(image.kind, 0))
        if remove_image(api, image)
    ]


def _remove_downloads(api: docker.APIClient) -> list[Removal]:
    names = [volume["Name"] for volume in api.volumes(filters=label_filter(kind="downloads"))["Volumes"] or ()]
    if DOWNLOADS_VOLUME not in names:
        return []
    sizes = {volume["Name"]: volume["UsageData"]["Size"] for volume in api.df().get("Volumes") or ()}
    with suppress(APIError):
        api.remove_volume(DOWNLOADS_VOLUME)
        return [Removal(kind="downloads", name=DOWNLOADS_VOLUME, size_bytes=max(0, sizes.get(DOWNLOADS_VOLUME, 0)))]
    return []
