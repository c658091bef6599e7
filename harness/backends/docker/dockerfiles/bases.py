"""The images that a Dockerfile builds on: found on the engine, pulled, or stood in for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.text import SCRATCH, Dockerfile, Stage, read_dockerfile
from harness.errors import BackendUnavailable, Interrupted

# Made by tools/make_base_image where no registry can be reached; followed by `major.minor`.
STAND_IN = "task-harness-base:python"
_IN_PROGRESS = ("Downloading", "Extracting", "Waiting", "Verifying Checksum", "Pulling fs layer")


@dataclass(frozen=True, slots=True)
class BaseImage:
    """name: as the Dockerfile says. reference: what the engine has it under. note: a sentence where they differ."""

    name: str
    reference: str
    image_id: str
    note: str | None = None


def resolve_base(
    api: docker.APIClient,
    folder: Path,
    build_args: Mapping[str, str],
    *,
    pull: bool,
    python_version: str | None,
    on_line: Callable[[str], None],
    cancellation: Cancellation | None = None,
) -> BaseImage:
    """Return the image below the Dockerfile's last stage, and see to it that the images of all stages are there.

    pull: ask the registry first. python_version: that of the stand-in, None where there may be none.
    Raises BackendUnavailable where an image is neither here nor can be pulled.
    """
    dockerfile = read_dockerfile(folder)
    stages = dockerfile.stages(build_args)
    bases = resolve_bases(
        api,
        dockerfile,
        stages,
        pull=pull,
        python_version=python_version,
        on_line=on_line,
        cancellation=cancellation or Cancellation(),
    )
    name = bottom(stages).image
    return bases.get(name) or BaseImage(name, name, name)


def resolve_image(
    api: docker.APIClient,
    name: str,
    *,
    pull: bool,
    on_line: Callable[[str], None],
    cancellation: Cancellation | None = None,
) -> BaseImage:
    """Return the image of that name, pulled where it is not here. Raises BackendUnavailable where it cannot be."""
    found = None if pull else _local(api, name)
    if found is None:
        remedy = "Give the name of an image that this engine has or can pull."
        found = _pulled(api, name, on_line, cancellation or Cancellation(), remedy)
    return BaseImage(name, name, found)


def resolve_bases(
    api: docker.APIClient,
    dockerfile: Dockerfile,
    stages: tuple[Stage, ...],
    *,
    pull: bool,
    python_version: str | None,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> dict[str, BaseImage]:
    """Return the images below the stages, by their names in the Dockerfile; scratch is none."""
    bases: dict[str, BaseImage] = {}
    for stage in stages:
        name = stage.image
        if stage.below is not None or name in bases or name in ("", SCRATCH):
            continue
        found = None if pull else _local(api, name)
        stand_in = f"{STAND_IN}{python_version}"
        stand_in_id = None if pull or found or not python_version else _local(api, stand_in)
        if stand_in_id is not None:
            note = f"The base image {name} is not on this engine: {stand_in} stands in for it."
            bases[name] = BaseImage(name, stand_in, stand_in_id, note)
            continue
        if found is None:
            file, line = str(dockerfile.path), stage.start.line
            found = _pulled(api, name, on_line, cancellation, _remedy(name, stage), file=file, line=line)
        bases[name] = BaseImage(name, name, found)
    return bases


def bottom(stages: tuple[Stage, ...]) -> Stage:
    """Return the stage whose image is below the last one."""
    stage = stages[-1]
    while stage.below is not None:
        stage = stages[stage.below]
    return stage


def _remedy(name: str, stage: Stage) -> str:
    if stage.variables:
        return f"Give another image with '--build-arg {stage.variables[0]}=...', or use --backend venv."
    return f"Put it on this engine ('docker pull {name}' or 'docker load'), or use --backend venv."


def _local(api: docker.APIClient, name: str) -> str | None:
    try:
        return str(api.inspect_image(name)["Id"])
    except APIError as error:
        if error.status_code in (400, 404):  # 400: no name of an image at all
            return None
        raise


def _pulled(
    api: docker.APIClient,
    name: str,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
    remedy: str,
    *,
    file: str | None = None,
    line: int | None = None,
) -> str:
    """Return the image's id after a pull. Raises BackendUnavailable with the remedy where it cannot be pulled."""
    said = _pull(api, name, on_line, cancellation)
    found = _local(api, name)
    if said is None and found is not None:
        return found
    if said and ("no matching manifest" in said or "no match for platform" in said):
        message = f"the base image {name} does not exist for the architecture of this engine"
    else:
        message = f"the base image {name} is not on this engine and cannot be pulled: {said or 'it is gone again'}."
    raise BackendUnavailable(message, remedy=remedy, file=file, line=line)


def _pull(api: docker.APIClient, name: str, on_line: Callable[[str], None], cancellation: Cancellation) -> str | None:
    """Pull the image; return what the engine says where it cannot."""
    said = None
    try:
        with closing(api.pull(name, stream=True, decode=True)) as events:
            for event in events:
                if cancellation.requested:
                    raise Interrupted("the pull was stopped")
                said = event.get("error", said)
                _tell(event, on_line)
    except APIError as error:
        return str(error.explanation or error).strip()
    return said


def _tell(event: Mapping[str, str], on_line: Callable[[str], None]) -> None:
    status = event.get("status", "")
    if status and not status.startswith(_IN_PROGRESS):
        layer = event.get("id")
        on_line(f"{layer}: {status}" if layer else status)
