"""Plan a dependency build: pure, so that the same folder gives the same plan and its digest can be a cache key."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from harness.builds.model import BuildOptions, BuildPlan
from harness.environments import Environment
from harness.requirements import NO_REQUIREMENTS, Requirements, normalised, parse_requirements
from harness.tasks.model import Task


def plan_build(
    environment: Environment, requirements: Requirements, task: Task | None = None, options: BuildOptions | None = None
) -> BuildPlan:
    """Return what to install on `environment` for a task with these requirements.

    The base environment's packages come first and the task's own after them, as the platform installs them: a task
    may replace a base package. Comments, order and blank lines do not change the digest.
    """
    base = normalised(_read(environment.requirements_file))
    pinned = _read(environment.constraints_file)
    constraints, own = normalised(pinned), normalised(requirements)
    content = json.dumps([environment.id, environment.python_version, base, constraints, own])
    digest = hashlib.sha256(content.encode()).hexdigest()
    return BuildPlan(environment, base, own, constraints, digest, requirements, pinned, task, options or BuildOptions())


def _read(file: Path | None) -> Requirements:
    return parse_requirements(file) if file is not None and file.is_file() else NO_REQUIREMENTS
