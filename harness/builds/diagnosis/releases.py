"""The releases that a log lists: which is the nearest to what a line asks for, and the line with that one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern

_PLAIN_LINE = Pattern(
    rf"^\s*(?P<name>{NAME})(?P<extras>\s*\[[^\]]*\])?\s*\(?(?P<versions>[<>=!~][^;()@#]*?)?\)?\s*(?P<marker>;.*)?$"
)
_WITH_OPTIONS = Pattern(r"\s--[a-z]")


def spellings_of(project: str) -> str:
    """Return a pattern of a project's name as file names and texts write it; for regular expressions without case."""
    return re.escape(canonicalize_name(project)).replace(r"\-", "[-_.]+")


def versions_in(listed: str) -> tuple[Version, ...]:
    """Return the versions of a list such as `1.0, 1.1rc1`, the oldest first; what is no version is left out."""
    found = set()
    for text in re.split(r"[,;\s]+", listed):
        try:
            found.add(Version(text))
        except InvalidVersion:
            continue
    return tuple(sorted(found))


def allowed(specifier: SpecifierSet, versions: Iterable[Version]) -> tuple[Version, ...]:
    """Return those that the comparisons allow, pre-releases too."""
    return tuple(version for version in versions if specifier.contains(version, prereleases=True))


def pinned_version(specifier: SpecifierSet) -> Version | None:
    """Return the one version that is asked for, None for ranges and for none."""
    pins = [one.version for one in specifier if one.operator in {"==", "==="}]
    return _version(pins[0]) if len(pins) == len(specifier) == 1 else None


def nearest(specifier: SpecifierSet, versions: Sequence[Version]) -> Version | None:
    """Return the version to ask for in place of what cannot be had: of the same minor version, else the same major one.

    Newer ones before older ones; no pre-release where there is another; None where there is no version at all.
    """
    final = [version for version in versions if not version.is_prerelease] or list(versions)
    bounds = [version for one in specifier if (version := _version(one.version.removesuffix(".*")))]
    if not final or not bounds:
        return max(final, default=None)
    asked = Version(min(bounds).public)

    def distance(version: Version) -> tuple[bool, bool, bool, int]:
        is_older = version < asked
        same_major = (version.epoch, version.major) == (asked.epoch, asked.major)
        between = sum(1 for other in final if min(version, asked) < other < max(version, asked))
        return not (same_major and version.minor == asked.minor), not same_major, is_older, between

    return min(final, key=distance)


def around(asked: Version, versions: Iterable[Version]) -> tuple[Version, ...]:
    """Return the nearest version below and the nearest above, as far as there are any; no pre-releases."""
    final = sorted(version for version in versions if not version.is_prerelease)
    below = [version for version in final if version < asked][-1:]
    return (*below, *[version for version in final if version > asked][:1])


def with_release(line: DeclaredLine | None, version: Version | None) -> str | None:
    """Return the line asking for that version: a bound stays a bound, all else becomes `==`."""
    if line is None or version is None:
        return None
    match = _PLAIN_LINE.match(line.content)
    operators = re.findall(r"[<>]=?|[=!~]=+", match["versions"] or "") if match else []
    operator = {">": "<=", ">=": "<=", "<": ">=", "<=": ">="}.get(operators[0], "==") if len(operators) == 1 else "=="
    return with_versions(line, f"{operator}{version}")


def with_versions(line: DeclaredLine, versions: str, name: str | None = None) -> str | None:
    """Return the line with other versions, and another name; its extras (unless renamed) and its marker stay.

    None for lines that are more than a name with versions: with hashes, addresses or options.
    """
    match = _PLAIN_LINE.match(line.content)
    if match is None or _WITH_OPTIONS.search(line.content) or "$" in line.content:
        return None
    extras = "" if name else (match["extras"] or "").strip()
    marker = f" {match['marker'].strip()}" if match["marker"] else ""
    return f"{name or match['name']}{extras}{versions}{marker}"


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
