"""What a probe finds out, and all that was found out together."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from harness.records import Record

SCHEMA_VERSION: Final = 1


class Status(StrEnum):
    """`warning`: works, or may work, with a drawback. `missing`: what depends on it does not work here."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


class Fact(Record):
    """One line: `name` is stable and says what about, `message` how it is, `remedy` what to do, in one sentence.

    details: the same for programs, figures in the units that their names say.
    """

    name: str
    status: Status
    message: str
    remedy: str = ""
    details: dict[str, Any] = Field(default_factory=dict)


class Backends(Record):
    """Which backends work here."""

    docker: bool
    venv: bool


class Examination(Record):
    """Everything that was found out."""

    schema_version: Literal[1] = SCHEMA_VERSION
    backends: Backends
    facts: tuple[Fact, ...]

    @property
    def exit_code(self) -> int:
        """Return 0 where at least one backend works, else 4."""
        return 0 if self.backends.docker or self.backends.venv else 4


def ok(name: str, message: str, **details: Any) -> Fact:
    """Return the fact that something is as it should be."""
    return Fact(name=name, status=Status.OK, message=message, details=details)


def warn(name: str, message: str, remedy: str, **details: Any) -> Fact:
    """Return the fact that something works with a drawback."""
    return Fact(name=name, status=Status.WARNING, message=message, remedy=remedy, details=details)


def missing(name: str, message: str, remedy: str, **details: Any) -> Fact:
    """Return the fact that something is not there."""
    return Fact(name=name, status=Status.MISSING, message=message, remedy=remedy, details=details)
