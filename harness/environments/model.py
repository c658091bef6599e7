"""A base environment: the packages and the Python that every task of it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """One folder with env_info.json and requirements.txt, in the form of the platform's drop-in environments.

    folder: None where the environment is an image that is built already, `image`. python_version: `major.minor` that
    the platform's image has, None where env_info.json does not say. required_metadata_keys: field name ->
    the name to show.
    """

    folder: Path | None
    id: str
    name: str
    description: str
    programming_language: str
    version_id: str | None
    python_version: str | None
    required_metadata_keys: Mapping[str, str] = field(default_factory=dict, hash=False)
    image: str | None = None

    @property
    def short_name(self) -> str:
        """Return the name by which `--env` finds it."""
        return self.folder.name if self.folder else self.name

    @property
    def requirements_file(self) -> Path | None:
        return self.folder / "requirements.txt" if self.folder else None

    @property
    def constraints_file(self) -> Path | None:
        """Return the versions that a task's requirements have to keep to, in the form of pip's constraints."""
        return self.folder / "constraints.txt" if self.folder else None
