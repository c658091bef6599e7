"""A package that cannot be had as it is asked for: what is told of it, in the same words for every installer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.builds.diagnosis.declared import DeclaredLine, specifier_of
from harness.builds.diagnosis.model import Cause, Facts
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.published_files import is_published, only_for
from harness.builds.diagnosis.releases import around, nearest, pinned_version, spellings_of, with_release, with_versions
from harness.builds.diagnosis.stub_projects import real_project
from harness.requirements.import_names import DISTRIBUTION_OF_IMPORT, STANDARD_LIBRARY

PLATFORMS = {"Windows": "win32", "macOS": "darwin"}


@dataclass(frozen=True, slots=True)
class Unavailable:
    """What an installer did not find.

    requirement: as the log quotes it (`numpy>=2.5`). via: the packages that brought it, the one on a line first.
    versions: what can be had instead, as the log lists it. position, evidence: as in Cause.
    """

    package: str
    requirement: str
    position: int
    evidence: tuple[str, ...]
    via: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()

    @property
    def specifier(self) -> SpecifierSet:
        return specifier_of(self.requirement)

    @property
    def asked(self) -> str:
        """Return the requirement without its marker, its comparisons in the order that people write them in."""
        comparisons = ",".join(sorted(map(str, self.specifier), reverse=True))
        return f"{self.package}{comparisons}" if comparisons else self.requirement.partition(";")[0].strip()

    @property
    def others(self) -> tuple[Version, ...]:
        """Return the listed versions without those that the requirement asks for."""
        return tuple(one for one in self.versions if not self.specifier.contains(one, prereleases=True))

    def line(self, facts: Facts) -> DeclaredLine | None:
        """Return the package's own line, or that of a wheel of it; None where a dependency brought it."""
        line = facts.requirements.line_of(self.package, self.requirement)
        if line is not None or self.via:
            return line
        wheel = Pattern(rf"(?:^|[/\\]){spellings_of(self.package)}-\d[^/\\]*\.whl", re.IGNORECASE)
        lines = (line for line in facts.requirements.lines if line.package is None)
        return next((line for line in lines if wheel.search(line.content)), None)


def no_such_package(missing: Unavailable, facts: Facts, where: str = "the package index") -> Cause:
    """Return the cause where no project has that name. where: what was searched."""
    name = canonicalize_name(missing.package)
    real = DISTRIBUTION_OF_IMPORT.get(name)
    line = missing.line(facts)
    replacement = None
    if name in {"requirements-txt", "requirements"} and missing.package.lower() == "requirements.txt":
        summary = "The installer was asked for a package of the name requirements.txt."
        suggestion = "Put -r before the name of the file: pip install -r requirements.txt."
    elif name in STANDARD_LIBRARY and real is None and not missing.via:
        summary = f"There is no package {missing.package} on {where}: that is a module of Python itself."
        suggestion = "Delete the line: there is nothing to install."
    else:
        summary = _sentence(missing, facts, f"the installer found no package named {missing.package} on {where}")
        if real:
            summary += f" {missing.package} is the name to import; the package is {real}."
            suggestion = f"Write {real}."
            replacement = with_versions(line, "", real) if line else None
        elif missing.via:
            suggestion = f"Ask for another release of {missing.via[0]}, or name the index that has {missing.package}."
        else:
            suggestion = "Correct the name: the name to install may differ from the name to import."
    return _cause("no_such_package", missing, facts, summary, suggestion, replacement)


def no_such_version(
    missing: Unavailable, facts: Facts, remark: str = "", pre_releases: Sequence[Version] = ()
) -> Cause:
    """Return the cause where the project has no release that satisfies the requirement.

    remark: one more sentence. pre_releases: those that would do, and that the installer does not take unasked.
    """
    specifier, pinned = missing.specifier, pinned_version(missing.specifier)
    line = missing.line(facts)
    replacement = with_release(line, nearest(specifier, missing.others))
    if pre_releases:
        replacement = with_versions(line, f"=={pre_releases[-1]}") if line else None
        remark = f" In that range there are only pre-releases, such as {pre_releases[-1]}."
    suggestion = _write(missing, replacement, f"Ask for a version of {missing.package} that exists.")
    if pinned and pinned.local:
        told = f"the index has no build {pinned} of {missing.package}"
        remark = remark or (
            f" Builds with +{pinned.local} are only on the index of the project itself, not on the public one."
        )
    elif pinned:
        told = f"there is no release {pinned} of {missing.package}"
        told += _listed(": the nearest {} {}", around(pinned, missing.versions))
    else:
        told = f"no release of {missing.package} satisfies {'that' if missing.via else missing.asked}"
        told += _listed(": the nearest {} {}", _ends(specifier, missing.others))
    return _cause("no_such_version", missing, facts, _sentence(missing, facts, told) + remark, suggestion, replacement)


def yanked(missing: Unavailable, facts: Facts, releases: Iterable[str], reason: str | None = None) -> Cause:
    """Return the cause where all releases that satisfy the requirement were withdrawn. releases: these."""
    names = list(dict.fromkeys(releases))
    release, was = ("release", "was") if len(names) == 1 else ("releases", "were")
    asked = "that" if missing.via else missing.asked
    told = f"the only {release} of {missing.package} that satisfy {asked} {was} withdrawn"
    told = told.replace("satisfy", "satisfies") if was == "was" else told
    if not missing.specifier:
        told = f"all releases of {missing.package} were withdrawn"
    if names:
        told += f": {', '.join(names)}"
    replacement = with_release_near(missing, facts)
    suggestion = _write(missing, replacement, f"Ask for a neighbouring version of {missing.package}.")
    remark = f" Its authors say: {reason.strip().rstrip('.')}." if reason and reason.strip() else ""
    return _cause("yanked_version", missing, facts, _sentence(missing, facts, told) + remark, suggestion, replacement)


