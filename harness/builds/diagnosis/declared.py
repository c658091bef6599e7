"""The lines of a requirements or constraints file, for finding the one that a log speaks of."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from harness.builds.diagnosis.patterns import Pattern
from harness.errors import HarnessError
from harness.findings import Finding
from harness.records import RefusedLine
from harness.requirements import Requirements, parse_requirements
from harness.requirements.lines import logical_lines

_INCLUDE = Pattern(r"(?:-r|-c|--requirement|--constraint)[ =]*(?P<target>\S+)")
_PATH_ENDS_AT = Pattern(r"[\s;\[#]")


@dataclass(frozen=True, slots=True)
class DeclaredLine:
    """One logical line. content: without comment and continuation. package: canonical, None where none is named.

    start: where it begins in the file's text, in characters. refused: why an installer cannot read the line; rewrite:
    what its author must have meant, where that is clear.
    """

    line_number: int
    line: str
    content: str
    package: str | None
    specifier: SpecifierSet
    start: int = 0
    refused: str | None = None
    rewrite: str | None = None

    @property
    def path(self) -> str | None:
        """Return the local path that the line installs, None where it installs something else."""
        text = self.content.removeprefix("-e").removeprefix("--editable").lstrip(" =")
        if " @ file:" in text or text.startswith("file:"):
            text = text[text.index("file:") + len("file:") :]
            text = "/" + text.lstrip("/")
        target = _PATH_ENDS_AT.split(text, maxsplit=1)[0]
        is_path = "/" in target and "://" not in target and not target.startswith("-")
        return _plain_path(target) if is_path or target.startswith(".") else None


@dataclass(frozen=True, slots=True)
class Declared:
    """The lines of one file; file is None where they come from none. trouble: why it cannot be read as text."""

    lines: tuple[DeclaredLine, ...] = ()
    file: Path | None = None
    trouble: Finding | None = None

    @classmethod
    def of(cls, requirements: Requirements) -> Declared:
        """Return each logical line of the file, refused ones too."""
        lines = []
        for judged in requirements.lines:
            record = judged.record
            comparisons = [f"{one.constraint_type}{one.version}" for one in record.constraints or ()]
            lines.append(
                DeclaredLine(
                    record.line_number,
                    record.line,
                    judged.source.content,
                    canonicalize_name(record.package_name) if record.package_name else None,
                    _specifier(comparisons),
                    judged.source.start,
                    record.reason if judged.pip_refuses and isinstance(record, RefusedLine) else None,
                    judged.rewrite if judged.pip_refuses else None,
                )
            )
        return cls(tuple(lines), requirements.file)

    @classmethod
    def read(cls, file: Path) -> Declared:
        """Return the lines of a file; where its bytes are no text, what can be read of them, and `trouble`.

        Raises HarnessError where there is no such file, or where it may not be read.
        """
        try:
            return cls.of(parse_requirements(file))
        except HarnessError as error:
            if not file.is_file():
                raise
            trouble = error.finding
            try:
                content = file.read_bytes()
            except OSError:
                raise error from None
        text = content.replace(b"\0", b"").decode("utf-8", errors="replace")
        lines = tuple(
            DeclaredLine(line.line_number, line.written, line.content, *_named(line.content), line.start)
            for line in logical_lines(text)
        )
        return cls((*lines, *_comment_at(trouble.line, text, lines)), file, trouble)

    def of_package(self, package: str) -> tuple[DeclaredLine, ...]:
        wanted = canonicalize_name(package)
        return tuple(line for line in self.lines if line.package == wanted)

    def line_of(self, package: str, requirement: str | None = None) -> DeclaredLine | None:
        """Return the line of a package; of several the one whose versions the log quotes, else the first."""
        lines = self.of_package(package)
        if len(lines) > 1 and requirement is not None:
            quoted = specifier_of(requirement)
            lines = tuple(line for line in lines if line.specifier == quoted) or lines
        return next(iter(lines), None)

    def numbered(self, line_number: int) -> DeclaredLine | None:
        """Return the logical line that this physical line belongs to."""
        spans = ((line, line.line_number + line.line.count("\n")) for line in self.lines)
        return next((line for line, last in spans if line.line_number <= line_number <= last), None)

    def at(self, position: int) -> DeclaredLine | None:
        """Return the logical line in which the file's text has this position."""
        return next((line for line in reversed(self.lines) if line.start <= position), None)

    def all_holding(self, text: str) -> tuple[DeclaredLine, ...]:
        """Return the lines with this text in them, blanks aside; for logs that quote a line."""
        wanted = _without_blanks(text)
        if not wanted:
            return ()
        return tuple(line for line in self.lines if wanted in _without_blanks(line.content))

    def holding(self, text: str) -> DeclaredLine | None:
        """Return the first line with this text in it, blanks aside."""
        return next(iter(self.all_holding(text)), None)

    def including(self, path: str) -> DeclaredLine | None:
        """Return the -r or -c line of a file that a log names, however it writes the path."""
        for line in self.lines:
            match = _INCLUDE.match(line.content)
            if match and _same_path(match["target"], path):
                return line
        return None

    def of_path(self, path: str) -> DeclaredLine | None:
        """Return the line that installs a local path that a log names, however it writes the path."""
        return next((line for line in self.lines if line.path and _same_path(line.path, path)), None)


def _comment_at(number: int | None, text: str, lines: Iterable[DeclaredLine]) -> Iterator[DeclaredLine]:
    """Yield the physical line of that number where no logical line begins there: bytes that no one can read."""
    physical = text.splitlines(keepends=True)
    if number and number <= len(physical) and all(line.line_number != number for line in lines):
        start = sum(map(len, physical[: number - 1]))
        yield DeclaredLine(number, physical[number - 1].rstrip("\r\n"), "", None, SpecifierSet(), start)


def specifier_of(requirement: str) -> SpecifierSet:
    """Return the versions that a quoted requirement allows; any, where it cannot be read."""
    try:
        return PackagingRequirement(requirement).specifier
    except InvalidRequirement:
        return SpecifierSet()


def _named(content: str) -> tuple[str | None, SpecifierSet]:
    try:
        parsed = PackagingRequirement(content)
    except InvalidRequirement:
        return None, SpecifierSet()
    return canonicalize_name(parsed.name), parsed.specifier


def _specifier(comparisons: Iterable[str]) -> SpecifierSet:
    try:
        return SpecifierSet(",".join(comparisons))
    except InvalidSpecifier:
        return SpecifierSet()


def _without_blanks(text: str) -> str:
    return "".join(text.split())


def _plain_path(path: str) -> str:
    return posixpath.normpath(path.strip("'\"`").replace("\\", "/"))


def _same_path(written: str, told: str) -> bool:
    """Tell whether a log's path is the one of a line, which may be relative to a folder that nobody knows."""
    relative = _plain_path(written)
    while relative.startswith("../"):
        relative = relative[3:]
    absolute = _plain_path(re.sub(r"^file:/*", "/", told))
    return absolute == relative or absolute.endswith("/" + relative.lstrip("/"))
