"""How to serve, in one record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
# Of one request's body. Source: ours; the platform's limit is not in its documents.
DEFAULT_LARGEST_UPLOAD_BYTES = 2 * 1024**3
DEFAULT_JOBS = 2


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The options of `harness serve`.

    port: 0 takes a free one. data_folder: database and file contents. database_url: None for the one that the folder
    was last opened with, else SQLite in it. token: the first user's. backend: where builds and trainings happen.
    environments: folders of base environments beside the bundled ones. jobs: how many of them happen at once.
    """

    data_folder: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    database_url: str | None = None
    token: str | None = None
    backend: str = "auto"
    environments: tuple[Path, ...] = ()
    largest_upload_bytes: int = DEFAULT_LARGEST_UPLOAD_BYTES
    jobs: int = DEFAULT_JOBS


def default_data_folder() -> Path:
    """Return the user's data folder of this system."""
    return user_data_path("task-harness") / "server"
