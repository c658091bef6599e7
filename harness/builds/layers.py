"""The three image layers of a task, keyed by what is in them: pure, so that an edit rebuilds only what it changes.

environment    the base image, the environment's Dockerfile and the files beside it, the build arguments
dependencies   the environment, the normalised requirements, the environment's constraints
task           the dependencies, the task's files
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.builds.model import BuildPlan

if TYPE_CHECKING:
    from harness.tasks.model import Task

DIGEST_LENGTH = 24


@dataclass(frozen=True, slots=True)
class ImageLayers:
    """The digests of the layers; `task` is None where the plan has no task."""

    environment: str
    dependencies: str
    task: str | None


def image_layers(plan: BuildPlan, base_image_id: str, context: Mapping[str, bytes]) -> ImageLayers:
    """Return the layers of a plan on a base image.

    context: the files of the environment's build context, empty where the environment is an image already. Comments,
    blank lines and the order of requirements do not count.
    """
    contents = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(context.items())}
    environment = _digest(base_image_id, contents, sorted(plan.options.build_args.items()))
    dependencies = _digest(environment, plan.requirements, plan.constraints)
    task = task_layer(dependencies, plan.task) if plan.task is not None else None
    return ImageLayers(environment, dependencies, task)


def task_layer(dependencies: str, task: Task) -> str:
    """Return the digest of a task's files on the dependencies of that digest."""
    return _digest(dependencies, [(file.path, file.sha256) for file in task.files])


def read_context(folder: Path) -> dict[str, bytes]:
    """Return the files of a build context by their paths in it."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def _digest(*content: Sequence[Any] | Mapping[str, Any] | str) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:DIGEST_LENGTH]
