"""The commands and their options, from the functions behind the command line."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, CommandInfo, OptionInfo

from harness.cli import app
from reference.tables import table

_KINDS = {str: "TEXT", int: "INTEGER", float: "NUMBER", bool: "", "Path": "PATH"}


def commands() -> str:
    """Return a section for each command: what it does, its arguments and its options."""
    sections = [_section("harness", command) for command in app.registered_commands]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        inner = group.typer_instance
        name = f"harness {inner.info.name}"
        if inner.registered_callback is not None and inner.registered_callback.callback is not None:
            sections.append(_function_section(name, inner.registered_callback.callback))
        sections += [_section(name, command) for command in inner.registered_commands]
    return "\n".join(sections)


def _section(prefix: str, command: CommandInfo) -> str:
    assert command.callback is not None
    return _function_section(f"{prefix} {command.name or command.callback.__name__}", command.callback)


def _function_section(name: str, function: Callable[..., Any]) -> str:
    described = inspect.getdoc(function) or ""
    parts = [f"## {name}", described]
    arguments: list[tuple[Any, str, Any, Any]] = []
    options: list[tuple[Any, str, Any, Any]] = []
    for parameter in _parameters(function):
        (arguments if isinstance(parameter[0], ArgumentInfo) else options).append(parameter)
    usage = " ".join([name, *(["[OPTIONS]"] if options else []), *(_argument_name(*one) for one in arguments)])
    parts.append(f"```text\n{usage}\n```")
    if arguments:
        parts.append(table(("argument", ""), [(_code(_argument_name(*one)), one[0].help) for one in arguments]))
    if options:
        rows = [(_code(_option_names(*one)), _help(*one)) for one in options]
        parts.append(table(("option", ""), rows))
    return "\n\n".join(parts) + "\n"


def _parameters(function: Callable[..., Any]) -> Iterator[tuple[Any, str, Any, Any]]:
    """Yield of each parameter what typer is told, its name, its type without None, and its default."""
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        if get_origin(hints[name]) is not Annotated:
            continue
        kind, *notes = get_args(hints[name])
        info = next((note for note in notes if isinstance(note, ArgumentInfo | OptionInfo)), None)
        if info is not None:
            yield info, name, _without_none(kind), parameter.default


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (one for one in get_args(kind) if one is not types.NoneType)
    return kind


def _argument_name(info: Any, name: str, kind: Any, _default: Any) -> str:
    shown = info.metavar or name.upper()
    return f"{shown}..." if get_origin(kind) is list and not shown.endswith("...") else shown


def _option_names(info: Any, name: str, kind: Any, _default: Any) -> str:
    # In an annotation typer takes the first name for a default.
    first = [info.default] if isinstance(info.default, str) and info.default.startswith("-") else []
    names = ", ".join([*first, *(info.param_decls or ())] or [f"--{name.replace('_', '-')}"])
    return f"{names} {info.metavar or _kind_name(kind)}".rstrip()


def _kind_name(kind: Any) -> str:
    if get_origin(kind) is list:
        (kind,) = get_args(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "|".join(kind)
    return _KINDS.get(kind) or _KINDS.get(kind.__name__, "")


def _help(info: Any, name: str, _kind: Any, default: Any) -> str:
    told = info.help or f"The {name.replace('_', ' ')}."
    if default in (None, False, inspect.Parameter.empty):
        return told
    return f"{told} Default: `{default}`."


def _code(text: str) -> str:
    return f"`{text}`"
