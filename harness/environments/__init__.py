"""Base environments: what every task's image or venv starts from."""

from harness.environments.catalog import (
    DEFAULT_ENVIRONMENT,
    DOCKERFILE,
    find_environment,
    list_environments,
    read_environment,
)
from harness.environments.custom import check_debian_packages, new_folder, source_folder, write_environment
from harness.environments.model import Environment

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "DOCKERFILE",
    "Environment",
    "check_debian_packages",
    "find_environment",
    "list_environments",
    "new_folder",
    "read_environment",
    "source_folder",
    "write_environment",
]
