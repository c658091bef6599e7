"""What files that have changed ask for: pure, so that it can be told before anything is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Part(StrEnum):
    """What a file is to a validation."""

    CODE = "code"
    REQUIREMENTS = "requirements"
    METADATA = "metadata"
    DATA = "data"
    PARAMETERS = "parameters"
    SECRETS = "secrets"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Change:
    """One file that is not as it was. `name` is what the user calls it: in the task folder, relative to that."""

    name: str
    part: Part
    kind: Literal["changed", "added", "removed"]

    def __str__(self) -> str:
        return f"{self.name} {self.kind}"


@dataclass(frozen=True, slots=True)
class Work:
    """What a round has to do beside what every round does: read the task, run it in fresh processes, judge it.

    builds: the dependencies may be other ones. reads_data: the sample data may be other data. What is neither is
    taken over from the round before.
    """

    builds: bool = False
    reads_data: bool = False


# The metadata name the environment and the data; the requirements decide whether data is handed over as Arrow.
_WORK = {
    Part.CODE: Work(),
    Part.REQUIREMENTS: Work(builds=True, reads_data=True),
    Part.METADATA: Work(builds=True, reads_data=True),
    Part.DATA: Work(reads_data=True),
    Part.PARAMETERS: Work(),
    Part.SECRETS: Work(),
    Part.ENVIRONMENT: Work(builds=True, reads_data=True),
}


def what_to_do(changes: Iterable[Change]) -> Work:
    """Return what these changes ask for together."""
    parts = [_WORK[change.part] for change in changes]
    return Work(any(part.builds for part in parts), any(part.reads_data for part in parts))


def in_words(changes: tuple[Change, ...], most: int = 3) -> str:
    """Return the changes as one line: the first few by name."""
    named = [str(change) for change in changes[:most]]
    others = len(changes) - len(named)
    return ", ".join(named) + (f" and {others} more" if others else "")
