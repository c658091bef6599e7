"""The target: taken out of the data or read from a file of its own, judged, and its class labels."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.data.matrix_market import read_lines
from harness.data.options import DataOptions
from harness.data.tables import Table, show_names, show_rows
from harness.records import TargetType

if TYPE_CHECKING:
    import pandas as pd

_VALUES_SHOWN = 3


def check_target(table: Table, target: pd.Series, target_type: TargetType) -> pd.Series:
    """Return the target as fit may have it: nothing missing, nothing infinite, numeric for regression.

    table: the file that holds the target, for messages with lines. A target of a Parquet or Arrow file comes back as
    what the task reads from the CSV that it is given: numbers that are held as text are numbers, dates are text.
    Raises HarnessError with the offending rows.
    """
    import numpy as np
    import pandas as pd

    if table.kind in ("parquet", "arrow"):
        target = _as_read_from_csv(target)
    named = f"The target {str(target.name)!r}"
    missing = np.flatnonzero(target.isna().to_numpy()).tolist()
    if missing:
        raise table.error(
            f"{named} is missing in {len(missing)} of {len(target)} rows: {show_rows(missing)}.",
            remedy=_missing_remedy(target_type),
            row=missing[0],
        )
    if target_type is TargetType.REGRESSION and not pd.api.types.is_numeric_dtype(target):
        numbers = pd.to_numeric(target, errors="coerce")
        wrong = np.flatnonzero(numbers.isna().to_numpy()).tolist()
        if wrong:
            values = ", ".join(repr(str(target.iloc[row])) for row in wrong[:_VALUES_SHOWN])
            raise table.error(
                f"{named} of a regression task must be numeric, but {len(wrong)} of {len(target)} rows are not: "
                f"{show_rows(wrong)}, e.g. {values}.",
                remedy="Write plain numbers with a decimal point and without units, or choose another target.",
                row=wrong[0],
            )
        target = numbers
    if pd.api.types.is_float_dtype(target):
        infinite = np.flatnonzero(np.isinf(target.to_numpy(dtype=np.float64))).tolist()
        if infinite:
            raise table.error(
                f"{named} is infinite in {len(infinite)} of {len(target)} rows: {show_rows(infinite)}.",
                remedy="Leave these rows out, or give them a finite target.",
                row=infinite[0],
            )
    return target


def _as_read_from_csv(target: pd.Series) -> pd.Series:
    import pandas as pd

    text = target.to_csv(index=False, header=["target"], quoting=csv.QUOTE_NONNUMERIC)
    column: pd.Series = pd.read_csv(io.StringIO(text), low_memory=False, skip_blank_lines=False)["target"]
    column.name = target.name
    return column


def _missing_remedy(target_type: TargetType) -> str:
    remedy = "Leave these rows out, or fill in their target."
    if target_type.is_classification:
        remedy += " Words such as NA, None and null are read as missing: call such a class something else."
    return remedy


def find_class_labels(
    table: Table, target: pd.Series, target_type: TargetType, options: DataOptions
) -> tuple[str, ...] | None:
    """Return binary (positive, negative), multiclass all labels, else None.

    Labels not given are read from the target as text, sorted; the first of two is the positive one.
    Source: the platform's own runner, which infers them in the same way.
    Raises HarnessError, listing labels with their counts, when their number does not fit the target type or when
    those given and those in the target are not the same.
    """
    if not target_type.is_classification:
        return None
    counts = _label_counts(target)
    _check_class_count(table, target, target_type, counts)
    given = _given_labels(options)
    if not given:
        return tuple(sorted(counts))
    _check_given_labels(table, given, counts)
    return given


def _label_counts(target: pd.Series) -> Mapping[str, int]:
    """Return how often each label occurs, labels as text in the spelling of the inferred type (1, 1.0, True)."""
    counts: Counter[str] = Counter()
    for label, count in target.value_counts(sort=False).items():
        if count:  # a categorical column also lists categories that no row has
            counts[str(label)] += int(count)
    return counts


def _check_class_count(table: Table, target: pd.Series, target_type: TargetType, counts: Mapping[str, int]) -> None:
    if target_type is TargetType.BINARY and len(counts) != 2:
        wanted = "exactly two classes"
        remedy = (
            "Use target type multiclass, or a target with two classes."
            if len(counts) > 2
            else "Give data in which both classes occur."
        )
    elif target_type is TargetType.MULTICLASS and len(counts) < 2:
        wanted = "at least two classes"
        remedy = "Give data in which several classes occur."
    else:
        return
    raise table.error(
        f"A {target_type} target has {wanted}, but {str(target.name)!r} has {len(counts)}: {_show_counts(counts)}.",
        remedy=remedy,
    )


def _given_labels(options: DataOptions) -> tuple[str, ...]:
    if options.positive_class_label is not None and options.negative_class_label is not None:
        return (options.positive_class_label, options.negative_class_label)
    if options.class_labels_file is not None:
        return tuple(read_lines(options.class_labels_file, "--class-labels-file"))
    return options.class_labels


def _check_given_labels(table: Table, given: Sequence[str], counts: Mapping[str, int]) -> None:
    twice = [label for label, count in Counter(given).items() if count > 1]
    if twice:
        raise table.error(
            f"The class label {twice[0]!r} is given more than once.", remedy="Name each class label once."
        )
    # pandas reads true, TRUE and True alike.
    key: Callable[[str], str | float] = str.casefold if set(counts) <= {"True", "False"} else _comparable
    in_target = {key(label) for label in counts}
    absent = [label for label in given if key(label) not in in_target]
    if absent:
        raise table.error(
            f"The target has no class {show_names(absent)}; it has {_show_counts(counts)}.",
            remedy="Give the labels as they are written in the target, or leave them out to have them read from it.",
        )
    wanted = {key(label) for label in given}
    unnamed = [label for label in counts if key(label) not in wanted]
    if unnamed:
        raise table.error(
            f"The target has classes that are not among the class labels: {show_names(unnamed)}.",
            remedy="Name every class label, or leave them out to have them read from the target.",
        )


def _comparable(label: str) -> str | float:
    """Return the number that a label stands for, so that 1 and 1.0 are the same class, else its text."""
    try:
        number = float(label)
    except ValueError:
        return label
    return number if math.isfinite(number) else label


def _show_counts(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{label!r} ({count} row{'' if count == 1 else 's'})" for label, count in ordered[:10])
    return f"{shown} and {len(ordered) - 10} more" if len(ordered) > 10 else shown
