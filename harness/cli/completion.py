"""`harness completion`: what a shell needs to complete commands, options and their values."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, Any

import typer

PROGRAM = "harness"
VARIABLE = "_HARNESS_COMPLETE"


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell that is to complete.", metavar="bash|zsh|fish")],
) -> None:
    """Print the script that makes a shell complete harness's commands, options and values.

    bash: put eval "$(harness completion bash)" into ~/.bashrc. zsh: the same with zsh into ~/.zshrc, after compinit.
    fish: harness completion fish > ~/.config/fish/completions/harness.fish
    """
    from typer._completion_shared import get_completion_script

    typer.echo(get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell))


def answer_shells() -> None:
    """Let typer answer a shell that asks what could come next; it does so by itself only where it may install itself.

    Values stay as they are written in this process, which spares each keystroke the imports of pydantic and rich.
    """
    if VARIABLE not in os.environ:
        return
    from typer import _completion_classes as shells
    from typer.core import TyperArgument, TyperOption

    shells.completion_init()
    shells._sanitize_help_text = _as_it_is  # noqa: SLF001 - our help has no markup for rich to take out
    kinds: tuple[Any, ...] = (TyperArgument, TyperOption)
    for kind in kinds:
        kind.get_runtime_param = _as_written


class _Written:
    """Stands for what turns a parameter's value into its type."""

    def coerce(self, value: Any, **_: Any) -> Any:
        return value


def _as_written(_parameter: object) -> _Written:
    return _Written()


def _as_it_is(text: str) -> str:
    return text
