"""`harness build`: only the dependency build, with its log, and where there are images, the image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.arguments import read_build_args
from harness.cli.messages import Notes, progress

if TYPE_CHECKING:
    from harness.requirements import Requirements


def build(
    task: Annotated[Path, typer.Argument(help="The task folder.")],
    *,
    env: Annotated[str | None, typer.Option(help="Base environment: a name, an id, a folder or image:TAG.")] = None,
    backend: Annotated[str, typer.Option(help="Where to build: auto, docker or venv.")] = "auto",
    build_arg: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A value for the Dockerfile's ARG; once for each."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Build the images again, without earlier downloads.")
    ] = False,
    pull: Annotated[bool, typer.Option("--pull", help="Ask the registry for a newer base image.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Install a task's dependencies on its base environment, show the log, and print the image's name."""
    from harness.backends import open_backend, refuse_other_languages
    from harness.builds.model import BuildOptions
    from harness.builds.plan import plan_build
    from harness.environments import find_environment
    from harness.reports.model import BuildReport
    from harness.tasks import read_task

    found = read_task(task)
    refuse_lines(found.requirements)
    environment = find_environment(env or found.metadata.environment_id)
    where = open_backend(backend, Notes())
    refuse_other_languages(found, where)
    options = BuildOptions(read_build_args(build_arg or []), no_cache, pull)
    plan = plan_build(environment, found.requirements, found, options)
    if as_json:
        with progress(found.name) as watching:
            result = where.build(plan, watching)
        document = {**BuildReport.of(result).to_json_dict(), "image": result.image, "log": result.log}
        typer.echo(json.dumps(document, indent=2))
    else:
        result = where.build(plan, _Log())
        log = result.log.splitlines()
        for line in log if result.cached else log[-1:]:
            typer.echo(line)
        if result.diagnosis:
            typer.echo(result.diagnosis.as_paragraph())
        if result.image:
            typer.echo(result.image)
    raise typer.Exit(0 if result.succeeded else 3)


class _Log(Notes):
    """Prints the installer's lines as they come."""

    def build_line(self, line: str) -> None:
        typer.echo(line)


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
