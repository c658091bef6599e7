"""`harness serve`: the platform's Custom Tasks API on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.completing import backends

DataFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where the server keeps everything; else task-harness/server in the folder of the user's data.",
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database-url", metavar="URL", help="PostgreSQL in place of SQLite: postgresql://user@host/name."),
]


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8080,
    data_dir: DataFolderOption = None,
    database_url: DatabaseOption = None,
    token: Annotated[
        str | None, typer.Option(help="The first user's token; else one is made and printed once.")
    ] = None,
    backend: Annotated[
        str, typer.Option(help="Where to build and train: auto, docker or venv.", autocompletion=backends)
    ] = "auto",
    env: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="A base environment beside the bundled ones; once for each."),
    ] = None,
    max_upload: Annotated[
        int, typer.Option(min=1, metavar="BYTES", help="What one upload may have at most.")
    ] = 2_147_483_648,
    jobs: Annotated[int, typer.Option(min=1, help="How many builds and trainings go on at once.")] = 2,
) -> None:
    """Serve the platform's Custom Tasks API, with builds and trainings on this machine."""
    from harness.server.serving import serve as run
    from harness.server.settings import ServerSettings, default_data_folder

    settings = ServerSettings(
        data_folder=(data_dir or default_data_folder()).absolute(),
        host=host,
        port=port,
        database_url=database_url,
        token=token,
        backend=backend,
        environments=tuple(env or ()),
        largest_upload_bytes=max_upload,
        jobs=jobs,
    )
    run(settings)
