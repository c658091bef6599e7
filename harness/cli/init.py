"""`harness init`: a new task folder that passes at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import JsonOption
from harness.scaffolding.model import Language, Style
from harness.vocabulary import TargetType


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it may exist if it is empty.")],
    *,
    target_type: Annotated[TargetType, typer.Option("--type", help="What the task predicts, or transform.")],
    style: Annotated[
        Style, typer.Option(help="Hooks as functions, or a class on the platform's interface.")
    ] = Style.FUNCTIONS,
    language: Annotated[Language, typer.Option(help="The language of the task.")] = Language.PYTHON,
    as_json: JsonOption = False,
) -> None:
    """Make a task folder with data, metadata, code and a Makefile; `harness validate DIR` passes at once."""
    from harness.errors import HarnessError
    from harness.scaffolding.writing import refuse_used_folder, write_task

    if language is Language.R:
        raise HarnessError("R tasks cannot be built and run by the backends yet, so that none is made")
    refuse_used_folder(folder)
    from harness.scaffolding.planning import plan_task

    # A name of a folder need not be UTF-8, a text in YAML has to be.
    name = folder.resolve().name.encode(errors="replace").decode() or target_type
    files = plan_task(name, target_type, style)
    write_task(folder, files)
    if as_json:
        document = {
            "folder": str(folder),
            "name": name,
            "targetType": target_type,
            "style": style,
            "language": language,
            "files": [{"path": path, "sizeBytes": len(text.encode())} for path, text in files.items()],
        }
        typer.echo(json.dumps(document, indent=2))
        return
    typer.echo(f"{folder}: {target_type}, as {'a class' if style is Style.CLASS else 'functions'}")
    for path in files:
        typer.echo(f"  {path}")
    typer.echo(f"Try it: harness validate {folder}")
