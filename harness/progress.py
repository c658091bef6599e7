"""How a long operation tells what it is doing now."""

from __future__ import annotations

from typing import Protocol

from harness.vocabulary import BuildStatus


class Progress(Protocol):
    """Hears of each step as it begins, of how the build stands, and of each line that the installer prints.

    note: a sentence that the user should read and that is no part of any report.
    """

    def note(self, text: str) -> None: ...
    def step(self, text: str) -> None: ...
    def build_status(self, status: BuildStatus) -> None: ...
    def build_line(self, line: str) -> None: ...


class Silent:
    """Progress that nobody watches."""

    def note(self, text: str) -> None:
        """Ignore the note."""

    def step(self, text: str) -> None:
        """Ignore the step."""

    def build_status(self, status: BuildStatus) -> None:
        """Ignore the status."""

    def build_line(self, line: str) -> None:
        """Ignore the line."""
