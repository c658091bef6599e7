"""`harness build`: only the dependency build, with its log, and where there are images, the image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.arguments import read_build_args
from harness.cli.building import BuildLines, explained, plan_task_build, refuse_lines
from harness.cli.completing import task_folders
from harness.cli.messages import progress
from harness.cli.options import AsOfOption, BackendOption, BuildArgOption, EnvOption, JsonOption
from harness.errors import HarnessError


def build(
    task: Annotated[Path, typer.Argument(help="The task folder.", autocompletion=task_folders)],
    *,
    env: EnvOption = None,
    backend: BackendOption = "auto",
    build_arg: BuildArgOption = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Build the images again, without earlier downloads.")
    ] = False,
    pull: Annotated[bool, typer.Option("--pull", help="Ask the registry for a newer base image.")] = False,
    as_of: AsOfOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Look for the smallest change to requirements.txt that builds.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="With --repair: write that change into requirements.txt.")
    ] = False,
    most_builds: Annotated[int, typer.Option(min=1, metavar="N", help="With --repair: build N times at most.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Install a task's dependencies on its base environment, show the log, and print the image's name."""
    from harness.builds.days import read_day
    from harness.builds.model import BuildOptions
    from harness.reports.model import BuildReport
    from harness.resolving.as_of import build_as_of
    from harness.tasks import read_task

    found = read_task(task)
    if write and not repair:
        raise HarnessError("--write has nothing to write without --repair", remedy="Give --repair, too.")
    if not repair:
        refuse_lines(found.requirements)
    options = BuildOptions(read_build_args(build_arg or []), no_cache, pull, read_day(as_of) if as_of else None)
    plan, where = plan_task_build(found, env, backend, options)
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
