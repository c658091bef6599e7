"""The examination for a person: which backends work, then a line a fact with its remedy below."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from harness.doctor.model import Examination, Status
from harness.reports.console import printable

STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.MISSING: "bold red"}


def show_examination(examination: Examination, console: Console) -> None:
    """Print every fact on one line, for programs to read too."""
    for name, works in (("docker", examination.backends.docker), ("venv", examination.backends.venv)):
        state = ("works", "bold green") if works else ("does not work", "bold red")
        console.print(Text.assemble(f"The {name} backend ", state, "."), highlight=False, soft_wrap=True)
    for fact in examination.facts:
        line = Text.assemble(
            "  ", (f"{fact.status:<8}", STYLES[fact.status]), f"{fact.name:<16}", printable(fact.message)
        )
        console.print(line, highlight=False, soft_wrap=True)
        if fact.remedy and fact.status is not Status.OK:
            console.print(Text.assemble(" " * 10, (f"{'fix':<16}{printable(fact.remedy)}", "cyan")), soft_wrap=True)
