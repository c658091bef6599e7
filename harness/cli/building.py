"""What the commands that build dependencies have in common: from a task and options to a plan and a backend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from harness.cli.messages import Notes
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.backends import Backend
    from harness.builds.model import BuildOptions, BuildPlan, BuildResult
    from harness.requirements import Requirements
    from harness.tasks.model import Task


def plan_task_build(task: Task, env: str | None, backend: str, options: BuildOptions) -> tuple[BuildPlan, Backend]:
    """Return the plan of a task's dependency build, and where it happens.

    Raises HarnessError for an unknown environment or backend, and where the backend does not know the task's language.
    """
    from harness.backends import open_backend, refuse_other_languages
    from harness.builds.plan import plan_build
    from harness.environments import find_environment

    environment = find_environment(env or task.metadata.environment_id)
    where = open_backend(backend, Notes())
    refuse_other_languages(task, where)
    return plan_build(environment, task.requirements, task, options), where


def refuse_lines(requirements: Requirements) -> None:
    """Raise HarnessError for the first line that the platform refuses: it would not come to a build."""
    for line in requirements.refused:
        raise HarnessError(
            f"{line.line.strip()!r}: {line.reason}",
            file=str(requirements.file),
            line=line.line_number,
            remedy=f"Write {line.rewrite!r}." if line.rewrite else "See 'harness deps'.",
        )


def explained(plan: BuildPlan, result: BuildResult) -> BuildResult:
    """Return a failed build with all that can be found out about its cause."""
    if result.diagnosis is None:
        return result
    from harness.remedies import explain_further

    return replace(result, diagnosis=explain_further(plan, result))


class BuildLines(Notes):
    """Prints the installer's lines as they come."""

    def build_line(self, line: str) -> None:
        typer.echo(line)
