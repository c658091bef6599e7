"""A project or a release that pip cannot have: no such name, no such version, withdrawn, or not for this Python."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import DeclaredLine, specifier_of
from harness.builds.diagnosis.model import Cause, Facts, Named, Recogniser
from harness.builds.diagnosis.outcome import succeeded
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.pip_misses import PipMiss, pip_miss, running_python, skipped_files, skipped_for_python
from harness.builds.diagnosis.published_files import has_only_wheels, is_well_known, only_for, published_series
from harness.builds.diagnosis.recognisers.conflicts.versions import Versions, exclude_each_other
from harness.builds.diagnosis.releases import allowed, pinned_version
from harness.builds.diagnosis.unavailable import (
    Unavailable,
    no_such_package,
    no_such_version,
    no_wheel,
    python_mismatch,
    yanked,
)

_OFF_LINE = "Looking in links: "
_COLLECTING = "Collecting "
_ONLY_WHEELS = Pattern(r"--only-binary[= ](?P<of>\S+)")


def nothing_found(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise why pip found nothing for a requirement, by what it says that it passed over."""
    if succeeded(log, facts.exit_code):
        return ()
    miss = pip_miss(log)
    if miss is None:
        return ()
    cause = _cause(log, facts, miss)
    return (cause,) if cause else ()


def _cause(log: BuildLog, facts: Facts, miss: PipMiss) -> Cause | None:
    missing = Unavailable(miss.package, miss.requirement, miss.position, miss.evidence, miss.via, miss.versions)
    specifier = missing.specifier
    withdrawn = allowed(specifier, miss.yanked)
    if withdrawn:
        return yanked(missing, facts, map(str, withdrawn))
    other_python = [one[:2] for one in skipped_for_python(log, miss.package) if _is_asked(one[0], missing)]
    if not other_python and _passes_over_its_own(log, facts, miss):
        other_python = [one for one in miss.other_python if _is_asked(one[0], missing)]
    if other_python:
        return python_mismatch(missing, facts, _sorted(other_python), running_python(log))
    skipped = [one for one in skipped_files(log, miss.package) if specifier.contains(one[0], prereleases=True)]
    if skipped:
        _, file, line = skipped[-1]
        told = Unavailable(
            miss.package, miss.requirement, miss.position, (*miss.evidence, line), miss.via, miss.versions
        )
        return no_wheel(told, facts, f"no wheel for this Python and platform, only ones such as {file}")
    if not miss.is_listed:
        return no_such_version(missing, facts) if specifier else no_such_package(missing, facts)
    if not miss.versions:
        return _without_any_version(log, facts, missing)
    return _without_fitting_version(facts, missing, miss)


def _without_any_version(log: BuildLog, facts: Facts, missing: Unavailable) -> Cause:
    """Tell a name that does not exist from a project without a file for this Python and platform."""
    if only_for(missing.package) or has_only_wheels(missing.package):
        return no_wheel(missing, facts)
    where = "the package index"
    if _OFF_LINE in log.text[:20_000] and "Looking in indexes: " not in log.text[:20_000]:
        where = "the index or in the folder that pip was given"
    return no_such_package(missing, facts, where)


def _without_fitting_version(facts: Facts, missing: Unavailable, miss: PipMiss) -> Cause | None:
    """Tell a release that does not exist from one that pip passes over."""
    fitting = allowed(missing.specifier, miss.versions)
    pinned = pinned_version(missing.specifier)
    if fitting and (miss.is_discarded or not missing.specifier):
        return None  # pip had a closer look at them, and says elsewhere what is wrong
    if fitting and all(version.is_prerelease for version in fitting) and not pinned:
        return no_such_version(missing, facts, pre_releases=fitting)
    if fitting and (pin := facts.constraints.line_of(missing.package)) and not allowed(pin.specifier, fitting):
        return _excluded_by_base(missing, pin)
    if fitting:
        # Nothing else makes pip pass over a range that it lists: since 22.1 it takes withdrawn releases only if pinned,
        # and before 23.1 it did not list them apart.
        return None if pinned else yanked(missing, facts, map(str, fitting))
    if _is_without_file(missing, pinned):
        return no_wheel(missing, facts)
    if pinned and pinned < miss.versions[0] and _option_for(facts, _ONLY_WHEELS, missing.package):
        return no_wheel(missing, facts, "no wheel for this Python and platform, and --only-binary excludes its source")
    excluding = (
        " The comparisons exclude each other." if exclude_each_other(Versions((str(missing.specifier),))) else ""
    )
    return no_such_version(missing, facts, excluding)


def _excluded_by_base(missing: Unavailable, pin: DeclaredLine) -> Cause:
    """Return the cause where pip passes over releases that it lists, because none of them is the pinned one."""
    return Cause(
        "base_conflict",
        f"{missing.requirement} excludes the version that the base environment pins: {pin.content}.",
        f"Ask for a version of {missing.package} that allows {pin.content}, or choose another base environment.",
        missing.position,
        missing.evidence,
        package=canonicalize_name(missing.package),
        requirement=missing.requirement,
        related=(Named(canonicalize_name(missing.package), pin.content, pinned=True),),
        via=missing.via,
    )


def _is_without_file(missing: Unavailable, pinned: Version | None) -> bool:
    """Tell whether there is such a release, but no file of it that fits: known of projects with wheels alone."""
    listed = missing.versions
    if pinned and pinned.local and not any(version.local for version in listed):
        return False
    series = published_series(missing.package, missing.specifier)
    if series:
        return not any((version.major, version.minor) in series for version in listed)
    return pinned is not None and pinned < listed[0] and has_only_wheels(missing.package)


def _passes_over_its_own(log: BuildLog, facts: Facts, miss: PipMiss) -> bool:
    """Tell whether the releases that pip passed over for their Python are of the project that it found nothing of.

    It lists those of every project that it has looked at so far, without names.
    """
    if miss.versions or miss.via or pinned_version(specifier_of(miss.requirement)):
        return True
    has_looked_at_others = next(log.places(_COLLECTING), None) is not None or len(facts.requirements.lines) > 1
    return not has_looked_at_others or is_well_known(miss.package)


def _option_for(facts: Facts, option: Pattern, package: str) -> bool:
    """Tell whether a line of the file holds this option for the package."""
    for line in facts.requirements.lines:
        match = option.search(line.content)
        if match and (match["of"] == ":all:" or package.lower() in match["of"].lower().split(",")):
            return True
    return False


def _is_asked(version: str, missing: Unavailable) -> bool:
    try:
        return missing.specifier.contains(Version(version), prereleases=True)
    except ValueError:
        return False


def _sorted(releases: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the releases by version, pre-releases first, so that the last is the one to tell of."""
    return sorted(releases, key=lambda one: (not Version(one[0]).is_prerelease, Version(one[0])))


RECOGNISERS: tuple[Recogniser, ...] = (nothing_found,)
