"""The `hyperparameters` of model-metadata.yaml: types, names, bounds and defaults.

Source of the rules: the platform's public text on hyperparameters of custom tasks, and its runner as observed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Literal

from harness.tasks.model import Hyperparameter
from harness.tasks.nearest import listed, nearest
from harness.tasks.yaml_nodes import (
    Mapping,
    Node,
    Scalar,
    Violations,
    expect_items,
    expect_mapping,
    expect_text,
    kind,
    report_unknown_keys,
    required,
)

MAXIMUM_NAME_LENGTH = 64
MAXIMUM_TEXT_LENGTH = 1024
MAXIMUM_CHOICES = 24

Number = int | float

_KEYS_OF_TYPE = {
    "int": ("name", "type", "min", "max", "default"),
    "float": ("name", "type", "min", "max", "default"),
    "string": ("name", "type", "default"),
    "select": ("name", "type", "values", "default"),
    "multi": ("name", "type", "values", "default"),
}
_KEYS_OF_COMPONENT = {"int": ("min", "max"), "float": ("min", "max"), "select": ("values",)}

_NAME = re.compile(r"[A-Za-z]([A-Za-z_]*[A-Za-z])?")
_WHOLE_NUMBER = re.compile(r"[-+]?[0-9]+(_[0-9]+)*")
_NUMBER = re.compile(r"[-+]?([0-9]+(_[0-9]+)*\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
# Longer texts are no numbers that a task could use, and Python limits how many digits it reads.
_MAXIMUM_DIGITS = 300


def read_hyperparameters(node: Node, violations: Violations) -> tuple[Hyperparameter, ...]:
    """Return the hyperparameters that are declared without an error; what is wrong goes to `violations`."""
    return tuple(_read_all(node, violations))


def _read_all(node: Node, violations: Violations) -> Iterator[Hyperparameter]:
    first_lines: dict[str, int] = {}
    for item in expect_items(node, "hyperparameters", violations):
        before = _errors(violations)
        name, parameter = _read_one(item, violations)
        if name is not None and name.text in first_lines:
            problem = (
                f'The hyperparameter "{name.text}" is declared a second time, after line {first_lines[name.text]}.'
            )
            violations.error(name, problem, "Rename or delete one of the two.")
        elif name is not None:
            first_lines[name.text] = name.line
        if parameter is not None and _errors(violations) == before:
            yield parameter


def _errors(violations: Violations) -> int:
    return sum(finding.severity == "error" for finding in violations.found)


def _read_one(item: Node, violations: Violations) -> tuple[Scalar | None, Hyperparameter | None]:
    if not isinstance(item, Mapping):
        problem = f"A hyperparameter must be a mapping of keys, but this is {kind(item)}."
        violations.error(item, problem, 'Write "- name: …" and, below it, "type: …".')
        return None, None
    name = _read_name(item, violations)
    what = f'The hyperparameter "{name.text}"' if name else "This hyperparameter"
    type_node = required(item, "type", what, violations)
    type_text = expect_text(type_node, "The type of a hyperparameter", violations) if type_node else None
    if type_text is None:
        return name, None
    if type_text.text not in _KEYS_OF_TYPE:
        meant = nearest(type_text.text, _KEYS_OF_TYPE)
        remedy = f'Write "type: {meant}".' if meant else f"Write one of {', '.join(_KEYS_OF_TYPE)}."
        problem = f'"{type_text.text}" is no type of a hyperparameter; these are {listed(_KEYS_OF_TYPE)}.'
        violations.error(type_text, problem, remedy)
        return name, None
    report_unknown_keys(item, f"a hyperparameter of type {type_text.text}", _KEYS_OF_TYPE[type_text.text], violations)
    if name is None:
        return None, None
    return name, _read_typed(type_text.text, name, item, violations)


def _read_name(item: Mapping, violations: Violations) -> Scalar | None:
    node = required(item, "name", "This hyperparameter", violations)
    name = expect_text(node, "The name of a hyperparameter", violations) if node else None
    if name is None:
        return None
    if len(name.text) > MAXIMUM_NAME_LENGTH:
        problem = f"The hyperparameter's name has {len(name.text)} characters; {MAXIMUM_NAME_LENGTH} are allowed."
        violations.error(name, problem, "Shorten the name.")
    elif not _NAME.fullmatch(name.text):
        problem = (
            f'"{name.text}" is no name of a hyperparameter: only letters and underscores are allowed, and no '
            "underscore at the start or end."
        )
        violations.error(name, problem, "Rename it.")
    return name


def _read_typed(type_name: str, name: Scalar, item: Mapping, violations: Violations) -> Hyperparameter:
    what = f'The hyperparameter "{name.text}"'
    if type_name in ("int", "float"):
        parameter = _read_bounds(name, "int" if type_name == "int" else "float", item, what, violations)
    elif type_name == "select":
        parameter = _read_choices(name, item, what, violations)
    elif type_name == "multi":
        parameter = _read_components(name, item, what, violations)
    else:
        parameter = Hyperparameter(name.text, "string", line=name.line)
    default_node = item.get("default")
    if default_node is None:
        return parameter
    return _with_default(parameter, default_node, violations)


def _read_bounds(
    name: Scalar, type_name: Literal["int", "float"], item: Mapping, what: str, violations: Violations
) -> Hyperparameter:
    bounds: list[Number | None] = []
    for key in ("min", "max"):
        node = required(item, key, what, violations)
        bounds.append(_read_number(node, f'"{key}" of "{name.text}"', type_name, violations) if node else None)
    minimum, maximum = bounds
    if minimum is not None and maximum is not None and maximum <= minimum:
        problem = f'"max" of "{name.text}" is {maximum}, which is not above its "min", {minimum}.'
        violations.error(item.get("max") or item, problem, 'Write a "max" that is greater than "min".')
    return Hyperparameter(name.text, type_name, minimum, maximum, line=name.line)


def _read_number(node: Node, what: str, type_name: Literal["int", "float"], violations: Violations) -> Number | None:
    text = expect_text(node, what, violations)
    if text is None:
        return None
    number = as_number(text.text, type_name)
    if number is None:
        wanted = "a whole number" if type_name == "int" else "a finite number"
        violations.error(text, f'{what} must be {wanted}, but is "{text.text}".', f"Write {wanted}.")
    return number


def as_number(text: str, type_name: Literal["int", "float"]) -> Number | None:
    """Return the number that a text in model-metadata.yaml stands for; None for anything but a finite number."""
    text = text.strip()
    if len(text) > _MAXIMUM_DIGITS:
        return None
    if type_name == "int":
        return int(text) if _WHOLE_NUMBER.fullmatch(text) else None
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _read_choices(name: Scalar, item: Mapping, what: str, violations: Violations) -> Hyperparameter:
    node = required(item, "values", what, violations)
    items = expect_items(node, f'"values" of "{name.text}"', violations) if node else ()
    if len(items) > MAXIMUM_CHOICES:
        problem = f"{what} offers {len(items)} values; {MAXIMUM_CHOICES} are allowed."
        violations.error(items[MAXIMUM_CHOICES], problem, "Delete values, or make it a string.")
    choices: list[str] = []
    for choice in items:
        text = expect_text(choice, f'A value of "{name.text}"', violations)
        if text is None:
            continue
        _judge_length(text, f'A value of "{name.text}"', violations)
        if text.text in choices:
            problem = f'The value "{text.text}" of "{name.text}" stands here a second time.'
            violations.warning(text, problem, "Delete it.")
        else:
            choices.append(text.text)
    return Hyperparameter(name.text, "select", values=tuple(choices), line=name.line)


def _judge_length(text: Scalar, what: str, violations: Violations) -> None:
    if len(text.text) > MAXIMUM_TEXT_LENGTH:
        problem = f"{what} has {len(text.text)} characters; {MAXIMUM_TEXT_LENGTH} are allowed."
        violations.error(text, problem, "Shorten it.")


def _read_components(name: Scalar, item: Mapping, what: str, violations: Violations) -> Hyperparameter:
    """Read the parts of a multi: `values` maps each of int, float and select to its bounds or choices."""
    components: list[Hyperparameter] = []
    node = required(item, "values", what, violations)
    # The types that a part cannot have are known too, so that they get a message of their own below.
    known = _KEYS_OF_TYPE if isinstance(node, Mapping) else _KEYS_OF_COMPONENT
    parts = expect_mapping(node, f'"values" of "{name.text}"', known, violations) if node else None
    for entry in parts.entries if parts else ():
        part = entry.key.text
        if part not in _KEYS_OF_COMPONENT:
            if part in _KEYS_OF_TYPE:
                problem = f'A part of the multi "{name.text}" cannot be of type {part}.'
                violations.error(entry.key, problem, f"Write parts of type {listed(_KEYS_OF_COMPONENT)}.")
            continue
        body = expect_mapping(entry.value, f'The part {part} of "{name.text}"', _KEYS_OF_COMPONENT[part], violations)
        if body is None:
            continue
        part_of = f'The part {part} of "{name.text}"'
        if part == "select":
            components.append(_read_choices(name, body, part_of, violations))
        else:
            components.append(_read_bounds(name, "int" if part == "int" else "float", body, part_of, violations))
    if parts and not any(key in _KEYS_OF_TYPE for key in parts.names()):
        violations.error(parts, f"{what} has no part.", f"Write a part of type {listed(_KEYS_OF_COMPONENT)}.")
    return Hyperparameter(name.text, "multi", components=tuple(components), line=name.line)


def _with_default(parameter: Hyperparameter, node: Node, violations: Violations) -> Hyperparameter:
    if parameter.type == "string" and isinstance(node, Scalar):
        _judge_length(node, f'The default of "{parameter.name}"', violations)
        return _replace_default(parameter, node.text)
    text = expect_text(node, f'The default of "{parameter.name}"', violations)
    if text is None:
        return parameter
    default = _value_of(parameter, text.text)
    problem = (
        f'The default of "{parameter.name}" is "{text.text}", which is not {describe_values(parameter)}.'
        if default is None
        else misfit(parameter, default)
    )
    if problem is None:
        return _replace_default(parameter, default)
    if _is_whole(parameter):
        violations.error(text, problem, "Write a default that the hyperparameter itself allows.")
    return parameter


def _is_whole(parameter: Hyperparameter) -> bool:
    """Tell whether there are bounds or choices to judge a default by; what is wrong with them is reported already."""
    if parameter.type == "multi":
        return bool(parameter.components) and all(map(_is_whole, parameter.components))
    if parameter.type == "select":
        return bool(parameter.values)
    if parameter.type == "string":
        return True
    return parameter.minimum is not None and parameter.maximum is not None and parameter.minimum < parameter.maximum


def _replace_default(parameter: Hyperparameter, default: str | float | None) -> Hyperparameter:
    return Hyperparameter(
        parameter.name,
        parameter.type,
        parameter.minimum,
        parameter.maximum,
        parameter.values,
        parameter.components,
        default,
        parameter.line,
    )


def _value_of(parameter: Hyperparameter, text: str) -> str | Number | None:
    """Return the text with the parameter's own type; None where it has no such value.

    In a multi a whole number wins over a number, and a number over a choice, if the part allows the value.
    """
    if parameter.type == "int":
        return as_number(text, "int")
    if parameter.type == "float":
        return as_number(text, "float")
    if parameter.type == "multi":
        for wanted in ("int", "float", "select"):
            for component in parameter.components:
                value = _value_of(component, text) if component.type == wanted else None
                if value is not None and misfit(component, value) is None:
                    return value
        return None
    return text


def misfit(parameter: Hyperparameter, value: str | Number) -> str | None:
    """Say why a parameter cannot have a value, in one sentence; None where it can.

    A float takes whole numbers too; a multi takes what one of its parts takes. Booleans are no numbers.
    """
    if _fits(parameter, value):
        return None
    shown = f'"{value}"' if isinstance(value, str) else repr(value)
    return f'The value of "{parameter.name}" is {shown}, which is not {describe_values(parameter)}.'


def _fits(parameter: Hyperparameter, value: str | Number) -> bool:
    if parameter.type == "multi":
        return any(_fits(component, value) for component in parameter.components)
    if parameter.type == "string":
        return isinstance(value, str) and len(value) <= MAXIMUM_TEXT_LENGTH
    if parameter.type == "select":
        return isinstance(value, str) and value in parameter.values
    if isinstance(value, bool | str) or not (isinstance(value, int) or parameter.type == "float"):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return False
    above = parameter.minimum is None or value >= parameter.minimum
    return above and (parameter.maximum is None or value <= parameter.maximum)


def describe_values(parameter: Hyperparameter) -> str:
    """Say in words which values a parameter takes."""
    if parameter.type == "string":
        return f"a text of at most {MAXIMUM_TEXT_LENGTH} characters"
    if parameter.type == "select":
        return "one of " + ", ".join(f'"{choice}"' for choice in parameter.values)
    if parameter.type == "multi":
        return ", or ".join(map(describe_values, parameter.components))
    noun = "a whole number" if parameter.type == "int" else "a number"
    return f"{noun} from {parameter.minimum} to {parameter.maximum}"
