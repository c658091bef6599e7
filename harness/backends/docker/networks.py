"""The network of a run that may reach public addresses and nothing else (the platform's network policy PUBLIC).

Rules of nf_tables in the container's own network namespace refuse every other address. A short-lived container that is
allowed to (NET_ADMIN) joins that namespace and sets them; the task has no capabilities and cannot take them away. So
nothing is needed on the engine's host, which may be remote or the virtual machine of Docker Desktop. Routes would not
do: a socket that is bound to an interface, which needs no right since Linux 5.7, goes past a `prohibit` route.

What stays reachable besides public addresses: the container itself, port 53 of the name servers, and the addresses that
the caller allows. The engine's resolver asks the name servers from within the container's namespace. IPv6 is closed.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import psutil
from docker.errors import APIError, DockerException
from docker.types import LogConfig

from harness.docker_engine import explained
from harness.errors import BackendUnavailable

HELPER_SECONDS = 30
PUBLIC_ONLY = Path(__file__).parent / "inside" / "public_only.py"
# The blocks of IANA's "IPv4 Special-Purpose Address Registry" that can lead to somebody's own network, and multicast.
NOT_PUBLIC = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)


@dataclass(frozen=True, slots=True)
class EngineHost:
    """The machine that the engine runs on: its IPv4 addresses, and the name servers that its containers ask."""

    addresses: tuple[str, ...]
    name_servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Helpers:
    """What a short-lived container is made of.

    image: must have no package of the task in it: its Python runs with rights that the task must not have.
    python: the interpreter in it, a path or a name on its PATH.
    """

    image: str
    python: str
    labels: Mapping[str, str]


def create_public_network(api: docker.APIClient, name: str, labels: Mapping[str, str]) -> str:
    """Create a bridge network for one run, whose containers do not see each other, and return its id."""
    doing = "the network of the run cannot be created"
    with explained(doing):
        try:
            created = api.create_network(
                name,
                driver="bridge",
                options={"com.docker.network.bridge.enable_icc": "false"},
                labels=dict(labels),
                check_duplicate=True,
            )
        except APIError as error:
            if "address pool" not in str(error.explanation):
                raise
            raise BackendUnavailable(
                f"{doing}: the Docker engine has no addresses left for one",
                remedy="Remove the networks that nothing uses any more ('docker network prune').",
            ) from error
    return str(created["Id"])


def remove_network(api: docker.APIClient, network_id: str) -> None:
    """Remove the network, once no container is in it; where that cannot be done, the next run does it."""
    with suppress(DockerException, OSError):
        api.remove_network(network_id)


def look_at_host(api: docker.APIClient, helpers: Helpers) -> EngineHost:
    """Return what close_to_private_addresses has to know. It depends on no container of the run."""
    doing = "the addresses of the Docker engine's host cannot be found out"
    # In the networks that a user makes a container is told of the engine's resolver, here of the name servers.
    host_config = _host_config(api, network_mode="none", pid_mode="host", userns_mode="host")
    found = json.loads(_run(api, helpers, doing, host_config, "look"))
    return EngineHost(tuple(found["addresses"]), tuple(found["nameServers"]))


def close_to_private_addresses(
    api: docker.APIClient, container_id: str, host: EngineHost, helpers: Helpers, allowed: Sequence[str] = ()
) -> None:
    """Let a running container reach public addresses only, and verify from inside that it is so.

    A refused connection fails at once. allowed: private IPv4 addresses that stay open on every port, such as a proxy's.
    Raises BackendUnavailable where it cannot be done; the container must not run the task then.
    """
    doing = "the run cannot be kept to public addresses"
    with explained(doing):
        own_name_servers = api.inspect_container(container_id)["HostConfig"].get("Dns") or ()
        refused = _private_networks(api, host)
    order = {
        "refused": [str(network) for network in refused],
        "allowed": [str(ipaddress.IPv4Address(address)) for address in allowed],
        "nameServers": sorted(_addresses([*host.name_servers, *own_name_servers])),
    }
    host_config = _host_config(api, network_mode=f"container:{container_id}", cap_add=["NET_ADMIN"])
    _run(api, helpers, doing, host_config, "close", json.dumps(order))


def _private_networks(api: docker.APIClient, host: EngineHost) -> Iterable[ipaddress.IPv4Network]:
    """Return what is not public, the engine's host, the networks of its containers and this machine among it."""
    subnets = [
        config.get("Subnet", "")
        for network in api.networks()
        for config in (network.get("IPAM") or {}).get("Config") or ()
    ]
    here = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET
    ]
    networks = [ipaddress.IPv4Network(text, strict=False) for text in [*NOT_PUBLIC, *host.addresses, *here]]
    networks += [ipaddress.IPv4Network(subnet, strict=False) for subnet in subnets if subnet and ":" not in subnet]
    return ipaddress.collapse_addresses(networks)


def _addresses(texts: Iterable[str]) -> set[str]:
    """Return the IPv4 addresses among the texts."""
    found = set()
    for text in texts:
        with suppress(ValueError):
            found.add(str(ipaddress.IPv4Address(text)))
    return found


def _host_config(api: docker.APIClient, **rights: Any) -> dict[str, Any]:
    """Return the settings of a container that may do nothing but what `rights` say."""
    return api.create_host_config(
        cap_drop=["ALL"],
        read_only=True,
        security_opt=["no-new-privileges"],
        log_config=LogConfig(type=LogConfig.types.JSON),
        **rights,
    )


def _run(api: docker.APIClient, helpers: Helpers, doing: str, host_config: dict[str, Any], *arguments: str) -> str:
    """Run the script in a container of its own, remove that, and return what it printed."""
    command = [helpers.python, "-I", "-S", "-c", PUBLIC_ONLY.read_text(encoding="utf-8"), *arguments]
    with explained(doing):
        container = api.create_container(
            helpers.image,
            entrypoint=command,
            user="0:0",
            working_dir="/",
            healthcheck={"test": ["NONE"]},
            labels=dict(helpers.labels),
            host_config=host_config,
        )
        try:
            api.start(container)
            code = api.wait(container, timeout=HELPER_SECONDS)["StatusCode"]
            printed, said = (api.logs(container, stdout=output, stderr=not output).decode() for output in (True, False))
        finally:
            api.remove_container(container, v=True, force=True)
    if code:
        raise BackendUnavailable(
            f"{doing}: {said.strip() or f'the container that should see to it ended with exit code {code}'}",
            remedy="Run with --network ISOLATED, or use an engine on a Linux kernel with nf_tables and its 'reject'.",
        )
    return str(printed)
