"""Sets of versions as logs write them, and whether two of them have a version in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.builds.diagnosis.patterns import Pattern

_VERSION = Pattern(r"(?:===|~=|[<>=!]=?)\s*([^\s,;]+)")
_NEXT_TO = 99999


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that one of the alternatives allows: `(">=1,<2", ">3")`; an empty text allows all, no text none."""

    alternatives: tuple[str, ...] = ("",)

    @property
    def are_all(self) -> bool:
        return "" in self.alternatives

    @property
    def is_one(self) -> bool:
        """Tell whether only one version will do."""
        return len(self.alternatives) == 1 and re.fullmatch(r"===?[^,*]+", self.alternatives[0]) is not None

    def __str__(self) -> str:
        """Return the comparisons, lower bounds first; what uv writes as `<2.dev0` was written `<2`."""
        sorted_ones = (",".join(sorted(text.split(","), reverse=True)) for text in self.alternatives)
        return re.sub(r"(<[\d.]+)\.dev0(?=,|$| )", r"\1", " or ".join(sorted_ones))

    @property
    def newest_named(self) -> Version:
        """Return the newest version that the comparisons name; 0 where they name none."""
        return max(_named(self.alternatives), default=Version("0"))

    def allow(self, version: Version) -> bool:
        return any(_allows(text, version) for text in self.alternatives)


ALL = Versions()


@lru_cache(maxsize=20_000)
def exclude_each_other(*sets: Versions) -> bool:
    """Tell whether no version is in all of the sets.

    Tried are the versions that bound them, and versions right beside those: where a set begins or ends, a neighbour
    tells. Releases are not asked for: `>2.0` and `<2.1` share versions even where nothing was released between.
    """
    return not any(all(one.allow(version) for one in sets) for version in _bounds(sets))


def are_the_same(first: Versions, second: Versions) -> bool:
    return all(first.allow(version) == second.allow(version) for version in _bounds((first, second)))


def lies_below(first: Versions, second: Versions) -> bool:
    """Tell whether every version of `first` is older than every one of `second`."""
    bounds = list(_bounds((first, second)))
    newest = max((version for version in bounds if first.allow(version)), default=None)
    oldest = min((version for version in bounds if second.allow(version)), default=None)
    return newest is not None and oldest is not None and newest < oldest


def _bounds(sets: Iterable[Versions]) -> Iterator[Version]:
    """Yield every version that the sets name with a neighbour on either side, and one that is newer than all."""
    seen: set[Version] = set()
    for one in sets:
        for version in _named(one.alternatives):
            seen.update((version, Version(version.public), Version(version.base_version)))
            seen.update(_neighbours(version))
    yield Version("0")
    yield from sorted(seen)
    yield Version(f"{_NEXT_TO}!0") if any(version.epoch for version in seen) else Version(f"{_NEXT_TO}")


def _named(alternatives: Iterable[str]) -> Iterator[Version]:
    for text in alternatives:
        for named in _VERSION.findall(text):
            with suppress(InvalidVersion):
                yield Version(named.removesuffix(".*"))


def _neighbours(version: Version) -> Iterator[Version]:
    """Yield a release right after this one and, where there can be one, a release right before it."""
    epoch = f"{version.epoch}!" if version.epoch else ""
    release = list(version.release)
    yield Version(epoch + ".".join(map(str, [*release, 0, 0, 1])))
    while release and release[-1] == 0:
        release.pop()
    if release:
        yield Version(epoch + ".".join(map(str, [*release[:-1], release[-1] - 1, _NEXT_TO])))


def _allows(text: str, version: Version) -> bool:
    specifier = _specifier(text)
    return specifier is None or specifier.contains(version, prereleases=True)


@lru_cache(maxsize=2000)
def _specifier(text: str) -> SpecifierSet | None:
    """Return the comparisons; None where they cannot be read, which then exclude nothing."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None
