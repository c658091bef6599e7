"""Which files of a release fit the Python and the platform of an environment."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags

from harness.package_index.model import IndexFile, Release

# Debian bookworm, on which the base images are built, has glibc 2.36.
GLIBC_MINOR = 36
# The oldest glibc of each architecture's wheels, and the names that its wheels had before PEP 600.
OLDEST_GLIBC_MINOR = {"x86_64": 5, "aarch64": 17}
LEGACY_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True, slots=True)
class Target:
    """A CPython of that version (`3.11`, also `3.11.7`) on Linux; tags: what its wheels may be marked with."""

    python_version: str
    machine: str
    tags: frozenset[Tag] = field(repr=False)

    @classmethod
    def of(cls, python_version: str, machine: str | None = None) -> Target:
        """Return the target of a base environment; machine: `x86_64` or `aarch64`, as here where None."""
        machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(name := (machine or platform.machine()).lower(), name)
        major, minor = (int(number) for number in python_version.split(".")[:2])
        platforms = tuple(_platforms(machine))
        interpreter = f"cp{major}{minor}"
        specific = cpython_tags((major, minor), abis=[interpreter], platforms=platforms)
        general = compatible_tags((major, minor), interpreter, platforms)
        return cls(python_version, machine, frozenset((*specific, *general)))

    @property
    def full_python_version(self) -> str:
        """Return a version with a patch number, to hold against what releases require."""
        return self.python_version if self.python_version.count(".") > 1 else f"{self.python_version}.99"

    @property
    def described(self) -> str:
        return f"Python {self.python_version} on Linux ({self.machine})"


def wheels_for(release: Release, target: Target) -> tuple[IndexFile, ...]:
    """Return the wheels that install on the target; withdrawn files are none."""
    return tuple(file for file in release.files if file.is_wheel and _fits(file, target))


def installable(release: Release, target: Target) -> bool:
    """Tell whether a wheel or a source distribution can be taken on the target; it may still fail to build."""
    return any(_fits(file, target) for file in release.files)


def supports_python(requires_python: str | None, target: Target) -> bool:
    """Tell whether Requires-Python lets the target in; what cannot be read excludes nobody, as with installers."""
    try:
        return requires_python is None or SpecifierSet(requires_python).contains(target.full_python_version)
    except InvalidSpecifier:
        return True


def _fits(file: IndexFile, target: Target) -> bool:
    on_platform = file.tags is None or not file.tags.isdisjoint(target.tags)
    return on_platform and not file.yanked and supports_python(file.requires_python, target)


def _platforms(machine: str) -> Iterator[str]:
    """Yield the platform tags from the newest glibc to the oldest. Source: PEP 600 and the legacy names in it."""
    for minor in range(GLIBC_MINOR, OLDEST_GLIBC_MINOR.get(machine, 17) - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in LEGACY_NAMES:
            yield f"{LEGACY_NAMES[minor]}_{machine}"
    yield f"linux_{machine}"
