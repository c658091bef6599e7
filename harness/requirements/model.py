"""What is known of a requirements file once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from packaging.markers import Marker
from packaging.requirements import Requirement as PackagingRequirement

from harness.records import Dependency, RefusedLine, WrittenConstraint
from harness.requirements.lines import LogicalLine

Language = Literal["python", "r"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One logical requirement: something that pip would install, or hold back as a constraint.

    file, line_number: where it stands; physical lines count from 1, a continued requirement has its first.
    line: as the user wrote it, comment and continuation included, environment variables not expanded.
    parsed: name, extras, specifier, marker and url where it has a name (for a direct URL the name that its
        `#egg=` or wheel file name tells), else None. Environment variables are expanded here.
    extras, constraints: in the order and the spelling of the file; operators as written.
    url: of `name @ url`, a direct URL or a version control address. path: of a local project or archive.
    marker: also there where `parsed` is not. hashes: `sha256:...`, in written order.
    options: what else applies to this requirement alone, such as `("--config-settings", "key=value")`.
    is_constraint: from a file that was included with -c.

    `repr` shows nothing that an environment variable was expanded in, so that no secret gets into a log by it.
    """

    file: Path
    line_number: int
    line: str
    parsed: PackagingRequirement | None = field(default=None, repr=False)
    extras: tuple[str, ...] = field(default=(), repr=False)
    constraints: tuple[WrittenConstraint, ...] = field(default=(), repr=False)
    url: str | None = field(default=None, repr=False)
    path: str | None = field(default=None, repr=False)
    marker: Marker | None = field(default=None, repr=False)
    hashes: tuple[str, ...] = field(default=(), repr=False)
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    editable: bool = False
    is_constraint: bool = False

    @property
    def name(self) -> str | None:
        """Return the package's name as written, None for an unnamed URL or path (and for R, see `line`)."""
        return self.parsed.name if self.parsed else None


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """One logical line of a file and what became of it.

    record: what the platform holds of it, or why it holds nothing. rewrite: the refused line's rewrite as it goes
    into the file, with the line ends that the file has.
    pip_refuses: pip itself cannot read it, and so installs nothing at all from the file.
    """

    source: LogicalLine
    record: Dependency | RefusedLine
    rewrite: str | None = None
    pip_refuses: bool = False


@dataclass(frozen=True, slots=True)
class Requirements:
    """A requirements file, read and judged line by line.

    file: None where the task has none. entries: the requirements of this file and, in place, of its -r
    includes, in the order in which pip sees them. constraints: likewise those that come from -c files.
    included, constraint_files: the files that this file itself names with -r and -c and that could be read.
    lines: each logical line of this file.
    """

    file: Path | None = None
    language: Language = "python"
    entries: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    included: tuple[Requirements, ...] = ()
    constraint_files: tuple[Requirements, ...] = ()
    lines: tuple[JudgedLine, ...] = ()

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """Return the records of this file's lines that the platform accepts."""
        return tuple(line.record for line in self.lines if isinstance(line.record, Dependency))

    @property
    def refused(self) -> tuple[RefusedLine, ...]:
        """Return this file's lines that the platform's records cannot express."""
        return tuple(line.record for line in self.lines if isinstance(line.record, RefusedLine))

    @property
    def pip_refuses(self) -> bool:
        """Tell whether pip itself would stop at a line of this file or of a file that it includes."""
        files = (*self.included, *self.constraint_files)
        return any(line.pip_refuses for line in self.lines) or any(file.pip_refuses for file in files)

    @property
    def all_included(self) -> tuple[Requirements, ...]:
        """Return every file that this one pulls in, -r before -c, each followed by what it pulls in itself."""
        return tuple(found for file in (*self.included, *self.constraint_files) for found in (file, *file.all_included))


NO_REQUIREMENTS = Requirements()
