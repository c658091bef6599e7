"""The `typeSchema` of model-metadata.yaml: which data a task takes, and which it gives.

Source of the rules: the platform's public text on the validation schema, and its runner as observed.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Table
from typing import Literal, cast

from harness.tasks.model import DataType, SchemaRequirement, TypeSchema
from harness.tasks.nearest import listed, nearest
from harness.tasks.yaml_nodes import (
    Node,
    Scalar,
    Sequence,
    Violations,
    expect_items,
    expect_mapping,
    expect_text,
    required,
)

Side = Literal["input", "output"]

_MANY_VALUES = ("IN", "NOT_IN")
_EQUALITY = ("EQUALS", "NOT_EQUALS", *_MANY_VALUES)
_CONDITIONS = {
    "data_types": _EQUALITY,
    "sparse": ("EQUALS",),
    "number_of_columns": (*_EQUALITY, "GREATER_THAN", "LESS_THAN", "NOT_GREATER_THAN", "NOT_LESS_THAN"),
    "contains_missing": ("EQUALS",),
}
_WORDS: Table[tuple[str, Side], tuple[str, ...]] = {
    ("data_types", "input"): tuple(DataType),
    ("data_types", "output"): tuple(DataType),
    ("sparse", "input"): ("FORBIDDEN", "SUPPORTED", "REQUIRED"),
    ("sparse", "output"): ("NEVER", "DYNAMIC", "ALWAYS", "IDENTITY"),
    ("contains_missing", "input"): ("FORBIDDEN", "SUPPORTED"),
    ("contains_missing", "output"): ("NEVER", "DYNAMIC"),
}


def default_type_schema() -> TypeSchema:
    """Return the schema that the platform gives a transform which declares none.

    The platform's public text says that it allows sparse and missing input; the one that is shipped forbids both.
    """
    accepted = (DataType.NUM, DataType.CAT, DataType.TXT, DataType.DATE, DataType.DATE_DURATION)
    return TypeSchema(
        input_requirements=(
            SchemaRequirement("data_types", "IN", accepted),
            SchemaRequirement("sparse", "EQUALS", ("FORBIDDEN",)),
            SchemaRequirement("contains_missing", "EQUALS", ("FORBIDDEN",)),
        ),
        output_requirements=(SchemaRequirement("data_types", "EQUALS", (DataType.NUM,)),),
        declared=False,
    )


def read_type_schema(node: Node, violations: Violations) -> TypeSchema:
    """Return the requirements that are declared without an error; what is wrong goes to `violations`."""
    sections = ("input_requirements", "output_requirements")
    schema = expect_mapping(node, "typeSchema", sections, violations)
    if schema is None:
        return TypeSchema()
    return TypeSchema(
        _read_requirements(schema.get("input_requirements"), "input", violations),
        _read_requirements(schema.get("output_requirements"), "output", violations),
    )


def _read_requirements(node: Node | None, side: Side, violations: Violations) -> tuple[SchemaRequirement, ...]:
    if node is None:
        return ()
    found = [
        (item, requirement)
        for item in expect_items(node, f"{side}_requirements", violations)
        if (requirement := _read_requirement(item, side, violations)) is not None
    ]
    _judge_repetition(found, violations)
    return tuple(requirement for _, requirement in found)


def _judge_repetition(found: Iterable[tuple[Node, SchemaRequirement]], violations: Violations) -> None:
    """Warn of a second entry for a field; only bounds on number_of_columns can be combined."""
    first: dict[str, SchemaRequirement] = {}
    for node, requirement in found:
        earlier = first.setdefault(requirement.field, requirement)
        if earlier is requirement:
            continue
        exact = {"EQUALS", "IN"} & {earlier.condition, requirement.condition}
        if requirement.field != "number_of_columns" or exact:
            problem = (
                f"{requirement.field} has an entry in line {earlier.line} already, and the platform's documentation "
                "allows no second one beside it."
            )
            violations.warning(node, problem, "Merge the two entries.")


def _read_requirement(item: Node, side: Side, violations: Violations) -> SchemaRequirement | None:
    entry = expect_mapping(item, "A requirement", ("field", "condition", "value"), violations)
    if entry is None:
        return None
    parts = {key: required(entry, key, "This requirement", violations) for key in ("field", "condition", "value")}
    field_node, value_node = parts["field"], parts["value"]
    field = _expect_word(field_node, "A requirement's field", tuple(_CONDITIONS), violations)
    if field is None:
        return None
    what = f"The condition of {field.text}"
    condition = _expect_word(parts["condition"], what, _CONDITIONS[field.text], violations)
    if condition is None or value_node is None:
        return None
    texts = _read_values(value_node, field.text, condition.text, violations)
    if field.text == "number_of_columns":
        values: tuple[str | int | None, ...] = tuple(_read_count(text, condition.text, violations) for text in texts)
    else:
        values = tuple(_read_word_value(text, field.text, side, violations) for text in texts)
    usable = tuple(value for value in values if value is not None)
    if not usable or len(usable) < len(values):
        return None
    name = cast("Literal['data_types', 'sparse', 'number_of_columns', 'contains_missing']", field.text)
    return SchemaRequirement(name, condition.text, usable, entry.line)


def _expect_word(node: Node | None, what: str, known: tuple[str, ...], violations: Violations) -> Scalar | None:
    text = expect_text(node, what, violations) if node else None
    if text is None or text.text in known:
        return text
    meant = nearest(text.text, known)
    remedy = f'Write "{meant}".' if meant else f"Write {listed(known)}."
    violations.error(text, f'{what} cannot be "{text.text}".', remedy)
    return None


def _read_values(node: Node, field: str, condition: str, violations: Violations) -> tuple[Scalar, ...]:
    """Return the values of a requirement, written as one value or as a list."""
    items = node.items if isinstance(node, Sequence) else (node,)
    if len(items) > 1 and condition not in _MANY_VALUES:
        problem = f"{condition} takes one value, but {len(items)} are given for {field}."
        several = {"EQUALS": "IN", "NOT_EQUALS": "NOT_IN"}.get(condition)
        offered = several if several in _CONDITIONS[field] else None
        remedy = f"Keep one value, or write {offered}." if offered else "Keep one value."
        violations.error(items[1], problem, remedy)
        return ()
    texts = (expect_text(item, f"A value of {field}", violations) for item in items)
    return tuple(text for text in texts if text is not None)


def _read_count(text: Scalar, condition: str, violations: Violations) -> int | None:
    if not (text.text.isascii() and text.text.isdecimal() and len(text.text) < 19):
        problem = f'A value of number_of_columns must be a whole number from 0, but is "{text.text}".'
        violations.error(text, problem, "Write a whole number.")
        return None
    count = int(text.text)
    if count == 0 and condition != "GREATER_THAN":
        problem = f"The platform's documentation allows 0 for GREATER_THAN only, but this is {condition}."
        violations.warning(text, problem, "Write a greater number, or delete the requirement.")
    return count


def _read_word_value(text: Scalar, field: str, side: Side, violations: Violations) -> str | None:
    known = _WORDS[field, side]
    if text.text in known:
        return text.text
    problem = f'"{text.text}" is no value of {field} in {side}_requirements; these are {listed(known)}.'
    meant = nearest(text.text, known)
    other: Side = "output" if side == "input" else "input"
    if text.text in _WORDS[field, other]:
        remedy = f"Write {listed(known)}; {text.text} belongs to {other}_requirements."
    else:
        remedy = f'Write "{meant}".' if meant else "Write one of these."
    violations.error(text, problem, remedy)
    return None
