"""Choose among the releases that may stand in place of one that does not install."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.version import Version

from harness.package_index import Release
from harness.remedies.facts import Facts, Question
from harness.remedies.versions import NUMPY_2, is_compiled_for_numpy_1


@dataclass(frozen=True, slots=True)
class Choice:
    """The release to try, None where none will do.

    excluded: what the limits leave out, with the need at fault. too_old_for: the NumPy that stays and that cannot load
    releases which stand nearer; is_too_old: nor this one, as there is no other.
    """

    release: Release | None
    excluded: tuple[tuple[Version, Requirement], ...] = ()
    too_old_for: Version | None = None
    is_too_old: bool = False


def choose(question: Question, facts: Facts, among: Iterable[Release] | None = None) -> Choice:
    """Return the first candidate that can be read by installers and whose own needs the limits do not exclude.

    One whose metadata is not known is taken only where no other one is excluded, and one that the NumPy which stays
    cannot load only where there is no other.
    """
    extras = question.line.statement.extras if question.line else ()
    excluded: list[tuple[Version, Requirement]] = []
    left: list[Release] = []
    for release in facts.candidates if among is None else among:
        metadata = facts.metadata.get(release.version)
        contradicting = question.limits.contradiction(facts.needs(release), extras, question.target)
        if contradicting:
            excluded.append((release.version, contradicting))
        elif metadata is None or not metadata.malformed:
            left.append(release)
    if excluded:
        left = [release for release in left if release.version in facts.metadata]
    too_old_for = [_numpy_that_cannot_load(release, question, facts) for release in left]
    loadable = [release for release, numpy in zip(left, too_old_for, strict=True) if numpy is None]
    chosen = next(iter(loadable or left), None)
    return Choice(chosen, tuple(excluded), next(iter(too_old_for), None), bool(left and not loadable))


def _numpy_that_cannot_load(release: Release, question: Question, facts: Facts) -> Version | None:
    """Return the NumPy that stays beside the release, where the release was compiled for an older one."""
    needed = facts.needs(release)
    kept = question.limits.kept("numpy", needed)
    is_newer = kept is not None and kept >= NUMPY_2
    return kept if is_newer and is_compiled_for_numpy_1(release, needed, question.target) else None
