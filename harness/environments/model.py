"""A base environment: the packages and the Python that every task of it starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """One folder with env_info.json and requirements.txt, in the form of the platform's drop-in environments.

    python_version: `major.minor` that the platform's image has, None where env_info.json does not say.
    """

    folder: Path
    id: str
    name: str
    description: str
    programming_language: str
    version_id: str | None
    python_version: str | None
    required_metadata_keys: tuple[str, ...] = ()

    @property
    def requirements_file(self) -> Path:
        return self.folder / "requirements.txt"
