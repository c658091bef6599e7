"""Which sample data the user asked for, and whether the options agree with each other and the target type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.records import TargetType


@dataclass(frozen=True)
class DataOptions:
    """The options of `harness validate` that concern data, as the user gave them.

    target, row_weights: names of columns of `input`; target_csv, row_weights_csv: files with one column each.
    sparse_column_file: the column names of a MatrixMarket input, one a line.
    class_labels_file: class labels, one a line, in place of `class_labels`.
    """

    input: Path | None = None
    target: str | None = None
    target_csv: Path | None = None
    row_weights: str | None = None
    row_weights_csv: Path | None = None
    sparse_column_file: Path | None = None
    positive_class_label: str | None = None
    negative_class_label: str | None = None
    class_labels: tuple[str, ...] = ()
    class_labels_file: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Return the files that are named."""
        named = (
            self.input,
            self.target_csv,
            self.row_weights_csv,
            self.sparse_column_file,
            self.class_labels_file,
        )
        return tuple(file for file in named if file is not None)


def check_options(options: DataOptions, target_type: TargetType) -> None:
    """Raise HarnessError where options exclude each other or do not go with the target type.

    Source: the platform's own runner, which refuses the same combinations.
    """
    if options.input is None:
        raise HarnessError("No sample data is given.", remedy="Pass the data with --input FILE.")
    _check_target_options(options, target_type)
    if options.row_weights is not None and options.row_weights_csv is not None:
        raise HarnessError("--row-weights and --row-weights-csv exclude each other.", remedy="Give only one of them.")
    if options.target is not None and options.target == options.row_weights:
        raise HarnessError(
            f"--target and --row-weights name the same column, {options.target!r}.",
            remedy="Give the weights a column of their own.",
        )
    _check_label_options(options, target_type)


def _check_target_options(options: DataOptions, target_type: TargetType) -> None:
    has_target = options.target is not None or options.target_csv is not None
    if options.target is not None and options.target_csv is not None:
        raise HarnessError("--target and --target-csv exclude each other.", remedy="Give only one of them.")
    if target_type is TargetType.ANOMALY and has_target:
        raise HarnessError(
            "Anomaly detection has no target, but one is given.", remedy="Leave out --target and --target-csv."
        )
    if target_type.needs_target and not has_target:
        raise HarnessError(
            f"A {target_type} task needs a target.",
            remedy="Name its column with --target NAME, or its file with --target-csv FILE.",
        )


def _check_label_options(options: DataOptions, target_type: TargetType) -> None:
    binary = (options.positive_class_label, options.negative_class_label)
    several = bool(options.class_labels) or options.class_labels_file is not None
    if any(label is not None for label in binary) and target_type is not TargetType.BINARY:
        raise HarnessError(
            "--positive-class-label and --negative-class-label are for binary tasks; "
            f"this task is of target type {target_type}.",
            remedy="Use --class-labels for multiclass tasks, and no labels for the other target types.",
        )
    if several and target_type is not TargetType.MULTICLASS:
        remedy = (
            "Use --positive-class-label and --negative-class-label."
            if target_type is TargetType.BINARY
            else "Leave the class labels out."
        )
        raise HarnessError(
            "--class-labels and --class-labels-file are for multiclass tasks; "
            f"this task is of target type {target_type}.",
            remedy=remedy,
        )
    if options.class_labels and options.class_labels_file is not None:
        raise HarnessError(
            "--class-labels and --class-labels-file exclude each other.", remedy="Give only one of them."
        )
    if (binary[0] is None) != (binary[1] is None):
        missing = "--positive-class-label" if binary[0] is None else "--negative-class-label"
        raise HarnessError("Only one of the two class labels is given.", remedy=f"Give {missing} too.")
    if binary[0] is not None and binary[0] == binary[1]:
        raise HarnessError(
            f"The positive and the negative class label are the same, {binary[0]!r}.",
            remedy="Give two different labels.",
        )
