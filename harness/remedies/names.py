"""A name that the index does not have, or that its owner has given up: what to write in its place."""

from __future__ import annotations

from harness.builds.model import Diagnosis
from harness.package_index import Project
from harness.package_index.names import is_standard_library, prebuilt_names, real_name
from harness.remedies.choosing import choose
from harness.remedies.facts import NOT_INSTALLED, Facts, Question
from harness.remedies.releases import explain_project
from harness.remedies.wording import INDEX, listed, quoted


def find_name(question: Question, facts: Facts) -> Diagnosis:
    """Name the project that is meant; say so where the index of this machine has the one that the log misses."""
    package = question.package
    if question.line is None:
        return question.diagnosis
    if is_standard_library(package):
        return drop_line(question)
    if facts.nearest and (facts.project is None or real_name(package)):
        return propose_name(question, facts)
    if facts.project is not None:
        return explain_project(question, facts, facts.project)
    return question.diagnosis.model_copy(
        update={
            "suggestion": f"Correct the name: {INDEX} has neither this one nor one near it among the packages that are "
            "used most. A package of your own organisation has to be on an index that the platform asks."
        }
    )


def find_successor(question: Question, facts: Facts) -> Diagnosis:
    """Name the project that took the place of one that was given up."""
    return propose_name(question, facts) if facts.nearest and question.line else question.diagnosis


def drop_line(question: Question) -> Diagnosis:
    """Say that Python itself brings the module."""
    return question.diagnosis.model_copy(
        update={
            "suggestion": f"Remove the line: `{question.package}` is a module of Python itself, and nothing has to be "
            "installed for it.",
            "replacement": None,
        }
    )


def propose_name(question: Question, facts: Facts) -> Diagnosis:
    """Write the nearest project into the line; where another line has it already, the line goes."""
    meant, *others = facts.nearest
    other_line = question.limits.lines.get(meant.name)
    if other_line:
        suggestion = f"Remove the line: {quoted(meant.name)}, which is meant, stands on line {other_line}."
        return question.diagnosis.model_copy(update={"suggestion": suggestion, "replacement": None})
    if meant.name in prebuilt_names(question.package):
        suggestion = f"Write {quoted(meant.name)}: it has the same modules, built beforehand."
    elif question.diagnosis.category in NOT_INSTALLED | {"deprecated_package"}:
        suggestion = (
            f"Write {quoted(meant.name)}: that is the package which took the place of {quoted(question.package)}."
        )
    elif real_name(question.package) == meant.name:
        suggestion = f"Write {quoted(meant.name)}: that is the package which {quoted(question.package)} stands for."
    else:
        suggestion = f"Write {quoted(meant.name)}, the nearest name on {INDEX}."
        if others:
            suggestion += f" Near as well: {listed(quoted(project.name) for project in others)}."
    return question.diagnosis.model_copy(
        update={"suggestion": suggestion, "replacement": _renamed(question, facts, meant)}
    )


def _renamed(question: Question, facts: Facts, meant: Project) -> str | None:
    """Return the line with the right name. Its versions stay where the project has a release that they allow.

    Otherwise a pin becomes the nearest version of the same major one, and where there is none the versions go: those
    of a project that was given up say nothing about another one.
    """
    line = question.line
    if line is None:
        return None
    chosen = choose(question, facts).release
    if not line.specifier or (chosen and line.specifier.contains(chosen.version, prereleases=True)):
        return line.renamed(meant.name, keep_versions=True)
    same_major = chosen and line.pin and chosen.version.major == line.pin.major
    return line.renamed(meant.name, chosen.version if chosen and same_major else None)
