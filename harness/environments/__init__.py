"""Base environments: what every task's image or venv starts from."""

from harness.environments.catalog import (
    DEFAULT_ENVIRONMENT,
    DOCKERFILE,
    find_environment,
    list_environments,
    read_environment,
)
from harness.environments.model import Environment

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "DOCKERFILE",
    "Environment",
    "find_environment",
    "list_environments",
    "read_environment",
]
