"""Options with a form of their own: several values, as the platform's own runner writes them; NAME=VALUE."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

SEVERAL_VALUES = ("--class-labels", "--apt")
_NEGATIVE_NUMBER = re.compile(r"-[0-9.]+")


def spread(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the arguments with `--class-labels a b` written as `--class-labels a --class-labels b`.

    Every word up to the next option is a value, so the task comes before this option or after another one.
    """
    within = None
    for argument in arguments:
        if argument in SEVERAL_VALUES:
            within = argument
        elif argument.startswith("-") and not _NEGATIVE_NUMBER.fullmatch(argument):
            within = None
            yield argument
        elif within:
            yield from (within, argument)
        else:
            yield argument


def read_build_args(texts: Iterable[str]) -> dict[str, str]:
    """Return the values of --build-arg; see `read_assignments`."""
    return read_assignments(texts, "--build-arg")


def read_assignments(texts: Iterable[str], option: str) -> dict[str, str]:
    """Return NAME=VALUE texts as a dict; a plain NAME takes its value from the environment, as Docker's options do.

    Raises HarnessError where that has none.
    """
    from harness.errors import HarnessError

    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            if name not in os.environ:
                raise HarnessError(f"{option} {text!r} has no value", remedy=f"Write {option} NAME=VALUE.")
            value = os.environ[name]
        values[name] = value
    return values
