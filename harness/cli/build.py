"""`harness build`: only the dependency build, with its log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.requirements import Requirements


def build(
    task: Annotated[Path, typer.Argument(help="The task folder.")],
    *,
    env: Annotated[str | None, typer.Option(help="Base environment: a name, an id or a folder.")] = None,
    backend: Annotated[str, typer.Option(help="Where to build: auto or venv.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Install a task's dependencies on its base environment and show the log."""
    from harness.backends import open_backend, refuse_other_languages
    from harness.builds.plan import plan_build
    from harness.cli.messages import progress
    from harness.environments import find_environment
    from harness.reports.model import BuildReport
    from harness.tasks import read_task

    found = read_task(task)
    refuse_lines(found.requirements)
    environment = find_environment(env or found.metadata.environment_id)
    where = open_backend(backend)
    refuse_other_languages(found, where)
    with progress(found.name) as watching:
        result = where.build(plan_build(environment, found.requirements), watching)
    if as_json:
        typer.echo(json.dumps({**BuildReport.of(result).to_json_dict(), "log": result.log}, indent=2))
    else:
        typer.echo(result.log, nl=False)
        if result.diagnosis:
            typer.echo(result.diagnosis.as_paragraph())
    raise typer.Exit(0 if result.succeeded else 3)


def refuse_lines(requirements: Requirements) -> None:
    """Raise HarnessError for the first line that the platform refuses: it would not come to a build."""
    from harness.errors import HarnessError

    for line in requirements.refused:
        raise HarnessError(
            f"{line.line.strip()!r}: {line.reason}",
            file=str(requirements.file),
            line=line.line_number,
            remedy=f"Write {line.rewrite!r}." if line.rewrite else "See 'harness deps'.",
        )
