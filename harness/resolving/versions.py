"""Comparisons of versions as texts."""

from __future__ import annotations

from packaging.version import Version


def same_version(version: str, other: str) -> bool:
    """Tell whether two texts are the same version: 1.17 and 1.17.0 are."""
    return Version(version) == Version(other)


def is_newer(version: str, other: str) -> bool:
    """Tell whether the first version is the newer one."""
    return Version(version) > Version(other)
