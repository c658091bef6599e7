"""Where the files lie that decide a verdict: the task's own, and those that options name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.cache import cache_folder
from harness.environments import list_environments
from harness.settings import Settings


@dataclass(frozen=True, slots=True)
class Places:
    """The task folder, and what lies elsewhere.

    data, parameters: files. secrets: a folder of files. environment: a folder with all that is below it; None where
    the base environment is one that comes with the harness, or an image. written: what the harness itself writes.
    """

    task: Path
    data: tuple[Path, ...] = ()
    parameters: Path | None = None
    secrets: Path | None = None
    environment: Path | None = None
    written: tuple[Path, ...] = ()

    @classmethod
    def of(cls, folder: Path, settings: Settings, written: tuple[Path, ...] = ()) -> Places:
        """Return the places that a validation with these settings looks at. written: files beside the output folder."""
        own = [*written, cache_folder(), *([settings.output] if settings.output else [])]
        return cls(
            task=folder,
            data=settings.data_options.files,
            parameters=settings.parameter_file,
            secrets=settings.user_secrets_mount_path,
            environment=_own_environment(settings.environment),
            written=tuple(path.resolve() for path in own),
        )


def _own_environment(wanted: str | None) -> Path | None:
    bundled = {name for environment in list_environments() for name in (environment.short_name, environment.id)}
    return Path(wanted) if wanted and wanted not in bundled and Path(wanted).is_dir() else None
