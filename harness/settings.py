"""Everything that a validation can be told, in one record: merged once, from flags or from keyword arguments."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from harness.builds.days import read_day
from harness.builds.model import BuildOptions
from harness.cache import cache_folder
from harness.data import DataOptions
from harness.errors import HarnessError
from harness.records import NetworkPolicy, TargetType
from harness.workers.variables import checked_variables

DEFAULT_TIMEOUT_SECONDS = 3600.0
# Of what this machine has free; the rest is for the host itself and whatever else runs here.
SHARE_OF_FREE_MEMORY = 0.8
SHARE_OF_FREE_DISK = 0.5
_PATHS = (
    "input",
    "target_csv",
    "class_labels_file",
    "row_weights_csv",
    "sparse_column_file",
    "parameter_file",
    "user_secrets_mount_path",
    "output",
)
# Limits of a task version's memory. Source: the platform's API, maximumMemory of CustomTaskVersionResponse.
SMALLEST_MEMORY_BYTES = 134_217_728
LARGEST_MEMORY_BYTES = 15_032_385_536
# What an artifact may have on the platform.
LARGEST_DISK_BYTES = 10 * 1024**3


@dataclass(frozen=True, slots=True)
class Settings:
    """How to validate a task. The names are those of the command line's options.

    Without `input` the task is tried on its metadata's validation input or on a bundled sample. target_type: needed
    only where model-metadata.yaml does not say. build_args, no_cache, pull, as_of: see BuildOptions.
    environment_variables: what the task finds in its environment, as the values of a version's required metadata.
    memory_bytes: None leaves the choice to `memory_limit_bytes`.
    timeout_seconds: for each stage. output: where the report, the archives and the predictions go; None is a folder a
    task in the user's cache folder.
    """

    input: Path | None = None
    target: str | None = None
    target_csv: Path | None = None
    target_type: TargetType | None = None
    positive_class_label: str | None = None
    negative_class_label: str | None = None
    class_labels: tuple[str, ...] = ()
    class_labels_file: Path | None = None
    row_weights: str | None = None
    row_weights_csv: Path | None = None
    sparse_column_file: Path | None = None
    parameter_file: Path | None = None
    user_secrets_mount_path: Path | None = None
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    strict_validation: bool = True
    environment: str | None = None
    backend: str = "auto"
    build_args: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False
    pull: bool = False
    as_of: datetime | None = None
    network: NetworkPolicy = NetworkPolicy.ISOLATED
    memory_bytes: int | None = None
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    output: Path | None = None

    def __post_init__(self) -> None:
        """Take texts where paths and the platform's words are meant, as a caller from Python writes them.

        Raises HarnessError for a word that the platform does not have, for a limit outside of its bounds, and for an
        environment variable that is not the task's.
        """
        for name in _PATHS:
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, Path(value))
        if isinstance(day := getattr(self, "as_of"), str):  # noqa: B009 - a text is not what its type says
            object.__setattr__(self, "as_of", read_day(day))
        for name, words in (("target_type", TargetType), ("network", NetworkPolicy)):
            value = getattr(self, name)
            if value is not None and value not in list(words):
                raise HarnessError(f"{name} is {value!r}", remedy=f"Give one of {', '.join(words)}.")
            object.__setattr__(self, name, None if value is None else words(value))
        object.__setattr__(self, "environment_variables", checked_variables(self.environment_variables))
        allowed = range(SMALLEST_MEMORY_BYTES, LARGEST_MEMORY_BYTES + 1)
        if self.memory_bytes is not None and self.memory_bytes not in allowed:
            raise HarnessError(
                f"a memory limit of {self.memory_bytes} bytes is not one that the platform gives",
                remedy=f"Give {SMALLEST_MEMORY_BYTES} to {LARGEST_MEMORY_BYTES} bytes.",
            )
        if not self.timeout_seconds > 0:
            raise HarnessError(f"a time limit of {self.timeout_seconds} s leaves no time", remedy="Give more than 0.")

    @property
    def memory_limit_bytes(self) -> int:
        """Return what was asked for, else the platform's scoring limit, or most of what is free if that is less."""
        if self.memory_bytes is not None:
            return self.memory_bytes
        import psutil

        free = int(psutil.virtual_memory().available * SHARE_OF_FREE_MEMORY)
        return max(SMALLEST_MEMORY_BYTES, min(LARGEST_MEMORY_BYTES, free))

    @property
    def disk_limit_bytes(self) -> int:
        """Return the platform's limit of an artifact, or half of what is free here if that is less."""
        folder = next(folder for folder in (cache_folder(), *cache_folder().parents) if folder.exists())
        return min(LARGEST_DISK_BYTES, int(shutil.disk_usage(folder).free * SHARE_OF_FREE_DISK))

    @property
    def build_options(self) -> BuildOptions:
        return BuildOptions(self.build_args, self.no_cache, self.pull, self.as_of)

    @property
    def data_options(self) -> DataOptions:
        """Return the part of the settings that says which data to read."""
        return DataOptions(
            input=self.input,
            target=self.target,
            target_csv=self.target_csv,
            row_weights=self.row_weights,
            row_weights_csv=self.row_weights_csv,
            sparse_column_file=self.sparse_column_file,
            positive_class_label=self.positive_class_label,
            negative_class_label=self.negative_class_label,
            class_labels=self.class_labels,
            class_labels_file=self.class_labels_file,
        )
