"""The policy PUBLIC, tried from inside a container that has no more rights than a task's."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from harness.backends.docker.networks import (
    EngineHost,
    Helpers,
    close_to_private_addresses,
    create_public_network,
    look_at_host,
    remove_network,
)
from harness.errors import BackendUnavailable

# Behind a cable to this machine: a public address (of a block kept for documentation) and a private one.
PUBLIC_HERE, PUBLIC_THERE = "198.51.100.5", "198.51.100.6"
PRIVATE_THERE = "10.213.77.7"

LISTEN = """
import socket, sys, threading
tcp = socket.create_server(("0.0.0.0", 0), backlog=100)
port = tcp.getsockname()[1]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", port))
def echo():
    while True:
        data, sender = udp.recvfrom(10)
        udp.sendto(data, sender)
threading.Thread(target=echo, daemon=True).start()
print(port, flush=True)
while True:
    tcp.accept()[0].close()
"""

REACH = """
import json, socket, sys, time
def attempt(kind, host, port, device):
    started = time.monotonic()
    try:
        family, *_, address = socket.getaddrinfo(host, port)[0]
        with socket.socket(family, getattr(socket, "SOCK_" + kind)) as out:
            out.settimeout(2)
            if device:
                out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            out.connect(address)
            if kind == "DGRAM":
                out.send(b"x")
                out.recv(10)
        return "open"
    except socket.timeout:
        return "timeout"
    except socket.gaierror as error:
        return "name: %d" % error.errno
    except OSError as error:
        return "refused" if time.monotonic() - started < 1 else "refused late"
print(json.dumps([attempt(*target) for target in json.loads(sys.argv[1])]))
"""


@dataclass(frozen=True, slots=True)
class Container:
    """A container with the rights of a task's, and the network that was made for it."""

    api: docker.APIClient
    id: str
    network: str
    gateway: str

    def reach(self, *targets: tuple[str, int], kind: str = "STREAM", device: str = "") -> list[str]:
        """Return for each target whether it is open, refused at once, or something else."""
        order = json.dumps([(kind, host, port, device) for host, port in targets])
        return list(self.run(REACH, order))

    def run(self, program: str, *arguments: str) -> Any:
        command = self.api.exec_create(self.id, ["python3", "-c", program, *arguments])["Id"]
        return json.loads(self.api.exec_start(command))


@pytest.fixture(scope="module")
def labels() -> dict[str, str]:
    return {"task-harness.tried": uuid.uuid4().hex}


@pytest.fixture(scope="module")
def helpers(base_image: str, labels: dict[str, str]) -> Helpers:
    return Helpers(base_image, "python3", labels)


@pytest.fixture(scope="module")
def cable() -> Iterator[int]:
    """Put PUBLIC_THERE and PRIVATE_THERE behind a cable, and return the port that listens on both."""
    _remove_cable()
    ip("netns add harness-there")
    try:
        ip("link add harness-here type veth peer name eth0 netns harness-there")
        ip(f"address add {PUBLIC_HERE}/30 dev harness-here")
        ip("link set harness-here up")
        ip("-n harness-there link set lo up")
        ip(f"-n harness-there address add {PUBLIC_THERE}/30 dev eth0")
        ip(f"-n harness-there address add {PRIVATE_THERE}/32 dev eth0")
        ip("-n harness-there link set eth0 up")
        ip(f"route add {PRIVATE_THERE} via {PUBLIC_THERE}")
        with _listening("ip", "netns", "exec", "harness-there") as port:
            yield port
    finally:
        _remove_cable()


def _remove_cable() -> None:
    for command in ("link delete harness-here", "netns delete harness-there"):
        subprocess.run(["ip", *command.split()], check=False, capture_output=True)


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


@pytest.fixture(scope="module")
def port_here() -> Iterator[int]:
    """Return a port that listens on every address of this machine."""
    with _listening() as port:
        yield port


