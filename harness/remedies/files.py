"""What the index tells of single files: their hashes, and the NumPy that compiled code was built against."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.builds.model import Diagnosis
from harness.package_index import IndexFile, Project, Release, wheels_for
from harness.remedies.choosing import choose
from harness.remedies.facts import Facts, Question
from harness.remedies.versions import NUMPY_2, is_published_after_numpy_2, names_numpy_2, with_wheels
from harness.remedies.wording import INDEX, THE_INDEX, listed

MOST_HASHES = 3


def explain_hash(question: Question, facts: Facts) -> Diagnosis:
    """Tell whose hash the line records and what the index records. Never a replacement: a person has to look."""
    line = question.line
    release = facts.project.release(facts.asked) if facts.project and facts.asked else None
    if line is None or release is None or not line.hashes:
        return question.diagnosis
    named = f"{question.package} {release.version}"
    by_hash = {f"{kind}:{digest}": file for file in release.files for kind, digest in file.hashes.items()}
    recorded = [by_hash[value] for value in line.hashes if value in by_hash]
    wanted = wheels_for(release, question.target) or tuple(file for file in release.files if not file.is_wheel)
    of_index = (
        listed(
            f"`{kind}:{digest}` for {file.name}"
            for file in wanted[:MOST_HASHES]
            for kind, digest in file.hashes.items()
        )
        if any(file.hashes for file in wanted[:MOST_HASHES])
        else "none"
    )
    if any(file in wanted for file in recorded):
        suggestion = (
            f"The recorded hash is the one that {INDEX} has: the build got another file, from another index, a cache "
            "or a proxy. Find out from where before anything else."
        )
    elif recorded:
        suggestion = (
            f"The line records {listed(file.name for file in recorded)} alone, and {question.target.described} takes "
            f"another file of {named}. {THE_INDEX} records {of_index}: add it to the line."
        )
    else:
        suggestion = (
            f"None of the recorded hashes is that of a file of {named} on {INDEX}, which records {of_index}."
            f"{_whose_file(question.diagnosis, by_hash)} Find out why they differ before you change the line: a file "
            "may have been tampered with."
        )
    return question.diagnosis.model_copy(update={"suggestion": suggestion, "replacement": None})


def _whose_file(diagnosis: Diagnosis, by_hash: Mapping[str, IndexFile]) -> str:
    """Say whether the downloaded file is one of the index; the log tells its hash."""
    said = " ".join((*diagnosis.evidence, diagnosis.summary))
    known = (by_hash.get(f"sha256:{digest}") for digest in re.findall(r"\b[0-9a-f]{64}\b", said))
    downloaded = next((file for file in known if file), None)
    return f" The build downloaded {downloaded.name} as that index has it." if downloaded else ""


def explain_compiled_code(question: Question, facts: Facts) -> Diagnosis:
    """Name a later release that was made with NumPy 2 in mind, and the bound on NumPy as the other way out.

    The list of files does not tell what a wheel was built against. That its metadata names a version 2 of NumPy, or
    that it was published after NumPy 2, are signs, and told as such.
    """
    diagnosis, numpy = question.diagnosis, facts.numpy
    if numpy is None or not _speaks_of_numpy(diagnosis):
        return diagnosis
    bound = _bound_on_numpy(question, numpy)
    if canonicalize_name(question.package) == "numpy":
        replacement = question.line.limited("<2") if question.line and bound else None
        return diagnosis.model_copy(update={"suggestion": bound or diagnosis.suggestion, "replacement": replacement})
    told, release = _made_for_numpy_2(question, facts)
    if release is None:
        return diagnosis.model_copy(update={"suggestion": bound}) if bound else diagnosis
    suggestion = f"Ask for {question.package} {release.version}: {told}."
    if bound:
        suggestion += f" Or: {bound[:1].lower()}{bound[1:]}"
    replacement = question.line.pinned(release.version) if question.line else None
    return diagnosis.model_copy(update={"suggestion": suggestion, "replacement": replacement})


def _speaks_of_numpy(diagnosis: Diagnosis) -> bool:
    said = (diagnosis.summary, diagnosis.package_name or "", *diagnosis.evidence)
    related = (other.package_name for other in diagnosis.related)
    return any("numpy" in text.lower() for text in (*said, *related))


def _bound_on_numpy(question: Question, numpy: Project) -> str:
    """Return the advice to stay below NumPy 2; empty where the limits do not let anybody."""
    below = [release for release in with_wheels(numpy, question.target, question.limits) if release.version < NUMPY_2]
    if not below:
        return ""
    line = question.limits.lines.get("numpy")
    where = f"on line {line}" if line else "on a line of its own"
    return f"Write `numpy<2` {where}, which brings NumPy {below[-1].version}."


def _made_for_numpy_2(question: Question, facts: Facts) -> tuple[str, Release | None]:
    """Return the sign and the first later release that shows one."""
    signs: dict[Version, str] = {}
    for release in facts.candidates:
        if names_numpy_2(facts.needs(release)):
            signs[release.version] = "its metadata names NumPy 2"
        elif is_published_after_numpy_2(release):
            signs[release.version] = (
                f"it was published after NumPy 2.0, though {INDEX} does not tell against which NumPy it was built"
            )
    chosen = choose(question, facts, [found for found in facts.candidates if found.version in signs]).release
    return (signs[chosen.version], chosen) if chosen else ("", None)
