"""`harness doctor`: what this machine has, and what is missing."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.options import JsonOption


def doctor(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither the package index nor a registry.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell what this machine has for building and running tasks, what is missing, and how to get it."""
    from harness.doctor import examine

    examination = examine(offline=offline)
    if as_json:
        typer.echo(examination.model_dump_json(by_alias=True, indent=2))
    else:
        from harness.doctor.console import show_examination
        from harness.reports.console import stdout

        show_examination(examination, stdout())
    raise typer.Exit(examination.exit_code)
