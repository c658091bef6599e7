"""A project as an index lists it, read from file names and what stands beside them.

Source: the simple repository API (PEP 503, PEP 691), yanked files (PEP 592), wheel tags (PEP 425).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.version import Version


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A wheel or a source distribution.

    tags: the Pythons and platforms of a wheel, None for a source distribution. requires_python, yanked_reason: as the
    index has them, None where it says nothing. url: where the file lies. has_metadata: whether its core metadata lies
    beside it (PEP 658), None where the index does not say.
    """

    name: str
    version: Version
    tags: frozenset[Tag] | None
    requires_python: str | None = None
    yanked: bool = False
    yanked_reason: str | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    upload_time: datetime | None = None
    url: str = ""
    has_metadata: bool | None = None

    @property
    def metadata_url(self) -> str | None:
        """Return where the core metadata is looked for; None where the index says that it has none."""
        parts = urlsplit(self.url)
        known = self.has_metadata is not False and bool(parts.path)
        return urlunsplit(parts._replace(path=f"{parts.path}.metadata", fragment="")) if known else None

    @property
    def is_wheel(self) -> bool:
        return self.tags is not None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a wheel says of its own needs; malformed: the lines of it that no installer can read."""

    requirements: tuple[Requirement, ...] = ()
    malformed: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: bytes) -> Metadata:
        from packaging.metadata import parse_email

        written, _ = parse_email(document)
        requirements: list[Requirement] = []
        malformed: list[str] = []
        for line in written.get("requires_dist", ()):
            try:
                requirements.append(Requirement(line))
            except InvalidRequirement:
                malformed.append(line)
        return cls(tuple(requirements), tuple(malformed))


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a project and its files, in the index's order."""

    version: Version
    files: tuple[IndexFile, ...]

    @property
    def wheels(self) -> tuple[IndexFile, ...]:
        return tuple(file for file in self.files if file.is_wheel)

    @property
    def has_sdist(self) -> bool:
        return any(not file.is_wheel for file in self.files)

    @property
    def requires_python(self) -> str | None:
        return next((file.requires_python for file in self.files if file.requires_python), None)

    @property
    def yanked(self) -> bool:
        """Tell whether the release was withdrawn; one whose files were withdrawn in part still installs."""
        return all(file.yanked for file in self.files)

    @property
    def yanked_reason(self) -> str | None:
        return next((file.yanked_reason for file in self.files if file.yanked_reason), None)

    @property
    def upload_time(self) -> datetime | None:
        return min((file.upload_time for file in self.files if file.upload_time), default=None)


@dataclass(frozen=True, slots=True)
class Project:
    """A project of that canonical name; releases are sorted, the oldest first."""

    name: str
    releases: tuple[Release, ...] = ()

    @classmethod
    def of(cls, name: str, files: Iterable[IndexFile]) -> Project:
        """Gather files into releases; of a file that several indexes have, the first one's record counts."""
        by_version: dict[Version, dict[str, IndexFile]] = {}
        for file in files:
            by_version.setdefault(file.version, {}).setdefault(file.name, file)
        releases = (Release(version, tuple(by_version[version].values())) for version in sorted(by_version))
        return cls(name, tuple(releases))

    def release(self, version: Version) -> Release | None:
        return next((release for release in self.releases if release.version == version), None)
