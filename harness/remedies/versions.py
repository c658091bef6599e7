"""Which releases of a project to try in place of one that does not install; the nearest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.package_index import Project, Release, Target, installable, wheels_for
from harness.remedies.limits import Limits

NUMPY_2 = Version("2.0.0")
NUMPY_2_PUBLISHED = datetime(2024, 6, 16, tzinfo=UTC)


def with_wheels(project: Project, target: Target, limits: Limits, *, prereleases: bool = False) -> tuple[Release, ...]:
    """Return the releases that install from a wheel on the target and that the limits allow, the oldest first.

    Pre-releases only where asked for. Local builds (`+cpu`) never: other indexes do not have them.
    """
    return tuple(
        release
        for release in project.releases
        if not release.version.local
        and (prereleases or not release.version.is_prerelease)
        and limits.allow(project.name, release.version)
        and wheels_for(release, target)
    )


def without_wheels(project: Project, target: Target, limits: Limits) -> tuple[Release, ...]:
    """Return the final releases that the target can take at all and that the limits allow, the oldest first."""
    return tuple(
        release
        for release in project.releases
        if not release.version.local
        and not release.version.is_prerelease
        and limits.allow(project.name, release.version)
        and installable(release, target)
    )


def is_published_after_numpy_2(release: Release) -> bool:
    return release.upload_time is not None and release.upload_time > NUMPY_2_PUBLISHED


def names_numpy_2(needed: Iterable[Requirement]) -> bool:
    """Tell whether a comparison with NumPy names a version 2: `>=2`, `<3`, `<2.3`; but `<2` leaves it out."""
    for requirement in needed:
        if canonicalize_name(requirement.name) == "numpy":
            for specifier in requirement.specifier:
                try:
                    named = Version(specifier.version.removesuffix(".*"))
                except InvalidVersion:
                    continue
                if named > NUMPY_2 or (named == NUMPY_2 and specifier.operator in {">=", ">", "~=", "=="}):
                    return True
    return False


def is_compiled_for_numpy_1(release: Release, needed: Sequence[Requirement], target: Target) -> bool:
    """Tell whether the release needs NumPy and was compiled before there was a NumPy 2, which cannot load it.

    One that names NumPy 2 in its metadata was compiled against a release candidate. Source: NumPy's migration guide, on
    the ABI: what was built against NumPy 1 does not work with NumPy 2.
    """
    needs_numpy = any(canonicalize_name(requirement.name) == "numpy" for requirement in needed)
    abis = {tag.abi for wheel in wheels_for(release, target) for tag in wheel.tags or ()}
    is_compiled = any(abi.startswith(("cp", "abi")) for abi in abis)
    is_older = release.upload_time is not None and not is_published_after_numpy_2(release)
    return needs_numpy and is_compiled and is_older and not names_numpy_2(needed)


def nearest_first(releases: Sequence[Release], asked: Version | None) -> tuple[Release, ...]:
    """Sort by how much would change: the same minor version, the same major version, newer ones, older ones.

    Within each, newer ones come first, the nearest of them before the others. asked: None sorts the newest first.
    """
    if asked is None:
        return tuple(reversed(releases))

    def distance(position: int) -> tuple[bool, bool, bool, int]:
        version = releases[position].version
        is_older = version < asked
        same_major = (version.epoch, version.major) == (asked.epoch, asked.major)
        same_minor = same_major and version.minor == asked.minor
        return not same_minor, not same_major, is_older, -position if is_older else position

    return tuple(releases[position] for position in sorted(range(len(releases)), key=distance))


def one_a_series(releases: Sequence[Release], most: int) -> tuple[Release, ...]:
    """Return the first of each minor version, in the given order: a few that stand for many."""
    first: dict[tuple[int, int, int], Release] = {}
    for release in releases:
        first.setdefault((release.version.epoch, release.version.major, release.version.minor), release)
    return tuple(first.values())[:most]


def neighbours(releases: Sequence[Release], asked: Version) -> tuple[Version | None, Version | None]:
    """Return the nearest version below and the nearest above; releases: the oldest first."""
    below = [release.version for release in releases if release.version < asked]
    above = [release.version for release in releases if release.version > asked]
    return (below[-1] if below else None), (above[0] if above else None)
