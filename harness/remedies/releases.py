"""A version that does not exist, was withdrawn, or does not install: which one to ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.builds.model import Diagnosis
from harness.package_index import Metadata, Project, Release, installable, supports_python, wheels_for
from harness.remedies.asking import ask_for_another
from harness.remedies.choosing import choose
from harness.remedies.facts import NOT_INSTALLED, Facts, Question
from harness.remedies.wording import INDEX, THE_INDEX, listed, why_it_does_not_fit


def find_version(question: Question, facts: Facts) -> Diagnosis:
    """Name the nearest versions that exist; for a version that does exist say why it was not taken."""
    project = facts.project
    if project is None:
        summary = f"{question.diagnosis.summary} {THE_INDEX} has no project of that name at all."
        return question.diagnosis.model_copy(update={"summary": summary})
    if (question.line is None and facts.asked is None) or _is_of_another_index(facts, project):
        return question.diagnosis
    matching = _matching(question, facts, project)
    if matching:
        return explain_presence(question, facts, matching)
    what = _asked_for(question, facts)
    summary = f"{THE_INDEX} has no release of {question.package}{what}{_range_of(project)}."
    local = facts.asked.local if facts.asked else None
    if local:
        summary += f" `+{local}` names a build that is only on an index of its makers."
    return ask_for_another(question, facts, summary, keep_range=True)


def _is_of_another_index(facts: Facts, project: Project) -> bool:
    """Tell whether the log speaks of versions that the index of this machine does not have."""
    return not facts.listed <= {release.version for release in project.releases}


def find_standing_version(question: Question, facts: Facts) -> Diagnosis:
    """Give the reason of the withdrawal and the nearest release that stands."""
    release = facts.project.release(facts.asked) if facts.project and facts.asked else None
    if facts.project is None or release is None:
        return question.diagnosis
    if not release.yanked:
        return explain_presence(question, facts, [release])
    summary = why_it_does_not_fit(question.package, release, question.target)
    return ask_for_another(question, facts, summary)


def find_installable_version(question: Question, facts: Facts) -> Diagnosis:
    """Say what the release lacks and name the nearest one with a wheel."""
    release = facts.project.release(facts.asked) if facts.project and facts.asked else None
    if release is None:  # a version that the index of this machine does not have comes from another one
        return question.diagnosis
    if question.diagnosis.category == "invalid_package_metadata":
        return ask_for_another(question, facts, question.diagnosis.summary)
    if wheels_for(release, question.target):
        return explain_presence(question, facts, [release])
    fact = why_it_does_not_fit(question.package, release, question.target)
    return ask_for_another(question, facts, f"{question.diagnosis.summary} {fact}")


def explain_project(question: Question, facts: Facts, project: Project) -> Diagnosis:
    """Tell of a project that the log misses and the index has.

    pip says `from versions: none` of a project, too, none of whose releases is for this Python and platform.
    """
    if any(installable(release, question.target) for release in project.releases):
        matching = _matching(question, facts, project)
        fitting = [release for release in matching if installable(release, question.target)]
        return explain_presence(question, facts, fitting or project.releases)
    return explain_presence(question, facts, _matching(question, facts, project) or project.releases)


def explain_presence(question: Question, facts: Facts, matching: Sequence[Release]) -> Diagnosis:
    """Tell of releases that the log misses and the index has: why they do not fit, or that the two disagree."""
    diagnosis, target = question.diagnosis, question.target
    fitting = [release for release in matching if installable(release, target)]
    final = [release for release in fitting or matching if not release.version.is_prerelease]
    newest = next(reversed(final or fitting or matching), None)
    if newest is None:
        summary = f"{THE_INDEX} has a project {question.package}, but no release of it."
        return diagnosis.model_copy(update={"summary": summary})
    if not fitting:
        summary = why_it_does_not_fit(question.package, newest, target)
        refined = diagnosis.model_copy(update={"category": _category(newest, question)})
        return ask_for_another(replace(question, diagnosis=refined), facts, summary)
    if not final and question.line and not question.specifier.prereleases:
        return _name_pre_release(question, facts, fitting)
    if facts.metadata.get(newest.version, Metadata()).malformed:
        return _tell_malformed(question, facts, newest)
    kind = "a wheel" if wheels_for(newest, target) else "a source distribution"
    summary = (
        f"{diagnosis.summary} But {INDEX} has {kind} of {question.package} {newest.version} for {target.described}: "
        "the build asked another index, ran on another Python or platform, or this was published since."
    )
    if diagnosis.category in NOT_INSTALLED:
        return diagnosis.model_copy(update={"summary": summary})
    suggestion = f"Build again; if it fails in the same way, compare the index that the build asks with {INDEX}."
    return diagnosis.model_copy(update={"summary": summary, "suggestion": suggestion, "replacement": None})


def _name_pre_release(question: Question, facts: Facts, fitting: Sequence[Release]) -> Diagnosis:
    written = listed(str(release.version) for release in fitting[-3:])
    newest = fitting[-1].version
    summary = f"Only pre-releases of {question.package} satisfy the line: {written}. They are taken only by name."
    suggestion = f"Ask for {question.package} {newest} by name"
    final = choose(question, facts).release
    suggestion += f", or for {final.version}, the nearest final release." if final else "."
    replacement = question.line.pinned(newest) if question.line else None
    return question.diagnosis.model_copy(
        update={"summary": summary, "suggestion": suggestion, "replacement": replacement}
    )


def _tell_malformed(question: Question, facts: Facts, release: Release) -> Diagnosis:
    written = facts.metadata[release.version].malformed[0]
    summary = (
        f"{question.package} {release.version} says of itself that it needs `{written}`, which is no requirement, and "
        "today's installers pass over such a release."
    )
    refined = question.diagnosis.model_copy(update={"category": "invalid_package_metadata"})
    return ask_for_another(replace(question, diagnosis=refined), facts, summary)


def _matching(question: Question, facts: Facts, project: Project) -> list[Release]:
    if question.line is None:
        return [release for release in project.releases if release.version == facts.asked]
    specifier = question.specifier
    return [release for release in project.releases if specifier.contains(release.version, prereleases=True)]


def _category(release: Release, question: Question) -> str:
    """Return the kind of failure that a release which cannot be taken on the target brings about."""
    if release.yanked:
        return "yanked_version"
    standing = (file for file in release.files if not file.yanked)
    for_this_python = any(supports_python(file.requires_python, question.target) for file in standing)
    return "no_compatible_wheel" if for_this_python else "python_version_mismatch"


def _asked_for(question: Question, facts: Facts) -> str:
    if question.line and question.line.pin is None:
        return f" that satisfies `{','.join(f'{c.operator}{c.version}' for c in question.line.statement.parts)}`"
    return f" {facts.asked}" if facts.asked else " in the version that is asked for"


def _range_of(project: Project) -> str:
    final = [release.version for release in project.releases if not release.version.is_prerelease]
    return f"; its releases go from {final[0]} to {final[-1]}" if len(final) > 1 else ""
