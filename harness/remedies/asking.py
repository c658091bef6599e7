"""Say which release to ask for, and why that one; or why there is none."""

from __future__ import annotations

from packaging.version import Version

from harness.builds.model import Diagnosis
from harness.package_index import Project, Release, wheels_for
from harness.remedies.choosing import Choice, choose
from harness.remedies.facts import NOT_INSTALLED, VERSION_AT_FAULT, Facts, Question
from harness.remedies.lines import WrittenLine
from harness.remedies.versions import neighbours
from harness.remedies.wording import INDEX, THE_INDEX, listed


def ask_for_another(question: Question, facts: Facts, summary: str, *, keep_range: bool = False) -> Diagnosis:
    """Return the diagnosis with that summary and the nearest version that should install, where there is one."""
    choice = choose(question, facts)
    elsewhere = _other_system(facts.project) if choice.release is None and facts.project else None
    if elsewhere and question.line:
        return _leave_to(question, question.line, elsewhere, summary)
    if choice.release is None:
        return _say_that_none_fits(question, choice, summary)
    version, line = choice.release.version, question.line
    suggestion = f"Ask for {question.package} {version}, {_why(question, facts, choice, choice.release)}."
    if facts.asked and question.diagnosis.category in VERSION_AT_FAULT:
        suggestion += _others(facts, version)
    if not wheels_for(choice.release, question.target) and question.diagnosis.category in NOT_INSTALLED:
        suggestion += " It is a source distribution, too; whether it builds only a build tells."
    if choice.is_too_old:
        suggestion += f" It was compiled before NumPy 2.0 and may not load beside NumPy {choice.too_old_for}."
    if line is None:
        suggestion += f" A line `{question.package}=={version}` chooses it, if what needs it takes it."
    elif line.hashes:
        suggestion += " The hashes on the line have to become those of its files."
    suggestion += _other_way_out(question.diagnosis)
    replacement = None if line is None else line.bounded(version) if keep_range else line.pinned(version)
    return question.diagnosis.model_copy(
        update={"summary": summary, "suggestion": suggestion, "replacement": replacement}
    )


def _why(question: Question, facts: Facts, choice: Choice, release: Release) -> str:
    version, target = release.version, question.target
    wheel = f"with a wheel for {target.described}" if wheels_for(release, target) else f"for {target.described}"
    if facts.asked and facts.asked.local and facts.asked.public == str(version):
        return f"the same version without `+{facts.asked.local}`, {wheel}"
    if question.diagnosis.category == "invalid_package_metadata" and version in facts.metadata:
        return "the nearest version whose metadata installers can read"
    passed_over = [kept for _, needed in choice.excluded if (kept := question.limits.written(needed.name))]
    beside = f" that goes with `{passed_over[0]}`" if passed_over else ""
    if choice.too_old_for and not choice.is_too_old:
        beside = f" that was published after NumPy 2.0, as NumPy {choice.too_old_for} stays"
    fits = question.line is not None and question.specifier.contains(version, prereleases=True)
    is_newest = facts.asked is None or (
        not wheels_for(release, target) and question.diagnosis.category in NOT_INSTALLED
    )
    which = "the newest version" if is_newest else "the nearest version"
    return f"{which} that the line allows {wheel}{beside}" if fits else f"{which} {wheel}{beside}"


def _others(facts: Facts, chosen: Version) -> str:
    """Name the nearest older and newer version than the one asked for, where they are not the one that is chosen."""
    assert facts.asked is not None
    older, newer = neighbours(facts.fitting, facts.asked)
    near = [f"the nearest older one is {older}" if older and older != chosen else ""]
    near.append(f"the nearest newer one is {newer}" if newer and newer != chosen else "")
    told = listed(filter(None, near)) if any(near) else ""
    return f" {told[:1].upper()}{told[1:]}." if told else ""


def _other_way_out(diagnosis: Diagnosis) -> str:
    """Return what the log's own advice names beside another version: an environment that can build this one."""
    _, joint, environment = (diagnosis.suggestion or "").partition(", or take ")
    return f" Or take {environment}" if joint else ""


def _other_system(project: Project) -> str | None:
    """Return `win32` or `darwin` where all files of a project are wheels of that system."""
    tags = [tag.platform for release in project.releases for file in release.files for tag in file.tags or ()]
    if tags and not any(release.has_sdist for release in project.releases):
        for beginning, name in (("win", "win32"), ("macosx", "darwin")):
            if all(tag.startswith(beginning) for tag in tags):
                return name
    return None


def _leave_to(question: Question, line: WrittenLine, system: str, summary: str) -> Diagnosis:
    named = {"win32": "Windows", "darwin": "macOS"}[system]
    suggestion = f"Remove the line, or leave it to {named} by a marker: {question.package} is for {named} alone."
    return question.diagnosis.model_copy(
        update={"summary": summary, "suggestion": suggestion, "replacement": line.only_on(system)}
    )


def _say_that_none_fits(question: Question, choice: Choice, summary: str) -> Diagnosis:
    """Say why there is no release to try. Where nothing but a wheel is missing, the log's own advice stays."""
    limit = question.limits.written(question.package)
    if choice.excluded:
        version, needed = choice.excluded[0]
        kept = question.limits.written(needed.name)
        suggestion = (
            f"No version near it fits the others: {question.package} {version}, for one, needs `{needed.name}"
            f"{needed.specifier}`, and `{kept}` is asked for by the base environment or another line."
        )
    elif limit:
        suggestion = (
            f"The base environment or another line asks for `{limit}`, and {INDEX} has no such release with a wheel "
            f"for {question.target.described}: leave the package to the base environment, or use another one."
        )
    else:
        none = f"{THE_INDEX} has no release of {question.package} with a wheel for {question.target.described}."
        if question.diagnosis.category in NOT_INSTALLED and question.diagnosis.suggestion:
            return question.diagnosis.model_copy(update={"summary": f"{summary} {none}"})
        suggestion = f"{none[:-1]}: use another package."
    return question.diagnosis.model_copy(update={"summary": summary, "suggestion": suggestion, "replacement": None})
