"""How a long operation tells what it is doing now."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of each step as it begins and of each line that the installer prints."""

    def step(self, text: str) -> None: ...
    def build_line(self, line: str) -> None: ...


class Silent:
    """Progress that nobody watches."""

    def step(self, text: str) -> None:
        """Ignore the step."""

    def build_line(self, line: str) -> None:
        """Ignore the line."""
