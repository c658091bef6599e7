"""What to resolve for: the Python and the platform of the environment's image."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from harness.environments.model import Environment

# Of the environments that do not say. Source: the bundled environments, and the platform's drop-in environments.
USUAL_PYTHON = "3.11"
# glibc 2.36, that of Debian bookworm, on which the environments' images stand.
GLIBC = "manylinux_2_36"
ARCHITECTURES = {"arm64": "aarch64", "aarch64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Target:
    """A Python version and a platform, as uv names them."""

    python_version: str
    platform: str


def target_of(environment: Environment) -> Target:
    """Return what the environment's image has: Linux, on this machine's architecture, as images are built here.

    Where this process runs the wanted `major.minor`, its patch release is taken: some releases ask for one, and uv
    takes a missing one for 0.
    """
    wanted = environment.python_version or USUAL_PYTHON
    running = ".".join(str(part) for part in sys.version_info[:3])
    version = running if running.startswith(f"{wanted}.") else wanted
    return Target(version, f"{ARCHITECTURES.get(platform.machine(), 'x86_64')}-{GLIBC}")
