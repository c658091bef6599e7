"""The command line: each command parses, calls one function of the library, renders, and returns a code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from harness.cli.admin import admin
from harness.cli.arguments import spread
from harness.cli.build import build
from harness.cli.bundle import bundle
from harness.cli.check import check
from harness.cli.clean import clean
from harness.cli.compare import compare
from harness.cli.completion import answer_shells, completion
from harness.cli.deps import deps
from harness.cli.diagnose import diagnose
from harness.cli.doctor import doctor
from harness.cli.envs import envs
from harness.cli.init import init
from harness.cli.lock import lock
from harness.cli.serve import serve
from harness.cli.shell import shell
from harness.cli.validate import INTERRUPTED, validate
from harness.version import __version__

ENDED = "Interrupted; everything that was started has been ended.\n"

app = typer.Typer(
    name="harness",
    help="Validate custom tasks on this machine before you upload them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    init,
    validate,
    check,
    compare,
    deps,
    build,
    bundle,
    diagnose,
    lock,
    shell,
    serve,
    doctor,
    completion,
    clean,
):
    app.command()(command)
app.add_typer(envs)
app.add_typer(admin)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"harness {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that come before a command."""


def run() -> int:
    """Run the command line and return its exit code; an error becomes one message on stderr."""
    from harness.errors import HarnessError

    answer_shells()
    try:
        app(list(spread(sys.argv[1:])))
    except SystemExit as end:
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            sys.stderr.write(ENDED)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except HarnessError as error:
        from harness.cli.messages import show_error

        show_error(error.finding)
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write(ENDED)
        return INTERRUPTED
    return 0
