"""What keeps a run in its place on this machine: namespaces where the kernel grants them, a scrubbed environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.vocabulary import NetworkPolicy

PROBE_SECONDS = 5
OWN_PROCESSES = ("--pid", "--fork", "--kill-child", "--mount-proc")
# What a task needs to reach public addresses from behind a corporate proxy.
NETWORK_VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The words to put before a command. without_network: whether the kernel keeps it off the network."""

    prefix: tuple[str, ...]
    without_network: bool


@cache
def find_sandbox(network: NetworkPolicy) -> Sandbox:
    """Return the strongest sandbox that this kernel grants: own processes and no network, else less.

    Linux namespaces through util-linux's `unshare`, as root or in a user namespace. Elsewhere there is none: the run
    is then only a process group.
    """
    isolated = network is NetworkPolicy.ISOLATED
    wanted = [("--net", *OWN_PROCESSES), ("--net",)] if isolated else []
    for options in (*wanted, OWN_PROCESSES):
        for user in ((), ("--user", "--map-root-user")):
            prefix = ("unshare", *user, *options)
            if _grants(prefix):
                return Sandbox(prefix, "--net" in options)
    return Sandbox((), without_network=False)


def _grants(prefix: tuple[str, ...]) -> bool:
    if shutil.which(prefix[0]) is None:
        return False
    try:
        probe = subprocess.run([*prefix, "true"], capture_output=True, timeout=PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def scrubbed_environment(
    environ: Mapping[str, str], folder: Path, python: Path, sandbox: Sandbox, network: NetworkPolicy
) -> dict[str, str]:
    """Return the few variables that a task may see: none of the user's own, HOME and TMPDIR inside the run's folder."""
    variables = {
        "PATH": os.pathsep.join([str(python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "VIRTUAL_ENV": str(python.parent.parent),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "HARNESS_NETWORK": "none" if sandbox.without_network else "host",
    }
    if network is NetworkPolicy.PUBLIC:
        names = [name for wanted in NETWORK_VARIABLES for name in (wanted, wanted.lower())]
        variables.update({name: environ[name] for name in names if name in environ})
    return variables
