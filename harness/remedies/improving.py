"""Improve a diagnosis: find its line, ask the index, decide what the answers mean."""

from __future__ import annotations

from datetime import datetime

from packaging.utils import canonicalize_name

from harness.builds.model import Diagnosis
from harness.package_index import IndexUnavailable, PackageIndex, Target, open_index
from harness.remedies.facts import ANSWERED, Question, gather_facts
from harness.remedies.limits import read_limits
from harness.remedies.lines import WrittenLine, find_line
from harness.remedies.remedy import decide
from harness.requirements import Requirements


def improve(
    diagnosis: Diagnosis,
    requirements: Requirements,
    constraints: tuple[str, ...],
    target: Target,
    *,
    installed: tuple[str, ...] = (),
    as_of: datetime | None = None,
    index: PackageIndex | None = None,
) -> Diagnosis:
    """Return the diagnosis with what the package index of this machine knows, and the line to try next.

    requirements: the file that was installed. constraints: the versions that the base environment keeps, one
    requirement each; a replacement keeps to them. installed: what the base environment has, which the requirements
    may replace. target: for which Python and platform. as_of: what was published later does not
    count. index: the one to ask, that of this machine's pip where None; it has an `as_of` of its own.
    Without an answer in its time the diagnosis stays as it is.
    """
    if (
        diagnosis.category not in ANSWERED
        or requirements.language == "r"
        or not (diagnosis.package_name or diagnosis.line_number)
    ):
        return diagnosis
    if diagnosis.line_number and find_line(requirements, diagnosis.line_number) is None:
        return diagnosis  # a file, an address or a repository was asked for, and no index
    limits = read_limits(requirements, constraints, installed, target, diagnosis.line_number)
    question = Question(diagnosis, _line_at_fault(diagnosis, requirements), limits, target)
    try:
        if index is not None:
            return decide(question, gather_facts(question, index))
        with open_index(as_of=as_of) as opened:
            return decide(question, gather_facts(question, opened))
    except IndexUnavailable:
        return diagnosis


def _line_at_fault(diagnosis: Diagnosis, requirements: Requirements) -> WrittenLine | None:
    """Return the line where it asks for the package at fault itself, and not for one that needs it."""
    line = find_line(requirements, diagnosis.line_number)
    if line is None or diagnosis.package_name is None:
        return line
    return line if canonicalize_name(line.name) == canonicalize_name(diagnosis.package_name) else None
