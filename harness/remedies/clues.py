"""What an installer's own words tell of versions and names, as far as a diagnosis quotes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.builds.model import Diagnosis


def names_pointed_to(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the names in quotation marks to which a given-up project's own message points."""
    said = " ".join((*diagnosis.evidence, diagnosis.summary, diagnosis.suggestion or ""))
    yield from re.findall(r"""(?i)\b(?:use|install|is|to|by)[ :]+[`'"]([a-z0-9][a-z0-9._-]*)[`'"]""", said)


def name_of(line: str | None) -> str | None:
    try:
        return Requirement(line).name if line else None
    except InvalidRequirement:
        return None


def version_in(diagnosis: Diagnosis, package: str) -> Version | None:
    """Return the version behind the package's name in the proof: `numpy==1.0`, `numpy-1.0.tar.gz`, `numpy 1.0`."""
    name = re.sub(r"[-_.]+", "[-_.]+", re.escape(canonicalize_name(package)).replace(r"\-", "-"))
    pattern = re.compile(rf"(?i)(?<![\w.-]){name}(?:==| \(?v?|-)(\d+(?:\.\d+)*(?:\.?(?:post|dev|a|b|rc)\d+)*)")
    for text in (*diagnosis.evidence, diagnosis.summary) if package else ():
        found = pattern.search(text)
        if found:
            return _version(found[1])
    return None


def versions_listed(diagnosis: Diagnosis) -> tuple[frozenset[Version], bool]:
    """Return the versions that the log says were found for its Python, and whether it names all; only pip does."""
    told = (re.search(r"\(from versions: ([^)]*)", text) for text in (*diagnosis.evidence, diagnosis.summary))
    found = next((match for match in told if match), None)
    if found is None:
        return frozenset(), False
    # A long list is cut short in the proof; the version where it was cut may be torn.
    words = found[1].split(", ")
    is_complete = found.end() < len(found.string)
    whole = words if is_complete else words[:-1]
    return frozenset(version for word in whole if (version := _version(word.strip()))), is_complete


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
