"""The dependencies layer: pip in a container of the environment's image, and the container kept as an image.

What pip needs of this machine (certificates, index settings, credentials) lies in a volume of that container, never in
the container's own files or variables, so it cannot get into the image.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException
from docker.types import LogConfig, Mount

from harness.backends.cancellation import Cancellation
from harness.backends.docker.images import container_for_layer
from harness.builds.host_settings import HostSettings
from harness.builds.log import clean_line
from harness.builds.model import BuildPlan
from harness.docker_engine import Attached, Label, explain
from harness.errors import BackendUnavailable
from harness.tar_streams import tar_stream

FOLDER = "/run/harness-build"
DOWNLOADS_FOLDER = "/run/harness-downloads"
DOWNLOADS_VOLUME = "task-harness-downloads"
PYTHONS = ("python3", "python")
_SCRIPT = Path(__file__).parent / "inside" / "install_dependencies.py"


@dataclass(frozen=True, slots=True)
class Installation:
    """What came of it. python: the interpreter's path in the image. image: what `commit` made, None after a failure."""

    exit_code: int
    python: str
    python_version: str
    image: str | None = None


def install_dependencies(
    api: docker.APIClient,
    image: str,
    plan: BuildPlan,
    settings: HostSettings,
    labels: Mapping[str, str],
    *,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
    commit: Callable[[str, Installation], str],
    remover: Executor,
) -> Installation:
    """Install the plan's requirements on `image`; where that succeeds, hand the container to `commit`.

    labels: of the containers. commit: returns the image it has made. remover: keeps the downloads and removes the
    container, which the caller need not wait for. Raises BackendUnavailable where the image has no Python.
    """
    cache = _downloads_of(settings)
    files: dict[str, bytes | Path | None] = {
        "tmp": None,
        "install_dependencies.py": _SCRIPT.read_bytes(),
        "requirements.txt": _lines(plan.requirements),
        "constraints.txt": _lines(plan.constraints),
        "order.json": json.dumps(_order(plan, settings, cache)).encode(),
        **settings.files(FOLDER),
        **{path.removeprefix(f"{FOLDER}/"): folder for path, folder in settings.links(FOLDER).items()},
    }
    host_config = api.create_host_config(
        mounts=[Mount(FOLDER, None), Mount(DOWNLOADS_FOLDER, _downloads_volume(api), read_only=True)],
        log_config=LogConfig(type="none"),
    )
    for python in PYTHONS:
        created = api.create_container(
            image,
            user="0:0",
            entrypoint=[python],
            command=["-u", f"{FOLDER}/install_dependencies.py", "install"],
            working_dir=FOLDER,
            stdin_open=True,
            labels={Label.KIND: "build", **labels},
            host_config=host_config,
        )
        container = str(created["Id"])
        try:
            api.put_archive(container, FOLDER, tar_stream(files.items()))
            try:
                exit_code = run_to_end(api, container, _refusing_other_architectures(on_line), cancellation)
            except _NoSuchProgram:
                continue
            told = _read_json(api, container, f"{FOLDER}/result.json")
            installation = Installation(exit_code, told.get("python", python), told.get("pythonVersion", ""))
            if exit_code == 0 and not cancellation.requested:
                made = commit(container, installation)
                installation = replace(installation, image=made)
                if told.get("downloads"):
                    packages = str(told.get("packages"))
                    remover.submit(_keep_downloads, api, made, installation.python, container, packages, labels)
            return installation
        finally:
            # With all that was installed in it, this takes the engine seconds.
            remover.submit(remove_container, api, container)
    raise BackendUnavailable(
        f"the image of {plan.environment.short_name} has no Python: neither python3 nor python is on its PATH",
        remedy="Choose an environment with Python.",
    )


def _refusing_other_architectures(on_line: Callable[[str], None]) -> Callable[[str], None]:
    """Return what passes lines on; raises BackendUnavailable where the first says that Python cannot be started."""
    lines = 0

    def hear(line: str) -> None:
        nonlocal lines
        lines += 1
        if lines == 1 and line.endswith("exec format error"):
            raise explain("the dependencies cannot be installed", APIError(line, explanation=line))
        on_line(line)

    return hear


def remove_container(api: docker.APIClient, container: str) -> None:
    """End a container and remove it with its volumes, as far as the engine lets us."""
    with suppress(DockerException, OSError):
        api.remove_container(container, v=True, force=True)


class _NoSuchProgram(Exception):
    """The image does not have the program to start."""


def _order(plan: BuildPlan, settings: HostSettings, cache: str) -> dict[str, Any]:
    variables = {**settings.variables(FOLDER), **settings.proxies}
    options = ["--constraint", "constraints.txt"] if plan.constraints else []
    if any("--hash" in line for line in plan.requirements):
        options.append("--require-hashes")
    return {
        "install": bool(plan.requirements),
        "options": options,
        "variables": variables,
        "cache": cache,
        "useCache": not plan.options.no_cache,
    }


def _lines(lines: tuple[str, ...]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _downloads_of(settings: HostSettings) -> str:
    """Return the folder of the cache for these indexes: what one index has under a name, another may have otherwise."""
    return hashlib.sha256(settings.files(FOLDER)["pip.conf"]).hexdigest()[:16]


def _downloads_volume(api: docker.APIClient) -> str:
    """Return the volume that keeps downloads, made where it is not there; it outlives all images."""
    api.create_volume(DOWNLOADS_VOLUME, labels={Label.KIND: "downloads"})
    return DOWNLOADS_VOLUME


def run_to_end(
    api: docker.APIClient, container: str, on_line: Callable[[str], None], cancellation: Cancellation
) -> int:
    """Run the container to its end, pass on every line of its output, and return its exit code."""

    def kill() -> None:
        with suppress(APIError, OSError):
            api.kill(container)

    attached = Attached.to(api, container)
    try:
        with cancellation.ends_with(kill):
            try:
                api.start(container)
            except APIError as error:
                if "executable file not found" in str(error.explanation):
                    raise _NoSuchProgram from error
                raise
            if cancellation.requested:
                kill()
            for line in _lines_of(chunk for _, chunk in attached.frames()):
                on_line(clean_line(line))
            return int(api.wait(container)["StatusCode"])
    finally:
        attached.close()


def _lines_of(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def _read_json(api: docker.APIClient, container: str, path: str) -> dict[str, Any]:
    """Return a JSON object that the script has written in the container; empty where it did not come to that."""
    try:
        chunks, _ = api.get_archive(container, path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            member = archive.next()
            content = archive.extractfile(member) if member else None
            found = json.loads(content.read()) if content else {}
    except (DockerException, OSError, ValueError, tarfile.TarError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep_downloads(
    api: docker.APIClient, image: str, python: str, container: str, packages: str, labels: Mapping[str, str]
) -> None:
    """Add what pip has downloaded to the cache, in a container that alone may write to it; not doing so costs time.

    image: with the packages installed. Its Python starts without looking at them: they may be a stranger's.
    """
    host_config = api.create_host_config(
        volumes_from=[container],
        mounts=[Mount(DOWNLOADS_FOLDER, DOWNLOADS_VOLUME)],
        network_mode="none",
        log_config=LogConfig(type="none"),
    )
    command = ["-I", "-S", f"{FOLDER}/install_dependencies.py", "keep", packages]
    with (
        suppress(APIError),
        container_for_layer(
            api, image, entrypoint=[python], command=command, labels=dict(labels), host_config=host_config
        ) as keeper,
    ):
        api.start(keeper)
        api.wait(keeper)