@contextmanager
def _listening(*prefix: str) -> Iterator[int]:
    with subprocess.Popen([*prefix, sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        try:
            yield int(listener.stdout.readline())
        finally:
            listener.kill()


@pytest.fixture(scope="module")
def host(engine: docker.APIClient, helpers: Helpers, cable: int) -> EngineHost:
    return look_at_host(engine, helpers)


@pytest.fixture
def start(engine: docker.APIClient, base_image: str, labels: dict[str, str]) -> Iterator[Callable[..., Container]]:
    """Give a function that starts a container on a public network of its own."""
    containers: list[str] = []
    networks: list[str] = []

    def start_one(
        network: str | None = None, program: str = "import time; time.sleep(600)", **settings: Any
    ) -> Container:
        if network is None:
            network = create_public_network(engine, f"harness-tried-{uuid.uuid4().hex}", labels)
            networks.append(network)
        gateway = engine.inspect_network(network)["IPAM"]["Config"][0]["Gateway"]
        if settings.pop("asks_gateway", False):
            settings["dns"] = [gateway]
        container = engine.create_container(
            base_image,
            ["python3", "-c", program],
            user="65534:65534",
            labels=labels,
            host_config=engine.create_host_config(
                network_mode=network, cap_drop=["ALL"], security_opt=["no-new-privileges"], init=True, **settings
            ),
        )["Id"]
        containers.append(container)
        engine.start(container)
        return Container(engine, container, network, gateway)

    yield start_one
    for container in containers:
        engine.remove_container(container, force=True, v=True)
    for network in networks:
        remove_network(engine, network)


def address_of(container: Container) -> str:
    networks = container.api.inspect_container(container.id)["NetworkSettings"]["Networks"]
    return next(str(network["IPAddress"]) for network in networks.values())


def first_output(container: Container) -> bytes:
    patience = time.monotonic() + 20
    while not (printed := container.api.logs(container.id)):
        assert time.monotonic() < patience
    return bytes(printed)


def main_address() -> str:
    """Return the address that this machine uses towards the world."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.254", 9))
        return str(probe.getsockname()[0])


def test_public_addresses_stay_open_and_private_ones_refuse_at_once(
    start: Callable[..., Container], host: EngineHost, helpers: Helpers, cable: int
) -> None:
    container = start()
    targets = [(PUBLIC_THERE, cable), (PRIVATE_THERE, cable)]
    assert container.reach(*targets) == ["open", "open"]
    assert container.reach(targets[0], kind="DGRAM") == ["open"]

    close_to_private_addresses(container.api, container.id, host, helpers)

    assert container.reach(*targets) == ["open", "refused"]
    assert container.reach(*targets, kind="DGRAM") == ["open", "refused"]


def test_no_address_of_the_host_can_be_reached(
    start: Callable[..., Container], host: EngineHost, helpers: Helpers, port_here: int
) -> None:
    container, neighbour = start(), start()
    addresses = [container.gateway, neighbour.gateway, main_address(), PUBLIC_HERE]
    targets = [(address, port_here) for address in addresses]
    assert container.reach(*targets) == ["open"] * 4
    assert container.reach(targets[0], kind="DGRAM") == ["open"]

    close_to_private_addresses(container.api, container.id, host, helpers)

    assert container.reach(*targets) == ["refused"] * 4
    assert container.reach(*targets, kind="DGRAM") == ["refused"] * 4


def test_the_engines_host_tells_all_its_addresses(host: EngineHost) -> None:
    assert {PUBLIC_HERE, main_address()} <= set(host.addresses)


def test_this_machine_is_closed_also_where_the_engine_is_on_another_one(
    start: Callable[..., Container], helpers: Helpers, cable: int, port_here: int
) -> None:
    container = start()

    close_to_private_addresses(container.api, container.id, EngineHost((), ()), helpers)

    assert container.reach((PUBLIC_HERE, port_here), (PUBLIC_THERE, cable)) == ["refused", "open"]


def test_the_rules_hold_for_a_socket_that_is_bound_to_the_interface(
    start: Callable[..., Container], host: EngineHost, helpers: Helpers, port_here: int
) -> None:
    container = start()
    targets = [(container.gateway, port_here), (PUBLIC_HERE, port_here), ("127.0.0.1", port_here)]
    assert container.reach(*targets[:2], device="eth0") == ["open", "open"]

    close_to_private_addresses(container.api, container.id, host, helpers)

    assert container.reach(*targets, device="eth0") == ["refused", "refused", "refused"]


@pytest.mark.parametrize("place", ["same network", "other network", "network of public addresses"])
def test_other_containers_refuse_at_once(
    public_subnet: str, start: Callable[..., Container], host: EngineHost, helpers: Helpers, place: str
) -> None:
    container = start()
    networks = {"same network": container.network, "other network": None, "network of public addresses": public_subnet}
    other = start(network=networks[place], program=LISTEN)
    target = (address_of(other), int(first_output(other)))
    assert container.reach(target) == ["timeout"]
    assert other.reach(target) == ["open"]

    close_to_private_addresses(container.api, container.id, host, helpers)

    assert container.reach(target) == ["refused"]


@pytest.fixture
def public_subnet(engine: docker.APIClient) -> Iterator[str]:
    with network_of(engine, ("198.51.100.128/28", "198.51.100.129")) as network:
        yield network


@contextmanager
def network_of(engine: docker.APIClient, *pools: tuple[str, str], **settings: Any) -> Iterator[str]:
    """Make a network of subnets, each with its gateway."""
    ipam = docker.types.IPAMConfig(
        pool_configs=[docker.types.IPAMPool(subnet=subnet, gateway=gateway) for subnet, gateway in pools]
    )
    network = engine.create_network(f"harness-tried-{uuid.uuid4().hex}", ipam=ipam, **settings)["Id"]
    yield network
    remove_network(engine, network)


def test_addresses_that_are_not_public_refuse_at_once(closed: Container) -> None:
    addresses = [
        "169.254.169.254",  # where clouds keep the metadata of a machine
        "0.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.19.0.1",
        "224.0.0.251",
        "255.255.255.254",
    ]
    refused = dict.fromkeys(addresses, "refused")
    targets = [(address, 80) for address in addresses]

    assert dict(zip(addresses, closed.reach(*targets), strict=True)) == refused
    assert dict(zip(addresses, closed.reach(*targets, kind="DGRAM"), strict=True)) == refused


@pytest.fixture
def closed(start: Callable[..., Container], host: EngineHost, helpers: Helpers) -> Container:
    container = start()
    close_to_private_addresses(container.api, container.id, host, helpers)
    return container


def test_a_container_still_reaches_itself(closed: Container) -> None:
    program = """
import json, socket
addresses = ["127.0.0.1", socket.gethostbyname(socket.gethostname())]
with socket.create_server(("0.0.0.0", 0)) as server:
    for address in addresses:
        socket.create_connection((address, server.getsockname()[1]), 2).close()
print(json.dumps(len(addresses)))
"""
    assert closed.run(program) == 2


def test_names_are_resolved_by_a_name_server_of_which_only_that_port_is_open(
    start: Callable[..., Container], host: EngineHost, helpers: Helpers, cable: int, port_here: int
) -> None:
    container = start(asks_gateway=True)
    with answering_names(container.gateway):
        close_to_private_addresses(container.api, container.id, host, helpers)

        assert container.reach(("there.test", cable), (container.gateway, port_here)) == ["open", "refused"]


def test_the_name_servers_of_the_engine_answer_as_before(
    start: Callable[..., Container], host: EngineHost, helpers: Helpers
) -> None:
    container = start()
    unknown = (f"{uuid.uuid4().hex}.invalid", 80)
    before = container.reach(unknown)

    close_to_private_addresses(container.api, container.id, host, helpers)

    assert before == [f"name: {socket.EAI_NONAME}"]
    assert container.reach(unknown) == before


@contextmanager
def answering_names(address: str) -> Iterator[None]:
    """Serve DNS: every name has the address PUBLIC_THERE."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        thread = threading.Thread(target=_answer_names, args=(server,))
        thread.start()
        try:
            yield
        finally:
            server.sendto(b"", (address, 53))
            thread.join()


def _answer_names(server: socket.socket) -> None:
    while True:
        query, sender = server.recvfrom(512)
        if not query:
            return
        end = query.index(b"\0", 12) + 5
        wants_ipv4 = query[end - 4 : end - 2] == b"\0\1"
        header = query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(wants_ipv4), 0, 0)
        record = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(PUBLIC_THERE)
        server.sendto(header + query[12:end] + (record if wants_ipv4 else b""), sender)


def test_an_address_can_be_allowed(
    start: Callable[..., Container], host: EngineHost, helpers: Helpers, cable: int, port_here: int
) -> None:
    container = start()

    close_to_private_addresses(container.api, container.id, host, helpers, allowed=[PRIVATE_THERE])

    assert container.reach((PRIVATE_THERE, cable), (container.gateway, port_here)) == ["open", "refused"]


def test_ipv6_is_closed(ipv6_network: str, start: Callable[..., Container], host: EngineHost, helpers: Helpers) -> None:
    container = start(network=ipv6_network)
    with socket.create_server(("::", 0), family=socket.AF_INET6) as server:
        target = ("fd00:7e57::1", server.getsockname()[1])
        patience = time.monotonic() + 20  # the address of a new bridge is of no use for a second or two
        while container.reach(target) != ["open"]:
            assert time.monotonic() < patience

        close_to_private_addresses(container.api, container.id, host, helpers)

        assert container.reach(target, ("2001:db8::1", 80)) == ["refused", "refused"]


@pytest.fixture
def ipv6_network(engine: docker.APIClient) -> Iterator[str]:
    pools = ("10.213.78.0/24", "10.213.78.1"), ("fd00:7e57::/64", "fd00:7e57::1")
    with network_of(engine, *pools, enable_ipv6=True) as network:
        yield network


def test_a_task_cannot_take_the_rules_away(closed: Container) -> None:
    program = Path(__file__).parents[2].joinpath("harness/backends/docker/inside/public_only.py").read_text()
    delete_table = (
        program.replace("sys.exit(main(*sys.argv[1:]))", "")
        + """
    import errno
    try:
        send_batch([message(2, IPV4, attribute(1, text(TABLE)))])
        print(0)
    except OSError as error:
        print(error.errno)
"""
    )
    assert closed.run(delete_table) == 1  # EPERM


def test_a_container_that_does_not_run_cannot_be_closed_and_nothing_stays_behind(
    start: Callable[..., Container], host: EngineHost, helpers: Helpers, labels: dict[str, str]
) -> None:
    container = start()
    container.api.kill(container.id)
    container.api.wait(container.id)

    with pytest.raises(BackendUnavailable, match="cannot be kept to public addresses"):
        close_to_private_addresses(container.api, container.id, host, helpers)

    assert containers_of(container.api, labels) == [container.id]


def test_an_image_without_python_is_an_error_and_nothing_stays_behind(
    engine: docker.APIClient, helpers: Helpers, labels: dict[str, str]
) -> None:
    with pytest.raises(BackendUnavailable, match="no-such-python"):
        look_at_host(engine, Helpers(helpers.image, "no-such-python", labels))

    assert containers_of(engine, labels) == []


def test_rules_that_the_kernel_does_not_take_are_an_error_with_a_remedy(
    start: Callable[..., Container], helpers: Helpers
) -> None:
    container = start()
    more_than_one_message_holds = tuple(f"1.1.{third}.{last}" for third in range(20) for last in range(1, 200, 2))

    with pytest.raises(BackendUnavailable, match="nf_tables") as raised:
        close_to_private_addresses(container.api, container.id, EngineHost(more_than_one_message_holds, ()), helpers)

    assert "--network ISOLATED" in raised.value.finding.remedy


def containers_of(engine: docker.APIClient, labels: dict[str, str]) -> list[str]:
    name, value = next(iter(labels.items()))
    return [found["Id"] for found in engine.containers(all=True, filters={"label": f"{name}={value}"})]


def test_a_removed_network_is_gone_and_may_be_removed_again(engine: docker.APIClient, labels: dict[str, str]) -> None:
    network = create_public_network(engine, f"harness-tried-{uuid.uuid4().hex}", labels)
    assert engine.inspect_network(network)["Labels"] == labels

    remove_network(engine, network)
    remove_network(engine, network)

    with suppress(docker.errors.NotFound):
        engine.inspect_network(network)
        pytest.fail("the network is still there")
