"""One thing that is wrong in a user's file, with its place and its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`ERROR`: the platform refuses it, or it would give wrong results. `WARNING`: worth a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: `message` says what, `remedy` what to do, in one imperative sentence.

    `file` is relative to the task folder where the file lies in it; `line` and `column` count from 1.
    """

    message: str
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    severity: Severity = Severity.ERROR

    @property
    def place(self) -> str:
        """Return `file:line:column` as far as it is known, as compilers and editors write it."""
        parts = [self.file, self.line, self.column]
        known = parts[: parts.index(None)] if None in parts else parts
        return ":".join(str(part) for part in known)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} {self.remedy}".rstrip()
