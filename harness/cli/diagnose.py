"""`harness diagnose`: why a dependency build failed, from its log alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.completing import environments
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.builds.model import Diagnosis


def diagnose(
    log: Annotated[
        str,
        typer.Argument(
            help="The build's output: a file, also a .gz or a logs.tar.gz; - for standard input.", show_default=False
        ),
    ],
    *,
    requirements: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The requirements.txt that was built.", show_default=False)
    ] = None,
    constraints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The versions that the base environment pins.", show_default=False),
    ] = None,
    exit_code: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="The installer's exit code; 137 or 124 can be all that tells.", show_default=False
        ),
    ] = None,
    env: Annotated[
        str | None,
        typer.Option(
            help="Base environment, for what the index has for its Python.",
            show_default=False,
            autocompletion=environments,
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the package index for more.", show_default=False)
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_default=False)] = False,
) -> None:
    """Explain why a dependency build failed: which line of requirements.txt, why, and what to write instead.

    With --requirements the package index is asked for names and versions that exist. Exit code 0 whatever the log
    tells, 2: a file cannot be read.
    """
    diagnosis = diagnose_files(log, requirements, constraints, exit_code)
    if requirements is not None and not offline:
        diagnosis = with_index_facts(diagnosis, requirements, constraints, env)
    if as_json:
        typer.echo(json.dumps(diagnosis.to_json_dict(), indent=2, ensure_ascii=False))
    else:
        typer.echo(as_text(diagnosis, requirements))


def diagnose_files(log: str, requirements: Path | None, constraints: Path | None, exit_code: int | None) -> Diagnosis:
    """Return the diagnosis of a log, with what the files beside it tell.

    Raises HarnessError where one of them cannot be read; a requirements file that is no text is one that can.
    """
    from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
    from harness.builds.diagnosis.log_files import read_log

    facts = Facts(
        Declared.read(requirements) if requirements else Declared(),
        Declared.read(constraints) if constraints else Declared(),
        exit_code,
    )
    return diagnose(BuildLog.of(read_log(log)), facts)


def with_index_facts(
    diagnosis: Diagnosis, requirements: Path, constraints: Path | None, environment: str | None
) -> Diagnosis:
    """Return the diagnosis with what this machine's package index knows; as it is where there is nothing to ask."""
    if diagnosis.package_name is None:
        return diagnosis
    from harness.environments import find_environment
    from harness.package_index import Target
    from harness.remedies import improve
    from harness.requirements import normalised, parse_requirements
    from harness.resolving.target import USUAL_PYTHON

    python = find_environment(environment).python_version if environment else None
    try:
        pins = normalised(parse_requirements(constraints)) if constraints else ()
        parsed = parse_requirements(requirements)
    except HarnessError:
        return diagnosis
    return improve(diagnosis, parsed, pins, Target.of(python or USUAL_PYTHON))


def as_text(diagnosis: Diagnosis, requirements: Path | None) -> str:
    """Return one paragraph with place, cause and fix, the lines that prove it, and what to write instead."""
    paragraph = f"{_place(diagnosis, requirements)}{diagnosis.summary} {diagnosis.suggestion or ''}".rstrip()
    lines = [paragraph, *(f"    {line}" for line in diagnosis.evidence)]
    if diagnosis.replacement is not None:
        place = f"replace line {diagnosis.line_number} by" if diagnosis.line_number else "write instead"
        lines.append(f"{place}: {diagnosis.replacement}")
    return _printable("\n".join(lines))


def _place(diagnosis: Diagnosis, requirements: Path | None) -> str:
    if diagnosis.line_number is None:
        return ""
    written = " ".join((diagnosis.line or "").replace("\\\n", " ").split())
    return f"{requirements or 'requirements.txt'}:{diagnosis.line_number}: `{written}`: "


def _printable(text: str) -> str:
    """Return the text without control characters, which a log or a line may hold to fool a terminal."""
    return "".join(
        character if character.isprintable() or character == "\n" else f"\\x{ord(character):02x}" for character in text
    )
