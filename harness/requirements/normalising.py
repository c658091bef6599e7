"""The canonical lines of a requirements file: what is installed, and the key under which the result is kept."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.specifiers import Specifier
from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import InvalidVersion, Version

from harness.requirements.model import Requirements


def normalised(requirements: Requirements) -> tuple[str, ...]:
    """Return sorted PEP 508 lines, hashes behind them, that mean the same as the file.

    Names and extras are canonical, versions without trailing zeros, comparisons and hashes sorted; comments, blank
    lines and the order of the file are gone; lines that name the same package under the same marker are one. Two
    files that ask for the same packages therefore give the same lines.

    Every requirement that the package index can answer is there, of included files, too, and also where the platform
    refuses the line for its operator. URLs, repositories, local paths and constraints are left out. For R the
    lines are the package names, as CRAN tells `Matrix` from `matrix`.
    """
    wanted = [entry for entry in requirements.entries if entry.parsed and not (entry.url or entry.path)]
    if requirements.language == "r":
        return tuple(sorted({entry.parsed.name for entry in wanted if entry.parsed}))
    merged: dict[tuple[str, str, tuple[str, ...]], tuple[set[str], set[str]]] = {}
    for entry in wanted:
        assert entry.parsed is not None
        hashes = tuple(sorted(set(entry.hashes)))
        key = (canonicalize_name(entry.parsed.name), str(entry.marker or ""), hashes)
        extras, comparisons = merged.setdefault(key, (set(), set()))
        extras.update(canonicalize_name(extra) for extra in entry.parsed.extras)
        comparisons.update(_canonical(specifier) for specifier in entry.parsed.specifier)
    return tuple(sorted(_line(key, extras, comparisons) for key, (extras, comparisons) in merged.items()))


def _line(key: tuple[str, str, tuple[str, ...]], extras: Iterable[str], comparisons: Iterable[str]) -> str:
    name, marker, hashes = key
    listed = ",".join(sorted(extras))
    line = f"{name}[{listed}]" if listed else name
    line += ",".join(sorted(comparisons))
    line += f" ; {marker}" if marker else ""
    return line + "".join(f" --hash={value}" for value in hashes)


def _canonical(specifier: Specifier) -> str:
    operator, version = specifier.operator, specifier.version
    if operator == "===":
        return operator + version.lower()  # compared as text, upper and lower case alike
    if version.endswith(".*"):
        return f"{operator}{Version(version[:-2])}.*"
    try:
        return operator + canonicalize_version(Version(version), strip_trailing_zero=operator != "~=")
    except InvalidVersion:
        return operator + version
