"""`harness lock`: the exact set that a build has installed, as a requirements file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.arguments import read_build_args
from harness.cli.building import explained, plan_task_build, refuse_lines
from harness.cli.completing import task_folders
from harness.cli.messages import progress, stderr
from harness.cli.options import AsOfOption, BackendOption, BuildArgOption, EnvOption, JsonOption
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.builds.model import BuildResult


def lock(
    task: Annotated[Path, typer.Argument(help="The task folder.", autocompletion=task_folders)],
    *,
    env: EnvOption = None,
    backend: BackendOption = "auto",
    build_arg: BuildArgOption = None,
    as_of: AsOfOption = None,
    hashes: Annotated[
        bool,
        typer.Option("--hashes", help="Add the hashes of each file on the package index; the platform takes them."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; requirements.lock.txt in the task by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Build a task's dependencies, and write the exact versions that were installed into a file.

    The platform reads requirements.txt alone: put the file in its place to get the same set there.
    """
    from harness.builds.days import read_day
    from harness.builds.model import BuildOptions
    from harness.resolving.as_of import build_as_of
    from harness.resolving.lock import LOCK_FILE, lock_text, locked_packages, with_hashes
    from harness.tasks import read_task

    found = read_task(task)
    refuse_lines(found.requirements)
    if not found.requirements.entries:
        raise HarnessError("the task has no requirements to lock", file=str(task), remedy="Add a requirements.txt.")
    file = output or task / LOCK_FILE
    if file.exists() and not force:
        raise HarnessError("the file is there already", file=str(file), remedy="Give --force, or another --output.")
    options = BuildOptions(read_build_args(build_arg or []), as_of=read_day(as_of) if as_of else None)
    plan, where = plan_task_build(found, env, backend, options)
    with progress(found.name) as watching:
        build = explained(plan, build_as_of(plan, where.build, watching))
        if not build.succeeded:
            _tell_failure(build)
        packages = locked_packages(plan, where.read_installed(build))
        if hashes:
            packages = with_hashes(plan, packages)
    _write(file, lock_text(plan, packages, build.python_version or ""))
    if as_json:
        listed = [
            {
                "packageName": package.name,
                "version": package.version,
                "lineNumbers": [line.line_number for line in package.lines],
                "hashes": list(package.hashes),
            }
            for package in packages
        ]
        typer.echo(json.dumps({"file": str(file), "packages": listed}, indent=2))
    else:
        typer.echo(f"{file}: {len(packages)} package{'' if len(packages) == 1 else 's'}")
    for package in packages:
        if "+" in package.version:
            text = f"{package.name} {package.version} is a local build; the platform's index may not have it."
            stderr().print(f"warning: {text}", soft_wrap=True, markup=False)


def _tell_failure(build: BuildResult) -> None:
    """Print what there is to know of a failed build, and end with its exit code."""
    typer.echo(build.log.rstrip(), err=True)
    if build.diagnosis:
        typer.echo(build.diagnosis.as_paragraph(), err=True)
    raise typer.Exit(3)


def _write(file: Path, text: str) -> None:
    """Write the file in one step, so that nobody sees half of it."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise HarnessError(
            f"cannot be written: {error.strerror}", file=str(file), remedy="Choose another file with --output."
        ) from error
