"""The Docker engine: whether it answers, what it can do, which images it has, how much room is on its disk."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound

from harness.backends.docker.dockerfiles.bases import STAND_IN, bottom
from harness.backends.docker.dockerfiles.buildkit import docker_programs
from harness.backends.docker.dockerfiles.text import read_dockerfile
from harness.backends.docker.images import list_images, own_bytes
from harness.checks.wording import counted, listed, size_text
from harness.docker_engine import connect
from harness.docker_presence import DEFAULT_SOCKET, refuse_without_engine
from harness.doctor.model import Fact, missing, ok, warn
from harness.doctor.storage import free_room
from harness.environments import list_environments, source_folder
from harness.errors import BackendUnavailable

PROGRAM_SECONDS = 3
# Asking a registry goes through the engine, which is patient.
REGISTRY_SECONDS = 2
# The last CLI that has BuildKit inside. Source: Docker's release notes, 23.0.
LAST_WITH_BUILDKIT_INSIDE = 20


def probe_engine() -> Iterator[Fact]:
    """Tell which engine answers, and what it can do; `missing` where none does."""
    try:
        api = _connect()
    except BackendUnavailable as unavailable:
        yield missing("engine", unavailable.finding.message, unavailable.finding.remedy)
        return
    with closing(api):
        info, address = api.info(), _address(api)
        is_rootless = any("name=rootless" in option for option in info.get("SecurityOptions") or ())
        version = str(info.get("ServerVersion") or "of an unknown version")
        words = [f"{version} at {address}", str(info.get("Driver") or ""), "rootless" if is_rootless else ""]
        message = ", ".join(filter(None, words))
        details = {"version": version, "apiVersion": api.api_version, "address": address, "rootless": is_rootless}
        system = info.get("OSType")
        if system != "linux":
            yield missing(
                "engine", f"{message}: it runs {system} containers", "Switch it to Linux containers.", **details
            )
        else:
            yield ok("engine", message, **details)
        yield from _engine_disk(info, address)


def _connect() -> docker.APIClient:
    refuse_without_engine()
    return connect()


def _address(api: docker.APIClient) -> str:
    return os.environ.get("DOCKER_HOST") or (
        f"unix://{DEFAULT_SOCKET}" if api.base_url.startswith("http+docker") else str(api.base_url)
    )


def _engine_disk(info: dict[str, Any], address: str) -> Iterator[Fact]:
    """Tell the room where the engine keeps images, where that is a folder of this machine."""
    folder = Path(str(info.get("DockerRootDir") or ""))
    if address.startswith("unix://") and folder.is_absolute() and folder.is_dir():
        yield free_room(
            "engine_disk", folder, folder, "Make room there: 'harness clean' removes what the harness built."
        )


def probe_buildkit() -> Iterator[Fact]:
    """Tell whether a Docker CLI can do BuildKit, which only some Dockerfiles need."""
    remedy = "Install Docker's CLI with its buildx plugin; most Dockerfiles do not need it."
    programs = list(docker_programs())
    for program in programs:
        if _runs(program, "buildx", "version") is not None:
            yield ok("buildkit", f"buildx of {program}", program=program)
            return
        version = re.search(r"version (\d+)\.", _runs(program, "--version") or "")
        if version and int(version[1]) <= LAST_WITH_BUILDKIT_INSIDE:
            yield ok("buildkit", f"inside {program}", program=program)
            return
    why = f"{listed(programs)} has no buildx" if programs else "no docker program on PATH"
    yield warn("buildkit", f"{why}: Dockerfiles that need BuildKit cannot be built", remedy)


def _runs(*command: str) -> str | None:
    """Return what a program says, None where it fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def probe_images() -> Iterator[Fact]:
    """Tell how much the images take that the harness has built."""
    try:
        api = _connect()
    except BackendUnavailable:
        return
    with closing(api):
        images = list_images(api)
        total = sum(own_bytes(api, images).values()) if images else 0
    yield ok(
        "images", f"{counted(len(images), 'image')} of the harness, {size_text(total)}", count=len(images), bytes=total
    )


def probe_base_images(*, offline: bool) -> Iterator[Fact]:
    """Tell whether the bundled environments' base images are on the engine, or can be pulled."""
    try:
        api = _connect()
    except BackendUnavailable:
        return
    wanted: dict[tuple[str, str], list[str]] = {}
    for environment in list_environments():
        name = bottom(read_dockerfile(source_folder(environment)).stages({})).image
        wanted.setdefault((name, f"{STAND_IN}{environment.python_version}"), []).append(environment.short_name)
    with closing(api):
        api.timeout = REGISTRY_SECONDS
        for (name, stand_in), environments in wanted.items():
            message, details = f"{name} (of {listed(environments)})", {"image": name, "environments": environments}
            here = []
            for reference in (name, stand_in):
                try:
                    api.inspect_image(reference)
                except ImageNotFound:
                    continue
                here.append(reference)
            if name in here:
                yield ok("base_image", f"{message} is on the engine", **details)
            elif here:
                yield warn(
                    "base_image",
                    f"{message} is not on the engine: {stand_in} stands in for it",
                    f"Run 'docker pull {name}' where a registry can be reached.",
                    **details,
                )
            elif offline:
                yield warn("base_image", f"{message} is not on the engine", f"Run 'docker pull {name}'.", **details)
            else:
                try:
                    api.inspect_distribution(name)
                except (DockerException, OSError):
                    remedy = "See that the engine reaches a registry (its proxy is set in its own configuration)."
                    yield missing("base_image", f"{message} is neither here nor can be pulled", remedy, **details)
                else:
                    yield ok("base_image", f"{message} can be pulled", **details)
