"""What a killed harness has left on the engine: removed by the next one, never what a living one uses."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import docker
from docker.errors import APIError

from harness.cache import is_held
from harness.docker_engine import Label, host_name, label_filter, labels_of


def sweep(api: docker.APIClient) -> None:
    """Remove containers, networks and images of this machine whose owner's lock nobody holds any more."""
    ours = label_filter(lock="", host=host_name())
    for found in api.containers(all=True, filters=ours):
        if _is_abandoned(labels_of(found)):
            with suppress(APIError):
                api.remove_container(found["Id"], v=True, force=True)
    for found in api.networks(filters=ours):
        if _is_abandoned(labels_of(found)):
            with suppress(APIError):
                api.remove_network(found["Id"])
    for found in api.images(filters=ours):
        if _is_abandoned(labels_of(found)):
            with suppress(APIError):
                api.remove_image(found["Id"], force=True)


def _is_abandoned(labels: dict[str, str]) -> bool:
    lock = labels.get(Label.LOCK)
    return bool(lock) and not is_held(Path(str(lock)))
