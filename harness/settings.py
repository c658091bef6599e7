"""Everything that a validation can be told, in one record: merged once, from flags or from keyword arguments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.data import DataOptions
from harness.errors import HarnessError
from harness.records import NetworkPolicy, TargetType

DEFAULT_TIMEOUT_SECONDS = 3600.0
# Of what this machine has free; the rest is for the host itself and whatever else runs here.
SHARE_OF_FREE_MEMORY = 0.8
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


@dataclass(frozen=True, slots=True)
class Settings:
    """How to validate a task. The names are those of the command line's options.

    Without `input` the task is tried on its metadata's validation input or on a bundled sample. target_type: needed
    only where model-metadata.yaml does not say. memory_bytes: None leaves the choice to `memory_limit_bytes`.
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
    strict_validation: bool = True
    environment: str | None = None
    backend: str = "auto"
    network: NetworkPolicy = NetworkPolicy.ISOLATED
    memory_bytes: int | None = None
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    output: Path | None = None

    def __post_init__(self) -> None:
        """Take texts where paths and the platform's words are meant, as a caller from Python writes them.

        Raises HarnessError for a word that the platform does not have, and for a limit outside of its bounds.
        """
        for name in _PATHS:
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, Path(value))
        for name, words in (("target_type", TargetType), ("network", NetworkPolicy)):
            value = getattr(self, name)
            if value is not None and value not in list(words):
                raise HarnessError(f"{name} is {value!r}", remedy=f"Give one of {', '.join(words)}.")
            object.__setattr__(self, name, None if value is None else words(value))
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
