"""Judge data against a typeSchema: pure rules over what is known of the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.tasks.model import DataType, SchemaRequirement, TypeSchema
from harness.tasks.nearest import listed

# How many columns a message names before it only counts the rest.
NAMED_COLUMNS = 5


class Column(Protocol):
    """What the rules need of a column; harness.data.model.ColumnProfile is one.

    data_types: every type that the column can count as, e.g. NUM and CAT for whole numbers.
    """

    @property
    def name(self) -> str: ...
    @property
    def data_types(self) -> frozenset[DataType]: ...
    @property
    def has_missing(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What is judged: the columns of an input or output, and whether it is sparse.

    input_is_sparse: for an output, whether its input was sparse; None for an input.
    """

    columns: Sequence[Column]
    is_sparse: bool
    input_is_sparse: bool | None = None


def check_input_schema(schema: TypeSchema, columns: Sequence[Column], is_sparse: bool) -> tuple[str, ...]:
    """Return one sentence for each input requirement that the features violate."""
    return _violations(schema.input_requirements, TableFacts(columns, is_sparse))


def check_output_schema(
    schema: TypeSchema, columns: Sequence[Column], is_sparse: bool, *, input_is_sparse: bool
) -> tuple[str, ...]:
    """Return one sentence for each output requirement that a transform's output violates."""
    return _violations(schema.output_requirements, TableFacts(columns, is_sparse, input_is_sparse))


def _violations(requirements: Iterable[SchemaRequirement], found: TableFacts) -> tuple[str, ...]:
    judged = (judge_requirement(requirement, found) for requirement in requirements)
    return tuple(message for message in judged if message is not None)


def judge_requirement(requirement: SchemaRequirement, found: TableFacts) -> str | None:
    """Say in one sentence, with numbers and columns, how a table violates a requirement; None where it does not."""
    return _RULES[requirement.field](requirement, found)


def _judge_data_types(requirement: SchemaRequirement, found: TableFacts) -> str | None:
    """EQUALS and IN: each column counts as an allowed type. NOT_EQUALS and NOT_IN: none is only of refused types."""
    named = frozenset(requirement.values)
    if requirement.condition in ("EQUALS", "IN"):
        wrong = [column for column in found.columns if not column.data_types & named]
    else:
        wrong = [column for column in found.columns if column.data_types and column.data_types <= named]
    if not wrong:
        return None
    shown = [f'"{column.name}" ({_types(column)})' for column in wrong]
    verb = "is" if len(wrong) == 1 else "are"
    rule = "must be" if requirement.condition in ("EQUALS", "IN") else "must not be"
    deviation = f"{verb} not" if requirement.condition in ("EQUALS", "IN") else verb
    return (
        f"data_types {rule} {listed(map(str, requirement.values))}, but {len(wrong)} of {len(found.columns)} columns "
        f"{deviation}: {_some(shown)}."
    )


def _types(column: Column) -> str:
    return ", ".join(sorted(column.data_types)) or "of no known type"


def _some(shown: Sequence[str]) -> str:
    named = ", ".join(shown[:NAMED_COLUMNS])
    return f"{named} and {len(shown) - NAMED_COLUMNS} more" if len(shown) > NAMED_COLUMNS else named


def _judge_sparse(requirement: SchemaRequirement, found: TableFacts) -> str | None:
    wanted = {"FORBIDDEN": False, "NEVER": False, "REQUIRED": True, "ALWAYS": True, "IDENTITY": found.input_is_sparse}
    [word] = requirement.values
    needed = wanted.get(str(word))
    if needed is None or needed == found.is_sparse:
        return None
    forms = {True: "sparse", False: "dense"}
    as_input = ", like the input," if word == "IDENTITY" else ""
    return f"sparse is {word}: the data must be {forms[needed]}{as_input} but is {forms[found.is_sparse]}."


_COMPARISONS: dict[str, tuple[str, Callable[[int, Sequence[int]], bool]]] = {
    "EQUALS": ("exactly", lambda count, values: count == values[0]),
    "IN": ("one of", lambda count, values: count in values),
    "NOT_EQUALS": ("other than", lambda count, values: count != values[0]),
    "NOT_IN": ("none of", lambda count, values: count not in values),
    "GREATER_THAN": ("more than", lambda count, values: count > values[0]),
    "LESS_THAN": ("fewer than", lambda count, values: count < values[0]),
    "NOT_GREATER_THAN": ("at most", lambda count, values: count <= values[0]),
    "NOT_LESS_THAN": ("at least", lambda count, values: count >= values[0]),
}


def allows_column_count(requirement: SchemaRequirement, count: int) -> bool:
    """Tell whether a requirement on number_of_columns is met by so many columns."""
    _, holds = _COMPARISONS[requirement.condition]
    return holds(count, [int(value) for value in requirement.values])


def _judge_number_of_columns(requirement: SchemaRequirement, found: TableFacts) -> str | None:
    count = len(found.columns)
    if allows_column_count(requirement, count):
        return None
    words, _ = _COMPARISONS[requirement.condition]
    return f"number_of_columns must be {words} {listed(map(str, requirement.values))}, but there are {count}."


def _judge_contains_missing(requirement: SchemaRequirement, found: TableFacts) -> str | None:
    [word] = requirement.values
    if word not in ("FORBIDDEN", "NEVER"):
        return None
    wrong = [f'"{column.name}"' for column in found.columns if column.has_missing]
    if not wrong:
        return None
    have = "has" if len(wrong) == 1 else "have"
    return (
        f"contains_missing is {word}, but {len(wrong)} of {len(found.columns)} columns {have} missing values: "
        f"{_some(wrong)}."
    )


_RULES: dict[str, Callable[[SchemaRequirement, TableFacts], str | None]] = {
    "data_types": _judge_data_types,
    "sparse": _judge_sparse,
    "number_of_columns": _judge_number_of_columns,
    "contains_missing": _judge_contains_missing,
}
