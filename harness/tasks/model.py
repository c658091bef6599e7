"""What the harness knows of a task folder without running anything in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.findings import Finding, Severity
from harness.records import TargetType

if TYPE_CHECKING:
    from harness.requirements import Requirements

Language = Literal["python", "r"]
Interface = Literal["hooks", "class"]


@dataclass(frozen=True, slots=True)
class TaskFile:
    """One file that belongs to the task. `path` is relative to the folder, with `/`."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What lies in the folder and is no part of the task; the path of a folder ends in `/`."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hooks:
    """What custom.py (or custom.R) offers, read from its text.

    interface: `class` where a class `CustomTask` is defined at the top level, else `hooks`.
    names: the platform's hooks that are there; for the class style its methods (`fit`, `predict`, ...).
    interface_class: the platform's interface that `CustomTask` names among its bases, e.g.
        `BinaryEstimatorInterface`; None for functions or where no base is one of the platform's.
    imports: top-level packages or modules that the file imports when it is loaded, dotted as written
        (`sklearn.linear_model`), in order; relative imports and the task's own modules are left out.
    lines: the line where each hook is defined, counted from 1.
    """

    interface: Interface
    names: tuple[str, ...]
    interface_class: str | None = None
    imports: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)


class DataType(StrEnum):
    """The data types that a typeSchema can name."""

    NUM = "NUM"
    TXT = "TXT"
    CAT = "CAT"
    IMG = "IMG"
    DATE = "DATE"
    DATE_DURATION = "DATE_DURATION"
    COUNT_DICT = "COUNT_DICT"
    GEO = "GEO"


@dataclass(frozen=True, slots=True)
class SchemaRequirement:
    """One entry of a typeSchema: `field` `condition` `values`, e.g. data_types IN (NUM, CAT).

    values: data types or sparsity words as text; whole numbers for number_of_columns.
    line: where it stands in model-metadata.yaml, counted from 1; None for a platform default.
    """

    field: Literal["data_types", "sparse", "number_of_columns", "contains_missing"]
    condition: str
    values: tuple[str | int, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class TypeSchema:
    """What a task says of its input and, for transforms, of its output.

    `declared` is False where the platform's default schema stands in for a missing one.
    """

    input_requirements: tuple[SchemaRequirement, ...] = ()
    output_requirements: tuple[SchemaRequirement, ...] = ()
    declared: bool = True


HyperparameterType = Literal["int", "float", "string", "select", "multi"]


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One declared hyperparameter.

    minimum, maximum: of int and float. values: the choices of a select. components: the parts of a multi, each an
    int, float or select of its own under the multi's name. default: as declared, None where it is not.
    """

    name: str
    type: HyperparameterType
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    components: tuple[Hyperparameter, ...] = ()
    default: str | int | float | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """model-metadata.yaml, read and judged. `file` is its path, None where the task has none.

    validation_input: sample data of the task's own, relative to its folder. validation_line: where it is named.
    """

    file: Path | None = None
    name: str | None = None
    type: str | None = None
    target_type: TargetType | None = None
    environment_id: str | None = None
    description: str | None = None
    validation_input: str | None = None
    validation_line: int | None = None
    validation_target: str | None = None
    hyperparameters: tuple[Hyperparameter, ...] = ()
    type_schema: TypeSchema | None = None
    credential_keys: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A task folder: its files, language, hooks, metadata and requirements, and what is wrong with each.

    `findings` are of the files and the code; `metadata.findings` and `requirements.refused` hold the others.
    """

    folder: Path
    name: str
    language: Language
    code_file: str
    files: tuple[TaskFile, ...]
    hooks: Hooks
    metadata: Metadata
    requirements: Requirements
    findings: tuple[Finding, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings for which the platform would not run the task at all."""
        everything = (*self.findings, *self.metadata.findings)
        return tuple(finding for finding in everything if finding.severity is Severity.ERROR)
