"""Whether the command line has the commands and options that a text names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer.main

from harness.cli import app
from harness.cli.arguments import spread

_BETWEEN_COMMANDS = ("|", "||", "&&", ";", "&", "(", ")")
# What a text has in the place of a value: `--type TYPE` is no target type, and nothing is wrong with it.
_VALUES_MISSING = ("BadParameter", "MissingParameter", "BadOptionUsage", "NoArgsIsHelpError")
_ASSIGNMENT = re.compile(r"\w+=.*")


def harness_commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of `harness` in a line for the shell."""
    words = shlex.shlex(text, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    call: list[str] | None = None
    skip, begins = False, True
    for word in [*words, ";"]:
        if word in _BETWEEN_COMMANDS:
            if call is not None:
                yield call
            call, begins = None, True
        elif skip or word in (">", ">>", "<", ">&"):
            skip = not skip
        elif call is not None:
            call.append(word)
        elif begins and word == "harness":
            call = []
        else:
            begins = begins and _ASSIGNMENT.fullmatch(word) is not None


def refusal_of(arguments: list[str], *, has_placeholders: bool = False) -> str | None:
    """Return why the command line would refuse the arguments, or None. Nothing is run."""
    command: Any = typer.main.get_command(app)
    rest = list(spread(arguments))
    context = None
    try:
        while True:
            context = command.make_context(command.name, rest, parent=context)
            if not hasattr(command, "resolve_command"):
                return None
            rest = [*context._protected_args, *context.args]
            if not rest and command.invoke_without_command:
                return None
            _, command, rest = command.resolve_command(context, rest)
    except Exception as refused:  # noqa: BLE001 - typer has its own copies of click's errors
        kind = type(refused).__name__
        if kind == "Exit" or (has_placeholders and kind in _VALUES_MISSING):
            return None
        return f"{kind}: {refused}"
