"""Fetch what the package index knows about one failure; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.builds.model import Diagnosis
from harness.package_index import (
    Metadata,
    PackageIndex,
    Project,
    Release,
    Target,
    installable,
    nearest_projects,
    wheels_for,
)
from harness.package_index.names import is_widely_used, prebuilt_names, real_name
from harness.remedies.clues import name_of, names_pointed_to, version_in, versions_listed
from harness.remedies.limits import Limits
from harness.remedies.lines import WrittenLine
from harness.remedies.versions import (
    is_published_after_numpy_2,
    nearest_first,
    one_a_series,
    with_wheels,
    without_wheels,
)

NAME_AT_FAULT = frozenset({"no_such_package", "deprecated_package"})
VERSION_AT_FAULT = frozenset({"no_such_version", "yanked_version"})
NOT_INSTALLED = frozenset(
    {
        "python_version_mismatch",
        "no_compatible_wheel",
        "missing_compiler",
        "missing_system_library",
        "broken_build_script",
        "missing_build_dependency",
        "invalid_package_metadata",
    }
)
# A source distribution may do where nothing tells that it cannot be built.
WHEEL_OR_NOT = VERSION_AT_FAULT | {"python_version_mismatch"}
# A newer source distribution may do where the build code is at fault, and not what the machine lacks.
NEWER_BUILD_CODE = frozenset({"broken_build_script", "missing_build_dependency", "invalid_package_metadata"})
COMPILED_AGAINST_ANOTHER = "binary_incompatibility"
OTHER_HASH = "hash_mismatch"
ANSWERED = NAME_AT_FAULT | VERSION_AT_FAULT | NOT_INSTALLED | {COMPILED_AGAINST_ANOTHER, OTHER_HASH}
# How many releases' metadata are read at most.
MOST_READ = 12


@dataclass(frozen=True, slots=True)
class Question:
    """What failed, and where facts are wanted.

    line: the requirements line at fault where it names the package at fault itself, else None.
    """

    diagnosis: Diagnosis
    line: WrittenLine | None
    limits: Limits
    target: Target

    @property
    def package(self) -> str:
        return self.diagnosis.package_name or (self.line.name if self.line else "")

    @property
    def specifier(self) -> SpecifierSet:
        return self.line.specifier if self.line else SpecifierSet()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the index of this machine says.

    project: of the package at fault, None where there is none. nearest: projects that may be meant in its place, the
    likeliest first. asked: the version that did not install, as the line, the log or the index tells.
    fitting: the releases for the target that the limits allow, mostly with wheels, the oldest first; of the nearest
    project where there is one. candidates: a few of them that may do, the nearest first. metadata: of the candidates
    and of what was asked for, as far as it can be read. numpy: the project NumPy, where it has a part in the failure.
    listed: the versions that the log says its index has, empty where it does not say.
    """

    project: Project | None = None
    nearest: tuple[Project, ...] = ()
    asked: Version | None = None
    fitting: tuple[Release, ...] = ()
    candidates: tuple[Release, ...] = ()
    metadata: Mapping[Version, Metadata] = field(default_factory=dict)
    numpy: Project | None = None
    listed: frozenset[Version] = frozenset()

    def needs(self, release: Release) -> tuple[Requirement, ...]:
        """Return what a candidate needs; nothing where its metadata is not known."""
        metadata = self.metadata.get(release.version)
        return metadata.requirements if metadata else ()


def gather_facts(question: Question, index: PackageIndex) -> Facts:
    """Ask the index. IndexUnavailable where it cannot be asked."""
    category = question.diagnosis.category
    project = index.project(question.package)
    if category in NAME_AT_FAULT:
        return _about_another(question, index, Facts(project, _nearest(question, index)))
    asked = _asked(question, project)
    if project is None or category == OTHER_HASH:
        return Facts(project, asked=asked)
    if category in NOT_INSTALLED and real_name(question.package):
        nearest = nearest_projects(question.package, index, question.target)
        return _about_another(question, index, Facts(project, nearest, asked))
    listed, is_complete = versions_listed(question.diagnosis)
    prereleases = bool(question.specifier.prereleases)
    fitting = with_wheels(project, question.target, question.limits, prereleases=prereleases)
    if listed and is_complete:
        fitting = tuple(release for release in fitting if release.version in listed)
    if not fitting and not listed and category in WHEEL_OR_NOT:
        fitting = without_wheels(project, question.target, question.limits)
    if not fitting and asked and category in NEWER_BUILD_CODE:
        sources = without_wheels(project, question.target, question.limits)
        fitting = tuple(release for release in sources if release.version > asked)[-1:]
    if not fitting and category in NOT_INSTALLED and (prebuilt := _prebuilt(question, index)):
        return _about_another(question, index, Facts(project, prebuilt, asked))
    candidates = _candidates(question, fitting, asked)
    asked_for = [release] if asked and (release := project.release(asked)) else []
    metadata = _metadata([*asked_for, *candidates], question.target, index)
    numpy = index.project("numpy") if category == COMPILED_AGAINST_ANOTHER else None
    return Facts(project, (), asked, fitting, candidates, metadata, numpy, listed)


