"""`harness shell`: look around in the very container that a run would use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.arguments import read_build_args
from harness.cli.building import refuse_lines
from harness.cli.completing import task_folders
from harness.cli.messages import progress
from harness.cli.options import BuildArgOption, EnvOption
from harness.vocabulary import NetworkPolicy, TargetType


def shell(
    task: Annotated[Path, typer.Argument(help="The task folder.", autocompletion=task_folders)],
    *,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="CSV, Parquet, Arrow or MatrixMarket data.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The target column.")] = None,
    target_type: Annotated[TargetType | None, typer.Option(help="Only where model-metadata.yaml does not say.")] = None,
    env: EnvOption = None,
    build_arg: BuildArgOption = None,
    network: Annotated[
        NetworkPolicy, typer.Option(help="Whether the container may use the network.")
    ] = NetworkPolicy.ISOLATED,
    memory: Annotated[int | None, typer.Option(help="Bytes that the container may use at most.")] = None,
) -> None:
    """Open a shell where a run of the task would happen, with the data in place. Needs Docker."""
    import subprocess
    import sys
    from contextlib import ExitStack

    from harness.settings import Settings
    from harness.shell import shell_command
    from harness.tasks import read_task
    from harness.workers.container import WORKER_FOLDER

    settings = Settings(
        input=input_file,
        target=target,
        target_type=target_type,
        environment=env,
        build_args=read_build_args(build_arg or []),
        network=network,
        memory_bytes=memory,
    )
    found = read_task(task)
    refuse_lines(found.requirements)
    with ExitStack() as stack:
        with progress(found.name) as watching:
            command = stack.enter_context(shell_command(found, settings, watching))
        if sys.stdin.isatty():
            typer.echo(f"Fit with: python3 {WORKER_FOLDER} fit", err=True)
        code = subprocess.run(command, check=False).returncode
    raise typer.Exit(code)
