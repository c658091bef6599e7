"""What came of a resolution: the set that would be installed, or why there is none."""

from __future__ import annotations

from harness.records import Record


class ResolvedPackage(Record):
    """One package of the set.

    line_numbers: the requirements lines that bring it, its own among them. via: the packages that need it. is_declared:
    a line names it.
    """

    package_name: str
    version: str
    is_declared: bool
    line_numbers: tuple[int, ...]
    via: tuple[str, ...] = ()


class SourcePackage(Record):
    """A package of which the installer would build a source distribution.

    Only building tells what that needs in turn. version: None where that is not known, either: a dependency brings it,
    or the newest that its line allows does not fit.
    """

    package_name: str
    version: str | None = None
    line_numbers: tuple[int, ...] = ()


class Conflict(Record):
    """Why no set fits, in uv's words: one paragraph a step of its proof.

    packages: all that the proof names, canonical. line_numbers: the requirements lines of those packages.
    """

    explanation: tuple[str, ...]
    packages: tuple[str, ...]
    line_numbers: tuple[int, ...]


class BaseChange(Record):
    """A package that the base environment pins and that the task replaces by another version.

    line_numbers: the requirements lines that need it. reason: one of them in words.
    """

    package_name: str
    from_version: str
    to_version: str
    line_numbers: tuple[int, ...]
    reason: str

    def __str__(self) -> str:
        return f"{self.package_name} {self.from_version} -> {self.to_version}: {self.reason}"


class Resolution(Record):
    """What uv found. packages: sorted by name, empty where there is a conflict.

    needs_building: what has only a source distribution in the version that an installer takes. Neither it nor what it
    needs is among the packages. notes: what else the reader should know, one sentence each.
    """

    packages: tuple[ResolvedPackage, ...] = ()
    conflict: Conflict | None = None
    needs_building: tuple[SourcePackage, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def resolvable(self) -> bool | None:
        """Tell whether there is a set; None where only building could tell."""
        if self.conflict is not None:
            return False
        return None if self.needs_building else True

    def version_of(self, package: str) -> str | None:
        """Return the version of a package, by its canonical name."""
        return next((found.version for found in self.packages if found.package_name == package), None)
