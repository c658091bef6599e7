"""What a killed harness has left on the engine: removed by the next one, never what a living one uses."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import docker
from docker.errors import APIError

from harness.backends.docker.dockerfiles.settings import remove_all_with
from harness.cache import is_held
from harness.docker_engine import Label, host_name, label_filter, labels_of, owned_by


def sweep(api: docker.APIClient) -> None:
    """Remove containers, networks and images of this machine whose owner's lock nobody holds any more."""
    ours = label_filter(lock="", host=host_name())
    found = [*api.containers(all=True, filters=ours), *api.networks(filters=ours), *api.images(all=True, filters=ours)]
    locks = {Path(labels_of(thing)[Label.LOCK]) for thing in found}
    for lock in locks:
        if not is_held(lock):
            _remove_all_of(api, lock)


def _remove_all_of(api: docker.APIClient, lock: Path) -> None:
    remove_all_with(api, owned_by(lock))
    for network in api.networks(filters=label_filter(host=host_name(), lock=str(lock))):
        with suppress(APIError):
            api.remove_network(network["Id"])
