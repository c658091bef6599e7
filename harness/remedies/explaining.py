"""Go beyond the log of a failed build: what the index knows, what uv's resolver says, and which changes may help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import canonicalize_name

from harness.builds.model import BuildPlan, BuildResult, Diagnosis
from harness.errors import HarnessError
from harness.package_index import Target
from harness.remedies.changes import Change
from harness.remedies.improving import improve
from harness.requirements import STANDARD_LIBRARY
from harness.resolving import Relaxation, relaxations, resolve, second_opinion
from harness.resolving.as_of import unresolvable
from harness.resolving.second_opinion import CATEGORIES as CONFLICTS
from harness.resolving.target import USUAL_PYTHON


def explain_further(plan: BuildPlan, result: BuildResult) -> Diagnosis | None:
    """Return the diagnosis of a failed build with what the index and uv's resolver add; None where there is none.

    Without network it stays as the log gave it.
    """
    diagnosis = result.diagnosis
    if diagnosis is None:
        return None
    target = Target.of(result.python_version or plan.environment.python_version or USUAL_PYTHON)
    improved = improve(
        diagnosis,
        plan.declared,
        plan.constraints,
        target,
        installed=plan.environment_requirements,
        as_of=plan.options.as_of,
    )
    return _on_conflict(plan, improved, result.installer) if improved.category in CONFLICTS else improved


def suggest_changes(plan: BuildPlan, diagnosis: Diagnosis) -> tuple[Change, ...]:
    """Return the changes that may help, each for itself, the most certain first."""
    return tuple(dict.fromkeys(_suggested(plan, diagnosis)))


def foresee_failure(plan: BuildPlan) -> BuildResult | None:
    """Return the failure that uv's resolver foretells, without building; None where it sees no reason for one."""
    started = datetime.now(UTC)
    try:
        resolution = resolve(plan, as_of=plan.options.as_of)
    except HarnessError:
        return None
    return unresolvable(plan, resolution, started, "Resolving without building")


def _on_conflict(plan: BuildPlan, diagnosis: Diagnosis, installer: str) -> Diagnosis:
    """Return the diagnosis with uv's opinion, where pip has failed, and the way out that uv finds."""
    if installer == "uv":
        return _with_way_out(plan, diagnosis)
    opinion = second_opinion(plan)
    if opinion.differs:
        suggestion = " ".join(filter(None, (diagnosis.suggestion, str(opinion))))
        return diagnosis.model_copy(update={"suggestion": suggestion})
    if opinion.resolvable is False:
        diagnosis = diagnosis.model_copy(update={"evidence": (*diagnosis.evidence, str(opinion))})
    return _with_way_out(plan, diagnosis)


def _with_way_out(plan: BuildPlan, diagnosis: Diagnosis) -> Diagnosis:
    """Return the diagnosis with the single changes of a line with which uv finds a set, where there are any."""
    found = relaxations(plan, _packages(diagnosis))
    if not found:
        return diagnosis
    own = next((one.replacement for one in found if one.line_number == diagnosis.line_number), None)
    return diagnosis.model_copy(
        update={"suggestion": _as_suggestion(found), "replacement": diagnosis.replacement or own}
    )


def _as_suggestion(found: tuple[Relaxation, ...]) -> str:
    first, *others = (f"`{one.replacement}` in line {one.line_number}" for one in found)
    alternatives = "".join(f", or {other}" for other in others)
    return f"Write {first}{alternatives}: uv finds a set of versions then."


def _packages(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return the packages whose lines have a part in a conflict."""
    named = [diagnosis.package_name, *(one.package_name for one in diagnosis.related)]
    with suppress(InvalidRequirement):
        named.append(PackagingRequirement((diagnosis.line or "").partition(" #")[0]).name)
    return tuple(dict.fromkeys(canonicalize_name(name) for name in named if name))


def _suggested(plan: BuildPlan, diagnosis: Diagnosis) -> Iterator[Change]:
    number = diagnosis.line_number
    if diagnosis.category == "duplicate_requirement":
        lines = [number, *(one.line_number for one in diagnosis.related)]
        yield from (Change(line, None) for line in lines if line is not None)
    if number is not None and diagnosis.replacement is not None:
        yield Change(number, diagnosis.replacement)
    if number is not None and diagnosis.category == "no_such_package":
        named = (diagnosis.package_name or "").lower().replace("_", "-")
        if named in STANDARD_LIBRARY:
            yield Change(number, None)
    if diagnosis.category == "binary_incompatibility" and not _has_line(plan, "numpy"):
        yield Change(None, "numpy<2")
    if diagnosis.category in CONFLICTS:
        for one in relaxations(plan, _packages(diagnosis)):
            yield Change(one.line_number, one.replacement)


def _has_line(plan: BuildPlan, package: str) -> bool:
    return any(entry.name and canonicalize_name(entry.name) == package for entry in plan.declared.entries)
