"""Explain a failed build: ask every recogniser, choose the cause that explains the others, find the line at fault."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.attribution import related_lines, responsible_line
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.categories import NONE, UNKNOWN, rank
from harness.builds.diagnosis.declared import Declared
from harness.builds.diagnosis.model import Cause, Facts
from harness.builds.diagnosis.outcome import installed_at, succeeded
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.recognisers import RECOGNISERS
from harness.builds.model import BuildPlan, Diagnosis

UNUSABLE = frozenset(
    {
        "invalid_package_metadata",
        "missing_system_library",
        "missing_compiler",
        "missing_build_dependency",
        "broken_build_script",
        "out_of_memory",
    }
)
NOT_THERE = frozenset(
    {"no_such_package", "no_such_version", "yanked_version", "python_version_mismatch", "no_compatible_wheel"}
)
TELLING_LINES = 12
LONGEST_LINE = 500
# What goes wrong with packages that are installed already.
AFTER_INSTALLING = frozenset({"binary_incompatibility", "missing_shared_library", "import_error"})
_TROUBLE = Pattern(r"error|fail|cannot|could not|no such|conflict|because|not found|unable", re.IGNORECASE)


def diagnose(log: BuildLog, facts: Facts) -> Diagnosis:
    """Return why the build failed; never raises, whatever the log holds.

    Its category is `none` where the build succeeded, and `unknown`, with the most telling lines, where no cause shows.
    """
    causes = [cause for recognise in RECOGNISERS for cause in recognise(log, facts)]
    has_installed = succeeded(log, facts.exit_code)
    if has_installed:
        since = installed_at(log)
        causes = [cause for cause in causes if cause.category in AFTER_INSTALLING and cause.position > since]
    causes = _without_consequences(causes)
    if causes:
        return explained(log, facts, choose(causes))
    if has_installed:
        return Diagnosis(category=NONE, summary="The build succeeded.")
    return Diagnosis(
        category=UNKNOWN,
        summary="The installer failed, and its log does not show a known cause.",
        suggestion="Read the lines below, and the whole log.",
        evidence=telling_lines(log),
    )


def diagnose_build(plan: BuildPlan, lines: Iterable[str], exit_code: int | None) -> Diagnosis:
    """Return why the build of `plan` failed; lines: what the installer said."""
    facts = Facts(Declared.of(plan.declared), Declared.of(plan.pinned), exit_code)
    return diagnose(BuildLog.of("\n".join(lines)), facts)


def _without_consequences(causes: list[Cause]) -> list[Cause]:
    """Return the causes without "there is no release" of a project whose release was tried and cannot be used.

    pip 21 passes over a release that cannot be built, and every pip over one whose metadata is wrong; then they say
    that there is none.
    """
    tried = {canonicalize_name(cause.package) for cause in causes if cause.category in UNUSABLE and cause.package}
    return [
        cause
        for cause in causes
        if cause.category not in NOT_THERE or not cause.package or canonicalize_name(cause.package) not in tried
    ]


def choose(causes: Iterable[Cause]) -> Cause:
    """Return the cause to tell: the most specific category, and of several of one category the last in the log."""
    return min(causes, key=lambda cause: (rank(cause.category), -cause.position))


def explained(log: BuildLog, facts: Facts, cause: Cause) -> Diagnosis:
    """Return the cause with the requirements line that it goes back to."""
    line = responsible_line(log, facts, cause)
    return Diagnosis(
        category=cause.category,
        summary=cause.summary,
        package_name=cause.package,
        line_number=line.line_number if line else None,
        line=line.line if line else None,
        related=related_lines(facts, cause, line),
        suggestion=cause.suggestion,
        replacement=cause.replacement,
        evidence=tuple(text[:LONGEST_LINE] for text in cause.evidence[:TELLING_LINES]),
    )


def telling_lines(log: BuildLog) -> tuple[str, ...]:
    """Return the last lines that speak of trouble, else the last lines; from the end of the log, where causes stand."""
    tail = [line.strip() for line in log.text[-200_000:].splitlines() if line.strip()]
    told = list(dict.fromkeys(line[:LONGEST_LINE] for line in tail if _TROUBLE.search(line[:LONGEST_LINE])))
    return tuple((told or [line[:LONGEST_LINE] for line in tail])[-TELLING_LINES:])