def python_mismatch(
    missing: Unavailable, facts: Facts, releases: Sequence[tuple[str, str]], python: str | None = None
) -> Cause:
    """Return the cause where releases exist, but not for this Python.

    releases: a version, or several as `numpy>=2.5`, or nothing where that is not known; and its Requires-Python.
    """
    version, needs = releases[-1]
    is_needed = f"{missing.package} {version}".strip() if version[:1].isdigit() else version or missing.package
    told = f"{is_needed} needs Python {needs}, {f'and this is Python {python}' if python else 'which this one is not'}"
    if missing.specifier and version[:1].isdigit() and version not in missing.requirement and not missing.via:
        told = f"{missing.asked} asks for releases that do not support this Python: {told}"
    if canonicalize_name(missing.package) in STANDARD_LIBRARY and not missing.via:
        remark = f" {missing.package} is a module of Python itself by now."
        suggestion = "Delete the line: there is nothing to install."
        return _cause(
            "python_version_mismatch", missing, facts, _sentence(missing, facts, told) + remark, suggestion, None
        )
    replacement = with_release_near(missing, facts)
    fallback = f"Ask for a version of {missing.package} that supports this Python, or use another environment."
    suggestion = _write(missing, replacement, fallback)
    return _cause("python_version_mismatch", missing, facts, _sentence(missing, facts, told), suggestion, replacement)


def no_wheel(missing: Unavailable, facts: Facts, what: str = "") -> Cause:
    """Return the cause where no file of the release fits. what: what the log says that it has not."""
    missing = replace(missing, versions=tuple(one for one in missing.versions if is_published(missing.package, one)))
    system = only_for(missing.package)
    pinned = pinned_version(missing.specifier)
    subject = f"{missing.package} {pinned}" if pinned else (missing.package if missing.via else missing.asked)
    told = f"{subject} has {what or 'no wheel for this Python and platform, and no source distribution'}"
    remark = f" {missing.package} is for {system} only." if system else ""
    replacement = None if system else with_release_near(missing, facts)
    fallback = f"Ask for a version of {missing.package} that has a wheel for this Python and platform."
    if system:
        fallback = f"Delete the line, or end it with: ; sys_platform == '{PLATFORMS[system]}'."
    suggestion = _write(missing, replacement, fallback)
    return _cause(
        "no_compatible_wheel", missing, facts, _sentence(missing, facts, told) + remark, suggestion, replacement
    )


def deprecated(
    facts: Facts, package: str, position: int, evidence: tuple[str, ...], via: tuple[str, ...], real: str | None = None
) -> Cause:
    """Return the cause where a project is there only to refuse. real: the one to write instead, as the log tells it."""
    real = real or real_project(package)
    brought = next(iter(via), None)
    line = facts.requirements.line_of(package)
    points = f"points to {real}" if real else "points to another one"
    if brought and line is None:
        number = facts.requirements.line_of(brought)
        whose = f"{brought} (line {number.line_number})" if number else brought
        summary = f"{whose} needs {package}, which is no package to install: it refuses and {points}."
        suggestion = f"Ask for a release of {brought} that needs {real or 'what it points to'} instead."
    else:
        summary = f"{package} is no package to install: it refuses and {points}."
        suggestion = f"Write {real}." if real else "Write the package that it points to."
    replacement = with_versions(line, "", real) if line and real else None
    return Cause(
        "deprecated_package",
        summary,
        suggestion,
        position,
        evidence,
        package=canonicalize_name(package),
        via=via,
        replacement=replacement,
    )


def with_release_near(missing: Unavailable, facts: Facts) -> str | None:
    """Return the package's line asking for the listed version that is nearest; None without a line or a list."""
    near = nearest(missing.specifier, missing.others)
    line = missing.line(facts)
    return with_versions(line, f"=={near}") if near and line else None


def _cause(
    category: str, missing: Unavailable, facts: Facts, summary: str, suggestion: str, replacement: str | None
) -> Cause:
    line = missing.line(facts)
    return Cause(
        category,
        summary,
        suggestion,
        missing.position,
        missing.evidence,
        package=canonicalize_name(missing.package),
        requirement=missing.requirement,
        line_number=line.line_number if line and line.package is None else None,
        via=missing.via,
        replacement=replacement,
    )


def _sentence(missing: Unavailable, facts: Facts, told: str) -> str:
    """Return what is told as a sentence, behind who asks for the package where that is another package."""
    if not missing.via:
        return f"{told[0].upper() if told.startswith(('there ', 'no ', 'the ', 'all ')) else told[0]}{told[1:]}."
    first, *others = dict.fromkeys(missing.via)
    line = facts.requirements.line_of(first)
    asks = f"{first} (line {line.line_number})" if line else first
    if others:
        asks += f" brings {others[-1]}, which"
    return f"{asks} needs {missing.asked}, and {told}."


def _write(missing: Unavailable, replacement: str | None, otherwise: str) -> str:
    if replacement:
        return f"Write {replacement}, or another version that can be had."
    if missing.via:
        return f"Ask for another release of {missing.via[0]}, one that works with some other {missing.package}."
    near = nearest(missing.specifier, missing.others)
    return f"Ask for {missing.package}=={near}, or another version that can be had." if near else otherwise


def _listed(words: str, versions: Sequence[Version]) -> str:
    if not versions:
        return ""
    return words.format("is" if len(versions) == 1 else "are", " and ".join(map(str, versions)))


def _ends(specifier: SpecifierSet, versions: Sequence[Version]) -> tuple[Version, ...]:
    """Return the listed versions on either side of what a range asks for."""
    near = nearest(specifier, versions)
    return (near,) if near else ()
