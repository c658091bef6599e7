"""`harness deps --check`: what would be installed, found out without building anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from harness.cli.messages import progress
from harness.errors import HarnessError

if TYPE_CHECKING:
    from rich.console import Console

    from harness.builds.model import BuildPlan
    from harness.environments import Environment
    from harness.requirements import Requirements
    from harness.resolving import BaseChange, Conflict, Resolution
    from harness.resolving.target import Target


@dataclass(frozen=True, slots=True)
class Check:
    """The resolution of a plan, and what it does to the base environment.

    broken: why packages of the base environment that stay do not fit those that are replaced; None where they fit.
    """

    plan: BuildPlan
    target: Target
    resolution: Resolution
    changes: tuple[BaseChange, ...]
    broken: Conflict | None

    @property
    def failed(self) -> bool:
        return self.resolution.conflict is not None

    def to_json_dict(self) -> dict[str, Any]:
        """Return the value of the key `check` of `harness deps --json`."""
        found = self.resolution.to_json_dict()
        return {
            "environment": self.plan.environment.short_name,
            "pythonVersion": self.target.python_version,
            "platform": self.target.platform,
            "resolvable": self.resolution.resolvable,
            "packages": found["packages"],
            "changedBasePackages": [change.to_json_dict() for change in self.changes],
            "brokenBasePackages": self.broken.to_json_dict() if self.broken else None,
            "needsBuilding": found["needsBuilding"],
            "conflict": found["conflict"],
            "notes": found["notes"],
        }


def check_requirements(source: Path, requirements: Requirements, env: str | None) -> Check:
    """Resolve the requirements for an environment: the named one, else that of the task's metadata.

    Raises HarnessError for a language other than Python, and where there is no answer, such as without a network.
    """
    from harness.builds.plan import plan_build
    from harness.resolving import base_changes, broken_base_packages, resolve
    from harness.resolving.target import target_of

    if requirements.language != "python":
        raise HarnessError(
            "only requirements of Python tasks can be resolved", file=str(source), remedy="Leave --check out."
        )
    environment = _environment(source, env)
    plan = plan_build(environment, requirements)
    with progress("resolving"):
        resolution = resolve(plan)
        changes = base_changes(plan, resolution)
        broken = broken_base_packages(plan, resolution) if changes else None
    return Check(plan, target_of(environment), resolution, changes, broken)


def _environment(source: Path, env: str | None) -> Environment:
    from harness.environments import find_environment

    if env is None and source.is_dir():
        from harness.tasks import read_task

        env = read_task(source).metadata.environment_id
    return find_environment(env)


def warn(check: Check) -> None:
    """Tell on stderr what the reader should know before building."""
    if check.plan.environment.image is not None:
        _warn("what the image has is not known here: the packages are those of an empty environment.")
    for change in check.changes:
        _warn(
            f"the platform would replace {change.package_name} {change.from_version} of the base environment by "
            f"{change.to_version}: {change.reason}."
        )
    if check.broken is not None:
        _warn(f"what stays of the base environment does not fit that: {' '.join(check.broken.explanation)}")
    for package in check.resolution.needs_building:
        version = f" {package.version}" if package.version else ""
        _warn(
            f"{package.package_name}{version} would be built from source: what it needs, and whether it builds, cannot "
            f"be told without building.{_lines(package.line_numbers)}"
        )
    for note in check.resolution.notes:
        _warn(note)


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)


def show(check: Check, console: Console) -> None:
    """Print each requirement with the version that it would get, or why there is no set."""
    from rich.table import Table
    from rich.text import Text

    from harness.resolving.declared_lines import declared_requirements

    where = f"{check.plan.environment.name}, Python {check.target.python_version}, {check.target.platform}"
    console.print()
    conflict = check.resolution.conflict
    if conflict is not None:
        console.print(Text(f"No set of versions fits on {where}:", style="bold red"))
        for line in declared_requirements(check.plan):
            if line.line_number in conflict.line_numbers:
                console.print(Text(f"  line {line.line_number}: {line.text}"))
        for sentence in conflict.explanation:
            console.print(Text(f"  {sentence}"))
        return
    console.print(Text(f"On {where} would be installed:"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("line", justify="right")
    for title in ("requirement", "version"):
        table.add_column(title, overflow="fold")
    building = {one.package_name: f"{one.version or ''} (from source)" for one in check.resolution.needs_building}
    for line in declared_requirements(check.plan):
        shown = check.resolution.version_of(line.package) or building.get(line.package, "not on this platform")
        table.add_row(*(Text(cell) for cell in (str(line.line_number or "-"), line.text, shown)))
    console.print(table)
    rest = sum(not package.is_declared for package in check.resolution.packages)
    if rest:
        console.print(f"and {rest} package{'' if rest == 1 else 's'} that these need.")


def _lines(numbers: tuple[int, ...]) -> str:
    if not numbers:
        return ""
    return f" It comes by line{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}."
