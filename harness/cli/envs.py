"""`harness envs`: the base environments, and new ones made from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

envs = typer.Typer(
    name="envs",
    help="Show the base environments: their names, ids and Python versions; `new` makes one.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)


@envs.callback()
def show(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show the base environments: their names, ids and Python versions; `new` makes one."""
    if context.invoked_subcommand is not None:
        return
    from harness.environments import list_environments

    environments = list_environments()
    if as_json:
        document = [
            {
                "id": environment.id,
                "name": environment.short_name,
                "description": environment.description,
                "programmingLanguage": environment.programming_language,
                "environmentVersionId": environment.version_id,
                "pythonVersion": environment.python_version,
                "requiredMetadataKeys": list(environment.required_metadata_keys),
            }
            for environment in environments
        ]
        typer.echo(json.dumps({"environments": document}, indent=2))
        return
    for environment in environments:
        python = f"Python {environment.python_version}" if environment.python_version else ""
        typer.echo(f"{environment.short_name:<20} {environment.id}  {python}")
        typer.echo(f"  {environment.description}")


@envs.command("new")
def new(
    name: Annotated[str, typer.Argument(help="The new environment's name, and its folder's.")],
    *,
    base: Annotated[
        str, typer.Option("--from", help="The environment to begin with: a name, an id or a folder.", metavar="ENV")
    ],
    apt: Annotated[list[str], typer.Option("--apt", help="Debian packages that it has besides.", metavar="PACKAGE...")],
    output: Annotated[Path, typer.Option(help="Where to make the folder.", metavar="DIR")] = Path(),
) -> None:
    """Make an environment with more packages of Debian, for dependencies that are built from source."""
    from harness.backends.docker.dockerfiles.debian_packages import with_debian_packages
    from harness.backends.docker.dockerfiles.text import read_dockerfile
    from harness.environments import (
        check_debian_packages,
        find_environment,
        new_folder,
        source_folder,
        write_environment,
    )

    packages = tuple(dict.fromkeys(apt))
    check_debian_packages(packages)
    folder = new_folder(name, output)
    environment = find_environment(base)
    dockerfile = with_debian_packages(read_dockerfile(source_folder(environment)), packages)
    write_environment(folder, environment, packages, dockerfile)
    shown = f"./{folder}" if folder.parts[:-1] == () else str(folder)
    typer.echo(f"{shown} is {environment.short_name} with {', '.join(packages)}: use it with --env {shown}")
