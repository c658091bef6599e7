"""`harness deps`: the dependency records of a requirements file, and the lines that the platform refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.completing import environments, task_folders
from harness.cli.deps_check import Check, check_requirements, warn
from harness.cli.deps_check import show as show_check
from harness.errors import HarnessError
from harness.findings import Severity

if TYPE_CHECKING:
    from rich.console import Console

    from harness.requirements import FixResult, Requirements
    from harness.requirements.model import Language

REQUIREMENTS_FILE = "requirements.txt"
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
# Wider than any line, so that nothing is broken or cut where the output is read by a program.
UNBROKEN_WIDTH = 100_000


def deps(
    source: Annotated[
        Path,
        typer.Argument(
            help="A requirements file, or a task folder.",
            show_default=False,
            metavar="TASK_OR_FILE",
            autocompletion=task_folders,
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output.", show_default=False)
    ] = False,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Rewrite the refused lines that have an equivalent; comments and order stay.",
            show_default=False,
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Resolve for the environment's Python, without building anything.",
            show_default=False,
        ),
    ] = False,
    env: Annotated[
        str | None,
        typer.Option(
            help="With --check, the base environment: a name, an id, a folder or image:TAG.",
            autocompletion=environments,
        ),
    ] = None,
) -> None:
    """Show the dependency records of a requirements file, and the lines that the platform refuses.

    Exit code 0: nothing is refused, 1: lines are refused or exclude each other, or with --check no set of versions
    fits, 2: the file cannot be read, or the package index not be reached.
    """
    from harness.requirements import NO_REQUIREMENTS, fix_requirements, lint_requirements, parse_requirements

    file, language = find_requirements(source)
    if fix and file is not None:
        _tell_fixed(file, fix_requirements(file, language))
    requirements = NO_REQUIREMENTS if file is None else parse_requirements(file, language)
    findings = lint_requirements(requirements)
    for finding in findings:
        typer.echo(f"{finding.severity}: {_shown(str(finding))}", err=True)
    checked = _check(source, requirements, env) if check else None
    if as_json:
        document = as_document(requirements) | ({"check": checked.to_json_dict()} if checked else {})
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        console = _console()
        _show(console, requirements)
        if checked and requirements.file is not None:
            show_check(checked, console)
    if requirements.refused or any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(1)
    if checked and checked.failed:
        raise typer.Exit(1)


def _check(source: Path, requirements: Requirements, env: str | None) -> Check:
    """Resolve, and tell what there is to warn of."""
    checked = check_requirements(source, requirements, env)
    warn(checked)
    return checked


def find_requirements(source: Path) -> tuple[Path | None, Language]:
    """Return the requirements file of a task folder (None where it has none), or the file itself, and its language.

    The language is that of the folder's code file: R where there is a custom.R and no custom.py.
    """
    if not source.exists():
        raise HarnessError(
            "There is no such file or folder.",
            remedy="Name a requirements file or a task folder.",
            file=str(source),
        )
    folder = source if source.is_dir() else source.parent
    is_r = (folder / "custom.R").is_file() and not (folder / "custom.py").is_file()
    language: Language = "r" if is_r else "python"
    if not source.is_dir():
        return source, language
    file = source / REQUIREMENTS_FILE
    return (file if file.exists() else None), language


def as_document(requirements: Requirements) -> dict[str, Any]:
    """Return what `--json` prints; `included` is there only where the file includes others."""
    document = _records(requirements)
    if requirements.all_included and requirements.file is not None:
        folder = requirements.file.parent
        document["included"] = [
            {"file": _relative(file.file, folder), **_records(file)} for file in requirements.all_included
        ]
    return document


def _records(requirements: Requirements) -> dict[str, Any]:
    return {
        "dependencies": [record.to_json_dict() for record in requirements.dependencies],
        "refused": [line.to_json_dict() for line in requirements.refused],
    }


def _relative(file: Path | None, folder: Path) -> str:
    assert file is not None
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def _tell_fixed(file: Path, result: FixResult) -> None:
    for line in result.rewritten:
        typer.echo(f"{file}:{line.line_number}: {_shown(line.before)}", err=True)
        typer.echo(f"  rewritten: {_shown(line.after)}", err=True)
    count = len(result.rewritten)
    typer.echo(f"{count} line{'' if count == 1 else 's'} rewritten.", err=True)


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, no_color=True, width=UNBROKEN_WIDTH)
    return console


def _show(console: Console, requirements: Requirements) -> None:
    if requirements.file is None:
        console.print("No requirements.txt: the task needs nothing beyond its base environment.")
        return
    _show_file(console, requirements, heading=None)
    for included in requirements.all_included:
        console.print()
        _show_file(console, included, heading=_relative(included.file, requirements.file.parent))


def _show_file(console: Console, requirements: Requirements, heading: str | None) -> None:
    from rich.table import Table
    from rich.text import Text

    if heading is not None:
        console.print(Text(f"included: {heading}", style="bold"))
    if requirements.dependencies:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("line", justify="right")
        for title in ("package", "extras", "constraints"):
            table.add_column(title, overflow="fold")
        for record in requirements.dependencies:
            constraints = ", ".join(f"{one.constraint_type} {one.version}" for one in record.constraints)
            cells: Sequence[str] = (
                str(record.line_number),
                record.package_name,
                record.extras or "-",
                constraints or "any version",
            )
            table.add_row(*(Text(_shown(cell)) for cell in cells))
        console.print(table)
    elif not requirements.refused:
        console.print("No requirements in this file.")
    for line in requirements.refused:
        console.print()
        console.print(Text(f"line {line.line_number} is refused:", style="bold red"))
        console.print(Text(_indented(line.line)))
        console.print(Text(f"  {_shown(line.reason)}"))
        if line.rewrite is not None:
            rewrite = _indented(line.rewrite).strip()
            console.print(Text.assemble(("  write: ", "bold green"), rewrite))


def _indented(text: str) -> str:
    return "\n".join(f"    {_shown(line.strip())}" for line in text.split("\n"))


def _shown(text: str) -> str:
    """Return text that is safe to print: no passwords of addresses, no control characters."""
    without_secrets = CREDENTIALS.sub("****", text)
    return "".join(
        character if character.isprintable() or character == "\n" else f"\\x{ord(character):02x}"
        for character in without_secrets
    )
