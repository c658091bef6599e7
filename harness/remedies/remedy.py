"""Decide what the facts mean for a diagnosis: pure, one function a kind of failure."""

from __future__ import annotations

from collections.abc import Callable

from harness.builds.model import Diagnosis
from harness.package_index.names import is_standard_library
from harness.remedies.facts import (
    COMPILED_AGAINST_ANOTHER,
    NOT_INSTALLED,
    OTHER_HASH,
    Facts,
    Question,
)
from harness.remedies.files import explain_compiled_code, explain_hash
from harness.remedies.names import drop_line, find_name, find_successor, propose_name
from harness.remedies.releases import find_installable_version, find_standing_version, find_version

DECISIONS: dict[str, Callable[[Question, Facts], Diagnosis]] = {
    "no_such_package": find_name,
    "deprecated_package": find_successor,
    **dict.fromkeys(NOT_INSTALLED, find_installable_version),
    "no_such_version": find_version,
    "yanked_version": find_standing_version,
    COMPILED_AGAINST_ANOTHER: explain_compiled_code,
    OTHER_HASH: explain_hash,
}


def decide(question: Question, facts: Facts) -> Diagnosis:
    """Return the diagnosis as the facts let it be told."""
    category = question.diagnosis.category
    if category in NOT_INSTALLED and question.line and is_standard_library(question.package):
        return drop_line(question)
    if category in NOT_INSTALLED and question.line and facts.nearest:
        return propose_name(question, facts)
    return DECISIONS[category](question, facts)
