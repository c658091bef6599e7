"""What a user can act on, and the exit code that each kind of trouble has.

    HarnessError                2   bad usage or unreadable input
     ├── BackendUnavailable     4   the asked-for backend cannot be used here
     └── Interrupted          130   the user stopped it

A failed check or a failed dependency build is a *result* and never raised: the report carries it.
"""

from __future__ import annotations

from typing import ClassVar

from harness.findings import Finding


class HarnessError(Exception):
    """Stop with one clear message: what is wrong, where, and what to do.

    `remedy` is one imperative sentence. `file` is the path as the user knows it, `line` and `column` count from 1.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.finding = Finding(message, remedy, file, line, column)

    def __str__(self) -> str:
        return str(self.finding)


class BackendUnavailable(HarnessError):
    """The asked-for backend cannot be used on this machine; the message says what was tried."""

    exit_code = 4


class Interrupted(HarnessError):
    """The user stopped the run (Ctrl-C); everything it started has been ended."""

    exit_code = 130
