"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.completing import backends, environments

EnvOption = Annotated[
    str | None,
    typer.Option(help="Base environment: a name, an id, a folder or image:TAG.", autocompletion=environments),
]
BackendOption = Annotated[str, typer.Option(help="Where to build: auto, docker or venv.", autocompletion=backends)]
BuildArgOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A value for the Dockerfile's ARG; once for each."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Take only what was on the package index by then: 2024-03-01."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
