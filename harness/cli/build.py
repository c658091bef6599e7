"""`harness build`: only the dependency build, with its log, and where there are images, the image."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.arguments import read_build_args
from harness.cli.messages import Notes, progress
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.builds.model import BuildPlan, BuildResult
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
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Take only what was on the package index by then: 2024-03-01."),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Look for the smallest change to requirements.txt that builds.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="With --repair: write that change into requirements.txt.")
    ] = False,
    most_builds: Annotated[int, typer.Option(min=1, metavar="N", help="With --repair: build N times at most.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Install a task's dependencies on its base environment, show the log, and print the image's name."""
    from harness.backends import open_backend, refuse_other_languages
    from harness.builds.days import read_day
    from harness.builds.model import BuildOptions
    from harness.builds.plan import plan_build
    from harness.environments import find_environment
    from harness.reports.model import BuildReport
    from harness.resolving.as_of import build_as_of
    from harness.tasks import read_task

    found = read_task(task)
    if write and not repair:
        raise HarnessError("--write has nothing to write without --repair", remedy="Give --repair, too.")
    if not repair:
        refuse_lines(found.requirements)
    environment = find_environment(env or found.metadata.environment_id)
    where = open_backend(backend, Notes())
    refuse_other_languages(found, where)
    options = BuildOptions(read_build_args(build_arg or []), no_cache, pull, read_day(as_of) if as_of else None)
    plan = plan_build(environment, found.requirements, found, options)
    if repair:
        from harness.cli.repair import run_repair

        raise typer.Exit(run_repair(plan, where, most_builds=most_builds, write=write, as_json=as_json))
    if as_json:
        with progress(found.name) as watching:
            result = explained(plan, build_as_of(plan, where.build, watching))
        document = {**BuildReport.of(result).to_json_dict(), "image": result.image, "log": result.log}
        typer.echo(json.dumps(document, indent=2))
    else:
        result = explained(plan, build_as_of(plan, where.build, BuildLines()))
        log = result.log.splitlines()
        for line in log if result.cached else log[-1:]:
            typer.echo(line)
        if result.diagnosis:
            typer.echo(result.diagnosis.as_paragraph())
            if result.diagnosis.replacement:
                typer.echo("Whether that builds: --repair tries it, and edits nothing without --write.")
        if result.image:
            typer.echo(result.image)
    raise typer.Exit(0 if result.succeeded else 3)


def explained(plan: BuildPlan, result: BuildResult) -> BuildResult:
    """Return a failed build with all that can be found out about its cause."""
    if result.diagnosis is None:
        return result
    from harness.remedies import explain_further

    return replace(result, diagnosis=explain_further(plan, result))


class BuildLines(Notes):
    """Prints the installer's lines as they come."""

    def build_line(self, line: str) -> None:
        typer.echo(line)


def refuse_lines(requirements: Requirements) -> None:
    """Raise HarnessError for the first line that the platform refuses: it would not come to a build."""
    for line in requirements.refused:
        raise HarnessError(
            f"{line.line.strip()!r}: {line.reason}",
            file=str(requirements.file),
            line=line.line_number,
            remedy=f"Write {line.rewrite!r}." if line.rewrite else "See 'harness deps'.",
        )
