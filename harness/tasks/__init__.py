"""A task folder: its files, language, hooks, metadata and hyperparameters, read without running it."""

from harness.tasks.files import FileList, FileStats, list_files, stat_files
from harness.tasks.folder import read_task
from harness.tasks.hooks import HookReading, read_python_hooks, read_r_hooks
from harness.tasks.metadata import parse_metadata, read_metadata
from harness.tasks.model import (
    DataType,
    Hooks,
    Hyperparameter,
    LeftOut,
    Metadata,
    SchemaRequirement,
    Task,
    TaskFile,
    TypeSchema,
)
from harness.tasks.parameters import default_parameters, read_parameters
from harness.tasks.schema_rules import (
    TableFacts,
    check_input_schema,
    check_output_schema,
    judge_requirement,
)
from harness.tasks.type_schema import default_type_schema

__all__ = [
    "DataType",
    "FileList",
    "FileStats",
    "HookReading",
    "Hooks",
    "Hyperparameter",
    "LeftOut",
    "Metadata",
    "SchemaRequirement",
    "TableFacts",
    "Task",
    "TaskFile",
    "TypeSchema",
    "check_input_schema",
    "check_output_schema",
    "default_parameters",
    "default_type_schema",
    "judge_requirement",
    "list_files",
    "parse_metadata",
    "read_metadata",
    "read_parameters",
    "read_python_hooks",
    "read_r_hooks",
    "read_task",
    "stat_files",
]
