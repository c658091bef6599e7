"""The values of the hyperparameters: their defaults, and those of a parameter file.

What comes out is the dict that `fit` receives as `parameters`, with proper Python types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.tasks.hyperparameters import describe_values, misfit
from harness.tasks.model import Hyperparameter, Metadata
from harness.tasks.nearest import nearest

ParameterValue = str | int | float


def default_parameters(metadata: Metadata) -> dict[str, ParameterValue]:
    """Return each hyperparameter's default, else its minimum, else its first choice, else the empty text.

    A multi starts with its first part. Names stand in the order of model-metadata.yaml.
    """
    return {parameter.name: _start(parameter) for parameter in metadata.hyperparameters}


def _start(parameter: Hyperparameter) -> ParameterValue:
    if parameter.default is not None:
        return parameter.default
    if parameter.minimum is not None:
        return parameter.minimum
    if parameter.components:
        return _start(parameter.components[0])
    return parameter.values[0] if parameter.values else ""


def read_parameters(file: Path, metadata: Metadata) -> dict[str, ParameterValue]:
    """Return the parameters of a JSON file, completed with the defaults of those that it leaves out.

    Raises HarnessError, naming the file, where it cannot be read, is no JSON object, or holds an unknown name or
    a value that its hyperparameter cannot have; all of these in one message.
    """
    text = _read_text(file)
    given = _load_object(text, file)
    declared = {parameter.name: parameter for parameter in metadata.hyperparameters}
    problems = [
        (_line_of(name, text), problem)
        for name, value in given
        if (problem := _problem(name, value, declared)) is not None
    ]
    problems += [(_line_of(name, text), f'"{name}" stands there more than once.') for name in _repeated(given)]
    if problems:
        raise _refused(problems, file)
    values = {name: float(value) if declared[name].type == "float" else value for name, value in given}
    return {**default_parameters(metadata), **values}


def _read_text(file: Path) -> str:
    remedy = "Give the path of a JSON file with the parameters."
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise HarnessError("The parameter file does not exist.", remedy=remedy, file=str(file)) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"The parameter file cannot be read: {reason}."
        raise HarnessError(message, remedy=remedy, file=str(file)) from None
    except UnicodeDecodeError:
        message = "The parameter file is not UTF-8 text."
        raise HarnessError(message, remedy="Save it as UTF-8.", file=str(file)) from None


def _load_object(text: str, file: Path) -> list[tuple[str, Any]]:
    """Return the pairs of the outermost object, repeated names included."""
    remedy = 'Write one JSON object, such as {"alpha": 0.5}.'
    try:
        document = json.loads(text, object_pairs_hook=list[tuple[str, Any]])
    except json.JSONDecodeError as error:
        message = f"The parameter file is not valid JSON: {_lower_first(error.msg)}."
        raise HarnessError(message, remedy=remedy, file=str(file), line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError):
        message = "The parameter file is nested too deeply or holds a number with too many digits."
        raise HarnessError(message, remedy=remedy, file=str(file)) from None
    # An object arrives as a list of pairs; an array would hold other things, but may be empty like `{}`.
    if not text.lstrip().startswith("{"):
        raise HarnessError("The parameter file holds no JSON object.", remedy=remedy, file=str(file), line=1)
    return list(document)


def _problem(name: str, value: Any, declared: dict[str, Hyperparameter]) -> str | None:
    if name not in declared:
        meant = nearest(name, declared)
        if not declared:
            return f'"{name}" is not declared: model-metadata.yaml declares no hyperparameters.'
        known = f'did you mean "{meant}"?' if meant else f"declared are {', '.join(declared)}."
        return f'"{name}" is no hyperparameter of this task; {known}'
    parameter = declared[name]
    if isinstance(value, bool | list) or value is None:
        shown = json.dumps(value) if isinstance(value, bool) or value is None else "a list or an object"
        return f'The value of "{name}" is {shown}, which is not {describe_values(parameter)}.'
    return misfit(parameter, value)


def _repeated(given: list[tuple[str, Any]]) -> Iterator[str]:
    names = [name for name, _ in given]
    return (name for name in dict.fromkeys(names) if names.count(name) > 1)


def _line_of(name: str, text: str) -> int | None:
    """Return the line where a name first stands as a key; None where it is written with escapes."""
    key = re.search(re.escape(json.dumps(name, ensure_ascii=False)) + r"\s*:", text)
    return text.count("\n", 0, key.start()) + 1 if key else None


def _refused(problems: list[tuple[int | None, str]], file: Path) -> HarnessError:
    remedy = "Correct the parameter file, or declare the hyperparameters in model-metadata.yaml."
    if len(problems) == 1:
        [(line, message)] = problems
        return HarnessError(message, remedy=remedy, file=str(file), line=line)
    lines = [f"  line {line}: {problem}" if line else f"  {problem}" for line, problem in problems]
    message = "\n".join([f"{len(problems)} parameters cannot be used.", *lines])
    return HarnessError(f"{message}\n", remedy=remedy, file=str(file))


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
