"""`harness bundle`: the zip of a task, exactly as it is uploaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.clean import size_text
from harness.cli.completing import task_folders
from harness.cli.messages import show_error, stderr
from harness.cli.options import JsonOption

if TYPE_CHECKING:
    from harness.tasks import Task


def bundle(
    task: Annotated[Path, typer.Argument(help="The task folder.", autocompletion=task_folders)],
    *,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; beside the task folder by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the zip of a task, the same bytes each time, and tell what is in it and what is left out.

    Left out: hidden files, caches, compiled Python, virtual environments, and what .harnessignore names.
    """
    from harness.task_bundle import bundle_file, write_bundle
    from harness.tasks import read_task

    found = read_task(task)
    if found.errors:
        for finding in found.errors:
            show_error(finding)
        raise typer.Exit(2)
    for finding in found.findings:
        stderr().print(f"warning: {finding}", soft_wrap=True, markup=False)
    file = bundle_file(found, output)
    digest = write_bundle(found, file)
    if as_json:
        typer.echo(json.dumps(_document(found, file, digest), indent=2))
    else:
        _tell(found, file)


def _document(task: Task, file: Path, digest: str) -> dict[str, Any]:
    return {
        "file": str(file),
        "sizeBytes": file.stat().st_size,
        "sha256": digest,
        "files": [{"path": one.path, "sizeBytes": one.size_bytes, "sha256": one.sha256} for one in task.files],
        "leftOut": [{"path": one.path, "reason": one.reason} for one in task.left_out],
    }


def _tell(task: Task, file: Path) -> None:
    count = len(task.files)
    typer.echo(f"{file}: {count} file{'' if count == 1 else 's'}, {size_text(file.stat().st_size)}")
    for one in task.files:
        typer.echo(f"{size_text(one.size_bytes):>9}  {one.path}")
    if task.left_out:
        typer.echo("left out:")
        width = max(len(one.path) for one in task.left_out)
        for left in task.left_out:
            typer.echo(f"  {left.path:<{width}}  {left.reason}")
