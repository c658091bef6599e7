"""`harness envs`: the base environments."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def envs(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Show the base environments: their names, ids and Python versions."""
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
                "requiredMetadataKeys": environment.required_metadata_keys,
            }
            for environment in environments
        ]
        typer.echo(json.dumps({"environments": document}, indent=2))
        return
    for environment in environments:
        python = f"Python {environment.python_version}" if environment.python_version else ""
        typer.echo(f"{environment.short_name:<20} {environment.id}  {python}")
        typer.echo(f"  {environment.description}")
