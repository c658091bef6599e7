"""What a build has installed: distributions with their metadata, and the markers of its Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """One distribution. name: canonical. requires: its Requires-Dist lines."""

    name: str
    version: str
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """All distributions of a build by name, and the values of its environment markers."""

    packages: Mapping[str, InstalledPackage]
    markers: Mapping[str, str]

    @classmethod
    def of(cls, found: Iterable[tuple[str, str, Iterable[str]]], markers: Mapping[str, Any]) -> Installed:
        """Return the distributions; of one name the first, as Python finds it. found: name, version, requirements."""
        packages: dict[str, InstalledPackage] = {}
        for name, version, requires in found:
            canonical = canonicalize_name(name)
            packages.setdefault(canonical, InstalledPackage(canonical, str(version), tuple(map(str, requires))))
        return cls(packages, {str(name): str(value) for name, value in markers.items()})
