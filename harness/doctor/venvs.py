"""What the venv backend stands on: uv, interpreters, and the kernel's means to keep a run in its place."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.backends.venv.interpreters import find_interpreter
from harness.builds.uv_program import find_uv
from harness.checks.wording import listed, size_text
from harness.doctor.model import Fact, missing, ok, warn
from harness.environments import list_environments
from harness.errors import BackendUnavailable
from harness.vocabulary import NetworkPolicy
from harness.workers.sandbox import find_sandbox

UV_SECONDS = 3
FEWEST_FILES = 1024
# Version 2, version 1. Source: the kernel's "Control Group v2" and "Memory Resource Controller" pages.
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
UNLIMITED_BYTES = 1 << 60


def probe_uv() -> Iterator[Fact]:
    """Tell uv's version; without it there are no venvs."""
    try:
        program = find_uv()
    except BackendUnavailable as unavailable:
        yield missing("uv", unavailable.finding.message, unavailable.finding.remedy)
        return
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=UV_SECONDS, check=True
        ).stdout.split()
    except (OSError, subprocess.SubprocessError) as error:
        yield missing("uv", f"{program} cannot be run: {error}", "Reinstall the harness with pip.")
        return
    yield ok("uv", f"{said[1] if len(said) > 1 else 'of an unknown version'} at {program}", program=program)


def probe_interpreters() -> Iterator[Fact]:
    """Tell which Python the bundled environments would get in a venv."""
    wanted: dict[str | None, list[str]] = {}
    for environment in list_environments():
        if environment.programming_language == "python":
            wanted.setdefault(environment.python_version, []).append(environment.short_name)
    for version, environments in wanted.items():
        found = find_interpreter(version)
        message = f"{found.version} at {found.path} (for {listed(environments)})"
        details = {"wanted": version, "version": found.version, "path": found.path, "environments": environments}
        if found.note is None:
            yield ok("python", message, **details)
        else:
            remedy = f"Run 'uv python install {version}'."
            yield warn("python", f"{message}: the platform's image has Python {version}", remedy, **details)


def probe_sandbox() -> Iterator[Fact]:
    """Tell what the kernel grants to keep a run of the venv backend in its place."""
    sandbox = find_sandbox(NetworkPolicy.ISOLATED)
    has_own_processes = "--pid" in sandbox.prefix
    granted = [
        "no network" if sandbox.without_network else "",
        "own processes" if has_own_processes else "",
        "in a user namespace" if "--user" in sandbox.prefix else "",
    ]
    message = ", ".join(filter(None, granted)) or "none"
    details = {"withoutNetwork": sandbox.without_network, "ownProcesses": has_own_processes}
    if sandbox.without_network and has_own_processes:
        yield ok("namespaces", message, **details)
    else:
        remedy = (
            "Use --backend docker for code that you do not trust, or allow user namespaces (and install util-linux)."
        )
        yield warn("namespaces", f"{message}: a run in a venv is kept less apart", remedy, **details)
    yield _limits()


def _limits() -> Fact:
    files, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = next((bytes_ for file in MEMORY_LIMITS if (bytes_ := _memory_limit(file)) is not None), None)
    version = "version 2" if MEMORY_LIMITS[0].parent.joinpath("cgroup.controllers").is_file() else "version 1"
    group = f"cgroups {version if MEMORY_LIMITS[0].parent.is_dir() else 'none'}"
    memory = f"memory of this group {size_text(limit)}" if limit is not None else "no memory limit on this group"
    # Linux alone ends an allocation by this limit; elsewhere memory is only watched.
    allocation = "memory and file sizes limited" if sys.platform == "linux" else "memory watched"
    message = f"{allocation}, {files:,} open files, {group}, {memory}"
    details = {"openFiles": files, "memoryLimitBytes": limit}
    if 0 <= files < FEWEST_FILES:
        most = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
        return warn(
            "limits", message, f"Raise the limit of open files: ulimit -n {min(most, '65536', key=len)}.", **details
        )
    return ok("limits", message, **details)


def _memory_limit(file: Path) -> int | None:
    """Return the limit in a control group's file; None where there is none."""
    try:
        limit = int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # `max` is no number
        return None
    return limit if limit < UNLIMITED_BYTES else None
