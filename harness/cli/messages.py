"""What goes to stderr: errors with their remedy, and progress while something takes time."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.findings import Finding
from harness.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.status import Status

    from harness.progress import Progress


def stderr() -> Console:
    """Return the console for messages; plain where stderr is no terminal or NO_COLOR is set."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def show_error(finding: Finding) -> None:
    """Print what is wrong and where, and below it what to do."""
    from rich.text import Text

    text = Text.assemble(("error: ", "bold red"), f"{finding.place}: " if finding.place else "", finding.message)
    console = stderr()
    console.print(text, soft_wrap=True)
    if finding.remedy:
        console.print(Text(f"  fix: {finding.remedy}", "cyan"), soft_wrap=True)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Show each step beside a spinner while the block runs, and the installer's latest line.

    Off a terminal only the notes are shown.
    """
    if not sys.stderr.isatty():
        yield Notes()
        return
    console = stderr()
    with console.status(title) as status:
        yield _Spinner(title, status)


_noted: set[str] = set()


class Notes(Silent):
    """Progress of which only the notes are shown, each once."""

    def note(self, text: str) -> None:
        """Print the note."""
        if text not in _noted:
            _noted.add(text)
            stderr().print(f"note: {text}", soft_wrap=True, markup=False)


class _Spinner(Notes):
    def __init__(self, title: str, status: Status) -> None:
        self._title = title
        self._status = status
        self._step = ""

    def step(self, text: str) -> None:
        self._step = text
        self._show(text)

    def build_line(self, line: str) -> None:
        self._show(f"{self._step}: {line.strip()[:80]}")

    def _show(self, text: str) -> None:
        from rich.text import Text

        self._status.update(Text(f"{self._title}: {text}"))
