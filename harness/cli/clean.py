"""`harness clean`: remove what the harness has built on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.removals import Removal

KILO = 1000


def clean(
    *,
    downloads: Annotated[
        bool, typer.Option("--downloads", help="Remove the packages that builds have downloaded, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Remove the images and venvs that the harness has built, and what killed runs have left; nothing else."""
    removed = []
    for removal in _remove(downloads=downloads):
        removed.append(removal)
        if not as_json:
            typer.echo(f"{size_text(removal.size_bytes):>9}  {removal.kind:<18} {removal.name}")
    if as_json:
        typer.echo(json.dumps({"removed": [removal.to_json_dict() for removal in removed]}, indent=2))
    else:
        typer.echo(f"{size_text(sum(removal.size_bytes for removal in removed)):>9}  in all")


def _remove(*, downloads: bool) -> Iterator[Removal]:
    """Remove venvs, and images where there is an engine; yield what went."""
    from harness.backends.venv.cleaning import remove_venvs
    from harness.cli.messages import Notes
    from harness.docker_presence import refuse_without_engine
    from harness.errors import BackendUnavailable

    yield from remove_venvs()
    try:
        refuse_without_engine()
        from harness.backends.docker.cleaning import remove_from_engine

        yield from remove_from_engine(downloads=downloads)
    except BackendUnavailable as unavailable:
        Notes().note(f"{unavailable.finding.message}; images may be left.")


def size_text(size_bytes: int) -> str:
    """Return 1234567 as `1.2 MB`."""
    size, units = float(size_bytes), ["GB", "MB", "kB", "B"]
    while round(size, 1) >= KILO and len(units) > 1:
        size /= KILO
        units.pop()
    return f"{size:.0f} B" if units[-1] == "B" else f"{size:.1f} {units[-1]}"
