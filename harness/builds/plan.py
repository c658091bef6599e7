"""Plan a dependency build: pure, so that the same folder gives the same plan and its digest can be a cache key."""

from __future__ import annotations

import hashlib
import json

from harness.builds.model import BuildPlan
from harness.environments import Environment
from harness.requirements import Requirements, normalised, parse_requirements


def plan_build(environment: Environment, requirements: Requirements) -> BuildPlan:
    """Return what to install on `environment` for a task with these requirements.

    The base environment's packages come first and the task's own after them, as the platform installs them: a task
    may replace a base package. Comments, order and blank lines do not change the digest.
    """
    base = (
        normalised(parse_requirements(environment.requirements_file)) if environment.requirements_file.is_file() else ()
    )
    own = normalised(requirements)
    content = json.dumps([environment.id, environment.python_version, base, own])
    digest = hashlib.sha256(content.encode()).hexdigest()
    return BuildPlan(environment, base, own, requirements.dependencies, digest)