def _about_another(question: Question, index: PackageIndex, facts: Facts) -> Facts:
    """Add which releases of the nearest project may stand on the line, where the line asks for versions."""
    if question.line is None or not question.line.specifier or not facts.nearest:
        return facts
    meant = facts.nearest[0]
    fitting = with_wheels(meant, question.target, question.limits)
    fitting = fitting or without_wheels(meant, question.target, question.limits)
    candidates = _candidates(question, fitting, question.line.pin)
    metadata = _metadata(candidates, question.target, index)
    return replace(facts, fitting=fitting, candidates=candidates, metadata=metadata)


def _nearest(question: Question, index: PackageIndex) -> tuple[Project, ...]:
    """Return the projects that the log points to, else those of a similar name."""
    if question.diagnosis.category == "deprecated_package":
        named = [
            real_name(question.package),
            name_of(question.diagnosis.replacement),
            *filter(is_widely_used, names_pointed_to(question.diagnosis)),
        ]
        own = canonicalize_name(question.package)
        wanted = dict.fromkeys(canonicalize_name(name) for name in named if name and canonicalize_name(name) != own)
        return tuple(found for name in wanted if (found := index.project(name)) and _fits(found, question.target))[:1]
    return nearest_projects(question.package, index, question.target)


def _fits(project: Project, target: Target) -> bool:
    return any(installable(release, target) for release in project.releases)


def _asked(question: Question, project: Project | None) -> Version | None:
    line = question.line
    told = (line.pin if line else None) or version_in(question.diagnosis, question.package)
    if told or project is None or line is None:
        return told
    prereleases = bool(question.specifier.prereleases)
    matching = (
        release.version
        for release in reversed(project.releases)
        if question.specifier.contains(release.version, prereleases=prereleases)
        and installable(release, question.target)
    )
    return next(matching, None) or _newest_within(question, project) or line.bound


def _newest_within(question: Question, project: Project) -> Version | None:
    """Return the newest release that the line allows, whatever it needs."""
    versions = (release.version for release in reversed(project.releases))
    return next((version for version in versions if question.specifier.contains(version, prereleases=True)), None)


def _prebuilt(question: Question, index: PackageIndex) -> tuple[Project, ...]:
    found = (index.project(name) for name in prebuilt_names(question.package))
    return tuple(project for project in found if project and with_wheels(project, question.target, question.limits))


def _candidates(question: Question, fitting: Sequence[Release], asked: Version | None) -> tuple[Release, ...]:
    if question.diagnosis.category == COMPILED_AGAINST_ANOTHER:
        later = [release for release in fitting if asked is None or release.version > asked]
        dated = [release for release in later if release.upload_time]
        return one_a_series([release for release in dated if is_published_after_numpy_2(release)] or later, MOST_READ)
    ordered = nearest_first(fitting, Version(asked.public) if asked else None)
    # What a range allows stands before what it does not; a pin allows one version, which did not install.
    wanted = sorted(ordered, key=lambda release: not question.specifier.contains(release.version, prereleases=True))
    return one_a_series(wanted, MOST_READ)


def _metadata(candidates: Sequence[Release], target: Target, index: PackageIndex) -> dict[Version, Metadata]:
    wheels = {release.version: wheels[0] for release in candidates if (wheels := wheels_for(release, target))}
    index.prefetch_metadata(wheels.values())
    known = {version: index.metadata(wheel) for version, wheel in wheels.items()}
    return {version: metadata for version, metadata in known.items() if metadata}
