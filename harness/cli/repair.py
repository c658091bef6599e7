"""`harness build --repair`: look for the smallest change to requirements.txt that builds, and show it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from harness.cli.building import refuse_lines
from harness.cli.messages import progress
from harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.backends.base import Backend
    from harness.builds.model import BuildPlan
    from harness.remedies.changes import Change
    from harness.remedies.repair import Attempt, Repair


def run_repair(plan: BuildPlan, backend: Backend, *, most_builds: int, write: bool, as_json: bool) -> int:
    """Repair the task's requirements.txt; return 0 where something builds, 3 where nothing that was tried does.

    Lines that the platform refuses are written as it accepts them first; those without such a form raise HarnessError.
    """
    from harness.builds.plan import plan_build
    from harness.remedies import explain_further, foresee_failure, repair, suggest_changes
    from harness.remedies.changes import as_diff, parse_text
    from harness.requirements.decoding import read_text
    from harness.requirements.editing import with_raw_lines, write_text
    from harness.resolving.as_of import build_as_of

    file = plan.declared.file
    if file is None:
        raise HarnessError("the task has no requirements.txt to repair", remedy="Leave --repair out, or add the file.")
    original = read_text(file)
    rewrites = {line.source: line.rewrite for line in plan.declared.lines if line.rewrite is not None}
    accepted = replace(original, text=with_raw_lines(original.text, rewrites))
    requirements = parse_text(accepted, accepted.text)
    refuse_lines(replace(requirements, file=file))
    with progress(file.parent.name) as watching:
        found = repair(
            plan_build(plan.environment, requirements, None, plan.options),
            accepted,
            build=lambda tried: build_as_of(tried, backend.build, watching),
            explain=explain_further,
            suggest=suggest_changes,
            foresee=foresee_failure,
            most_builds=most_builds,
        )
    diff = as_diff(original.text, found.text) if found.text is not None else ""
    written = bool(write and diff)
    if found.text is not None and written:
        write_text(file, original, found.text)
    if as_json:
        typer.echo(as_document(found, diff, written=written))
    else:
        show_repair(found, file, diff, written=written)
    return 0 if found.succeeded else 3


def show_repair(found: Repair, file: Path, diff: str, *, written: bool) -> None:
    """Print each build that was tried, and the diff to what builds."""
    for number, attempt in enumerate(found.attempts, start=1):
        changed = ", ".join(str(one) for one in _sorted(attempt)) or "as it is"
        typer.echo(f"build {number}, {changed}: {'builds' if attempt.result.succeeded else 'fails'}")
        if attempt.diagnosis:
            typer.echo(f"  {attempt.diagnosis.as_paragraph()}")
    if diff:
        typer.echo(diff, nl=False)
        typer.echo(f"Written to {file}." if written else "Add --write to write it.")
    elif found.succeeded:
        typer.echo("Nothing to repair: the dependencies build as they are.")
    elif found.exhausted:
        typer.echo("Nothing that was tried builds; --most-builds allows more.")
    else:
        typer.echo("No repair is known.")


def as_document(found: Repair, diff: str, *, written: bool) -> str:
    """Return the JSON document of a repair; `diff` is null where nothing builds."""
    document = {
        "repaired": found.succeeded,
        "diff": diff if found.succeeded else None,
        "written": written,
        "attempts": [
            {
                "changes": [
                    {"lineNumber": change.line_number, "requirement": change.requirement} for change in _sorted(attempt)
                ],
                "buildStatus": attempt.result.status.value,
                "diagnosis": attempt.diagnosis.to_json_dict() if attempt.diagnosis else None,
            }
            for attempt in found.attempts
        ],
    }
    return json.dumps(document, indent=2)


def _sorted(attempt: Attempt) -> list[Change]:
    return sorted(attempt.changes, key=lambda change: (change.line_number or 0, change.requirement or ""))
