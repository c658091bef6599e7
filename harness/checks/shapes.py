"""Judge the form of what the scoring hook returned: rows, columns, kinds of values, missing and infinite values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.checks.engine import Outcome, failed, not_reached, passed, skipped, skipped_because, warning
from harness.checks.outputs import (
    answered_requests,
    blocks,
    is_transform,
    prediction_columns,
    read_hashes,
    read_numbers,
    read_sparse,
    request_name,
    row_numbers,
    whole_output,
)
from harness.checks.static import type_schema
from harness.checks.wording import FIRST_FEW, counted, listed, named, rows_listed, verb
from harness.records import CheckStatus
from harness.runs import Output
from harness.tasks import check_output_schema
from harness.tasks.model import DataType, TypeSchema

if TYPE_CHECKING:
    import numpy as np

    from harness.checks.evidence import Evidence

_KIND_NAMES = {
    "boolean": "booleans",
    "text": "text",
    "date": "dates",
    "complex": "complex numbers",
    "other": "objects",
}
_CERTAIN_TYPES: Mapping[str, frozenset[DataType]] = {
    "number": frozenset({DataType.NUM}),
    "boolean": frozenset({DataType.NUM, DataType.CAT}),
    "text": frozenset({DataType.TXT, DataType.CAT}),
    "date": frozenset({DataType.DATE}),
}
# What the values may also be meant as, which cannot be told from them: a column counts as such where the schema
# speaks of the type.
_POSSIBLE_TYPES: Mapping[str, frozenset[DataType]] = {
    "number": frozenset({DataType.CAT, DataType.DATE_DURATION}),
    "text": frozenset({DataType.IMG, DataType.COUNT_DICT, DataType.GEO, DataType.DATE}),
    "date": frozenset({DataType.DATE_DURATION}),
}


def judge_row_count(evidence: Evidence) -> Outcome:
    """Fail where a request came back with another number of rows than it sent, or its values cannot be read."""
    output = whole_output(evidence)
    if output is None or evidence.data is None:
        return not_reached("there is no output")
    sent_rows = row_numbers(evidence)
    row_count = len(evidence.data.features)
    for request in answered_requests(evidence):
        if request.output is None or request.id not in sent_rows:
            continue
        rows = sent_rows[request.id]
        expected = row_count if rows is None else len(rows)
        if request.output.rows != expected:
            return failed(
                f"{counted(expected, 'row')} went in ({request_name(request.id)}), "
                f"{counted(request.output.rows, 'row')} came out",
                "Return exactly one row for each row of the input: do not drop, add, group or explode rows.",
                request=request.id,
                expected=expected,
                found=request.output.rows,
            )
        _read_once(request.output)
    return passed(counted(output.rows, "row"), rows=output.rows)


def judge_columns(evidence: Evidence) -> Outcome:
    """Judge how many columns there are, and their names as far as they are not class labels."""
    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    if not output.rows and not output.columns:
        # An empty DataFrame lacks its rows, too, which has been said.
        return skipped_because("row_count")
    if is_transform(evidence):
        return _judge_transform_columns(output)
    columns = output.columns
    if output.kind == "sparse":
        return failed("the output is a sparse matrix", "Return a DataFrame; only transforms may return sparse data.")
    expected = prediction_columns(evidence)
    details = {"expectedCount": expected, "found": list(columns[:100]), "foundCount": len(columns)}
    if evidence.target_type.is_classification:
        return _judge_label_columns(evidence, columns, details)
    if len(columns) != 1:
        return failed(
            f"{evidence.target_type} needs exactly one column, found {len(columns)}: {named(columns)}",
            'Return a DataFrame with one column called "Predictions".',
            **details,
        )
    if columns[0] != "Predictions":
        return warning(
            f'the column is called "{columns[0]}"; the platform renames it "Predictions"',
            'Call the column "Predictions".',
            **details,
        )
    return passed('"Predictions"', **details)


def _judge_label_columns(evidence: Evidence, columns: Sequence[str], details: dict[str, Any]) -> Outcome:
    labels = evidence.data.class_labels if evidence.data else None
    expected = details["expectedCount"]
    if not labels:
        return skipped("the class labels are not known")
    if len(columns) < expected:
        return failed(
            f"{counted(expected, 'class label')} need a column each, found {len(columns)}: {named(columns)}; "
            f"expected {named(labels)}",
            "Return a DataFrame with the probability of each class in a column named by its label.",
            **details,
        )
    extra = columns[expected:]
    if not extra:
        return passed(counted(len(columns), "column"), **details)
    if evidence.task.hooks.interface == "class":
        return failed(
            f"{counted(expected, 'class label')} need a column each, found {len(columns)}: {named(columns)}",
            "Return the columns of the class labels and no others.",
            **details,
        )
    return warning(
        f"{counted(len(extra), 'column')} beside those of the {expected} class labels: {named(extra)}; "
        "the platform splits them off",
        "Return the columns of the class labels only, unless the others are meant as extra output.",
        extra=list(extra[:100]),
        **details,
    )


def _judge_transform_columns(output: Output) -> Outcome:
    columns = output.columns
    if not columns:
        return failed("the output has no columns", "Return at least one column.", foundCount=0)
    doubled = [name for name, count in Counter(columns).items() if count > 1]
    if doubled:
        return failed(
            f"{len(doubled)} of {counted(len(columns), 'column name')} {verb(len(doubled), 'occurs', 'occur')} "
            f"more than once: {named(doubled)}",
            "Give each output column a name of its own.",
            duplicates=doubled[:100],
            foundCount=len(columns),
        )
    return passed(counted(len(columns), "column"), foundCount=len(columns))


def judge_numeric_output(evidence: Evidence) -> Outcome:
    """Fail where predictions are not real numbers; a transform may return what its typeSchema says, but no objects."""
    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    judged: list[tuple[str, str]] = list(zip(output.columns, output.column_kinds, strict=True))
    if is_transform(evidence):
        wrong = [(name, kind) for name, kind in judged if kind in ("complex", "other")]
    else:
        wrong = [(name, kind) for name, kind in judged[: prediction_columns(evidence)] if kind != "number"]
    if not wrong:
        return passed(counted(len(judged), "column"))
    found = [f'"{name}" ({_KIND_NAMES[kind]})' for name, kind in wrong]
    remedy = "Return numbers: probabilities or values as float, no text, booleans or complex numbers."
    if is_transform(evidence):
        remedy = "Return plain numbers, texts or dates: no lists, arrays, other objects or complex numbers."
    return failed(
        f"{len(wrong)} of {counted(len(judged), 'column')} {verb(len(wrong), 'is', 'are')} not numeric: "
        f"{listed(found)}",
        remedy,
        columns=dict(wrong[:100]),
    )


@dataclass(frozen=True, slots=True)
class _Count:
    """Where a kind of value was found: how many a column (by name), in how many rows, the first few rows from 0."""

    by_column: dict[str, int]
    row_count: int
    first_rows: tuple[int, ...]

    def __bool__(self) -> bool:
        return self.row_count > 0

    @property
    def total(self) -> int:
        return sum(self.by_column.values())

    def text(self, noun: str) -> str:
        columns = [f'{count:,} in "{name}"' for name, count in self.by_column.items()]
        where = rows_listed(self.first_rows, self.row_count)
        return f"{counted(self.total, noun + ' value')} ({listed(columns)}; {where})"

    def details(self) -> dict[str, Any]:
        return {
            "count": self.total,
            "columns": dict(list(self.by_column.items())[:100]),
            "rowCount": self.row_count,
            "firstRows": list(self.first_rows),
        }


def judge_finite_values(evidence: Evidence) -> Outcome:
    """Judge missing (NaN, None) and infinite values.

    Both fail in predictions. In a transform's output infinite values fail; missing ones fail where the typeSchema
    says that there are none, and are a warning where it says nothing.
    """
    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    missing, infinite = _count_missing_and_infinite(evidence, output)
    details = {"missing": missing.details(), "infinite": infinite.details()}
    found = " and ".join(count.text(kind) for count, kind in ((missing, "missing"), (infinite, "infinite")) if count)
    remedy = "Look for divisions by zero, logarithms of zero, overflows and input values that were not imputed."
    if not found:
        return passed("none missing, none infinite")
    if infinite or not is_transform(evidence):
        return failed(found, remedy, **details)
    promise = _says_of_missing(evidence)
    if promise == "NEVER":
        return failed(
            f"the typeSchema says that the output has no missing values, found {found}",
            "Impute them, or declare contains_missing EQUALS DYNAMIC in output_requirements.",
            **details,
        )
    if promise == "DYNAMIC":
        return passed(f"{found}, as the typeSchema allows", **details)
    return warning(found, "Impute them, or declare contains_missing in output_requirements.", **details)


def _says_of_missing(evidence: Evidence) -> str | None:
    schema = type_schema(evidence)
    if schema is None or not evidence.strict:
        return None
    found = (requirement for requirement in schema.output_requirements if requirement.field == "contains_missing")
    requirement = next(found, None)
    return str(requirement.values[0]) if requirement and requirement.values else None


def _count_missing_and_infinite(evidence: Evidence, output: Output) -> tuple[_Count, _Count]:
    import numpy as np

    if output.kind == "sparse":
        matrix = read_sparse(output)
        row_of_value = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        return (
            _count_sparse(output.columns, row_of_value, matrix.indices, np.isnan(matrix.data)),
            _count_sparse(output.columns, row_of_value, matrix.indices, np.isinf(matrix.data)),
        )
    judged = len(output.columns) if is_transform(evidence) else prediction_columns(evidence)
    in_numbers = [kind in ("number", "boolean") for kind in output.column_kinds]
    number_names = [name for name, numeric in zip(output.columns[:judged], in_numbers, strict=False) if numeric]
    other_names = [name for name, numeric in zip(output.columns[:judged], in_numbers, strict=False) if not numeric]
    missing = _Tally(output.rows)
    infinite = _Tally(output.rows)
    for start, block in blocks(read_numbers(output)[:, : len(number_names)]):
        if not np.isfinite(block).all():
            missing.add(number_names, start, np.isnan(block))
            infinite.add(number_names, start, np.isinf(block))
    for start, block in blocks(read_hashes(output)[:, : len(other_names)]):
        missing.add(other_names, start, block == 0)
    return missing.count(), infinite.count()


def _count_sparse(columns: Sequence[str], row_of: np.ndarray, column_of: np.ndarray, wrong: np.ndarray) -> _Count:
    import numpy as np

    rows = np.unique(row_of[wrong])
    numbers, counts = np.unique(column_of[wrong], return_counts=True)
    by_column = {columns[number]: int(count) for number, count in zip(numbers, counts, strict=True)}
    return _Count(by_column, len(rows), tuple(int(row) for row in rows[:FIRST_FEW]))


class _Tally:
    """Count where a mask is true, block by block; only one flag a row is kept."""

    def __init__(self, row_count: int) -> None:
        import numpy as np

        self._by_column: Counter[str] = Counter()
        self._rows = np.zeros(row_count, dtype=bool)

    def add(self, names: Sequence[str], start: int, mask: np.ndarray) -> None:
        for name, count in zip(names, mask.sum(axis=0), strict=True):
            if count:
                self._by_column[name] += int(count)
        self._rows[start : start + len(mask)] |= mask.any(axis=1)

    def count(self) -> _Count:
        import numpy as np

        rows = np.flatnonzero(self._rows)
        return _Count(dict(self._by_column), len(rows), tuple(int(row) for row in rows[:FIRST_FEW]))


def judge_stable_columns(evidence: Evidence) -> Outcome:
    """Fail where requests of other rows, or a second process, came back with other columns."""
    whole = whole_output(evidence)
    if whole is None:
        return not_reached("there is no output")
    compared = 0
    reordered: Outcome | None = None
    for request in answered_requests(evidence):
        found = request.output
        if found is None or request.id == "whole":
            continue
        compared += 1
        if (found.kind, found.columns) == (whole.kind, whole.columns):
            continue
        outcome = _describe_other_columns(whole, found, request.id, names_matter=is_transform(evidence))
        if outcome.status is CheckStatus.FAILED:
            return outcome
        reordered = reordered or outcome
    if compared == 0:
        return skipped("there is only one output to look at")
    return reordered or passed(f"the same {counted(len(whole.columns), 'column')} in {counted(compared + 1, 'output')}")


def _describe_other_columns(whole: Output, found: Output, request_id: str, *, names_matter: bool) -> Outcome:
    name = request_name(request_id)
    remedy = "Decide the output's columns in fit, keep them in the artifact, and return exactly those every time."
    if found.kind != whole.kind:
        return failed(
            f"all rows gave a {_form(whole)}, {name} a {_form(found)}",
            "Return the same kind of table every time.",
            request=request_id,
        )
    lacking = [column for column in whole.columns if column not in set(found.columns)]
    new = [column for column in found.columns if column not in set(whole.columns)]
    details = {
        "request": request_id,
        "expectedCount": len(whole.columns),
        "foundCount": len(found.columns),
        "missing": lacking[:100],
        "unexpected": new[:100],
    }
    if lacking or new or len(found.columns) != len(whole.columns):
        parts = [f"lacking {named(lacking)}"] * bool(lacking) + [f"new {named(new)}"] * bool(new)
        told = f": {', '.join(parts)}" if parts else ""
        return failed(
            f"all rows gave {counted(len(whole.columns), 'column')}, {name} gave {len(found.columns)}{told}",
            remedy,
            **details,
        )
    message = f"all rows and {name} gave the same columns in another order"
    return (failed if names_matter else warning)(message, remedy, **details)


def _form(output: Output) -> str:
    return "DataFrame" if output.kind == "frame" else "sparse matrix"


@dataclass(frozen=True, slots=True)
class _OutputColumn:
    """What the typeSchema rules ask of a column."""

    name: str
    data_types: frozenset[DataType]
    has_missing: bool


def judge_output_schema(evidence: Evidence) -> Outcome:
    """Fail where a transform's output is not what its typeSchema says; missing values are judged beforehand."""
    if not evidence.strict:
        return skipped("strict validation is off")
    output = whole_output(evidence)
    schema = type_schema(evidence)
    if output is None or schema is None or evidence.data is None:
        return not_reached("there is no output")
    columns = [
        _OutputColumn(name, _data_types(kind, schema), has_missing=False)
        for name, kind in zip(output.columns, output.column_kinds, strict=True)
    ]
    is_sparse = output.kind == "sparse"
    violations = check_output_schema(schema, columns, is_sparse, input_is_sparse=evidence.data.is_sparse)
    if not violations:
        origin = "declared" if schema.declared else "the platform's default"
        return passed(f"{counted(len(schema.output_requirements), 'requirement')} ({origin})")
    whose = "the typeSchema" if schema.declared else "the default typeSchema of a transform, numbers only"
    return failed(
        f"the output violates {whose}: {' '.join(violations)}",
        "Correct output_requirements in model-metadata.yaml, or what the hook returns.",
        violations=list(violations),
    )


def _data_types(kind: str, schema: TypeSchema) -> frozenset[DataType]:
    spoken_of = {
        value
        for requirement in schema.output_requirements
        if requirement.field == "data_types"
        for value in requirement.values
    }
    possible = (data_type for data_type in _POSSIBLE_TYPES.get(kind, ()) if data_type.value in spoken_of)
    return _CERTAIN_TYPES.get(kind, frozenset()).union(possible)


def _read_once(output: Output) -> None:
    """Raise UnreadableOutput or ValueError where the values are damaged, so that one check says it and not ten."""
    if len(output.columns) != len(output.column_kinds):
        raise ValueError(f"{len(output.columns)} columns are recorded with {len(output.column_kinds)} kinds")
    if output.kind == "frame":
        read_numbers(output)
        read_hashes(output)
    elif "complex" not in output.column_kinds:
        read_sparse(output)
