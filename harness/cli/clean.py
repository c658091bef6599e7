"""`harness clean`: remove what the harness has built on this machine."""

from __future__ import annotations

import json
from typing import Annotated

import typer

KILO = 1000


def clean(
    *,
    downloads: Annotated[
        bool, typer.Option("--downloads", help="Remove the packages that builds have downloaded, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Remove the images and venvs that the harness has built, and what killed runs have left; nothing else."""
    from harness.backends.venv.cleaning import remove_venvs
    from harness.cli.messages import Notes
    from harness.docker_presence import refuse_without_engine
    from harness.errors import BackendUnavailable

    removed = [*remove_venvs()]
    try:
        refuse_without_engine()
        from harness.backends.docker.cleaning import remove_from_engine

        removed += remove_from_engine(downloads=downloads)
    except BackendUnavailable as unavailable:
        Notes().note(f"{unavailable.finding.message}; images were not looked at.")
    if as_json:
        typer.echo(json.dumps({"removed": [removal.to_json_dict() for removal in removed]}, indent=2))
        return
    for removal in removed:
        typer.echo(f"{size_text(removal.size_bytes):>9}  {removal.kind:<18} {removal.name}")
    typer.echo(f"{size_text(sum(removal.size_bytes for removal in removed)):>9}  in all")


def size_text(size_bytes: int) -> str:
    """Return 1234567 as `1.2 MB`."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < KILO:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= KILO
    return f"{size:.1f} GB"
