"""Options that take several values, as the platform's own runner writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SEVERAL_VALUES = "--class-labels"
_NEGATIVE_NUMBER = re.compile(r"-[0-9.]+")


def spread(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the arguments with `--class-labels a b` written as `--class-labels a --class-labels b`.

    Every word up to the next option is a label, so the task comes before this option or after another one.
    """
    within = False
    for argument in arguments:
        if argument == SEVERAL_VALUES:
            within = True
        elif argument.startswith("-") and not _NEGATIVE_NUMBER.fullmatch(argument):
            within = False
            yield argument
        elif within:
            yield from (SEVERAL_VALUES, argument)
        else:
            yield argument
