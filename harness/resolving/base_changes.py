"""What a task's requirements do to the packages of its base environment: the platform replaces them without a word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.builds.model import BuildPlan
from harness.resolving.declared_lines import DeclaredRequirement, declared_requirements
from harness.resolving.explanation import read_conflict, without_wheels
from harness.resolving.model import BaseChange, Conflict, Resolution, ResolvedPackage
from harness.resolving.resolve import base_pins, question_of
from harness.resolving.uv_compile import TIMEOUT_SECONDS, ask
from harness.resolving.versions import same_version


def base_changes(plan: BuildPlan, resolution: Resolution) -> tuple[BaseChange, ...]:
    """Return the base environment's pins that the resolution does not keep, each with what needs the change: pure."""
    pins = base_pins(plan)
    declared = declared_requirements(plan)
    return tuple(
        BaseChange(
            package_name=package.package_name,
            from_version=pins[package.package_name],
            to_version=package.version,
            line_numbers=package.line_numbers,
            reason=_reason(package, pins[package.package_name], declared),
        )
        for package in resolution.packages
        if package.package_name in pins and not same_version(package.version, pins[package.package_name])
    )


def broken_base_packages(
    plan: BuildPlan, resolution: Resolution, timeout_seconds: float = TIMEOUT_SECONDS
) -> Conflict | None:
    """Return why packages of the base environment that stay do not fit those that are replaced; None where they fit.

    pip does not look at them, replaces the others and only prints a warning; an import then fails or, worse, does not.
    """
    pins = base_pins(plan)
    chosen = {package.package_name: package.version for package in resolution.packages}
    question = question_of(plan)
    together = {**pins, **{name: version for name, version in chosen.items() if name in pins}}
    lines = tuple(f"{name}=={version}" for name, version in together.items())
    answer = ask(replace(question, requirements=lines, constraints=(), preferences=()), timeout_seconds)
    return None if answer.solved or without_wheels(answer.words) else read_conflict(answer.words, {})


def _reason(package: ResolvedPackage, pinned: str, declared: Iterable[DeclaredRequirement]) -> str:
    """Return which line needs the change: its own where that excludes the pin, else one that brings it."""
    lines = [line for line in declared if line.line_number in package.line_numbers]
    own = [line for line in lines if line.package == package.package_name]
    excluding = [line for line in own if not line.requirement.specifier.contains(pinned, prereleases=True)]
    if excluding:
        return f"line {excluding[0].line_number} needs {excluding[0].text}"
    others = [line for line in lines if line.package != package.package_name]
    if others:
        return f"line {others[0].line_number} ({others[0].text}) brings it"
    return "the requirements bring it"
