"""A requirement with another name or other versions, and everything else in it left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.records import Dependency
from harness.requirements import Requirements
from harness.requirements.lines import Edit, LogicalLine, logical_lines
from harness.requirements.parsing import RequirementStatement, SpecifierPart, Unparsable, parse_statement
from harness.requirements.refusals import judge_requirement
from harness.requirements.rewrites import is_supported


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line that asks an index for a package.

    Rewrites answer with the requirement that is to stand there, on one physical line and without the comment, which
    stays in the file; None where no line would do. A line with hashes has no rewrite, as nobody has looked at the files
    that new hashes would stand for; nor has one with environment variables, whose values a rewrite would spell out.
    """

    source: LogicalLine
    statement: RequirementStatement

    @property
    def name(self) -> str:
        assert self.statement.parsed is not None
        return self.statement.parsed.name

    @property
    def specifier(self) -> SpecifierSet:
        assert self.statement.parsed is not None
        return self.statement.parsed.specifier

    @property
    def hashes(self) -> tuple[str, ...]:
        return self.statement.options.values("--hash")

    @property
    def pin(self) -> Version | None:
        """Return the one version that the line asks for, None for a range and for a line without versions."""
        parts = self.statement.parts
        if len(parts) == 1 and parts[0].operator in {"==", "==="}:
            return _version(parts[0].version)
        return None

    @property
    def bound(self) -> Version | None:
        """Return a version that the line speaks of, the lowest."""
        named = (_version(part.version.removesuffix(".*")) for part in self.statement.parts)
        return min((version for version in named if version), default=None)

    def pinned(self, version: Version) -> str | None:
        """Return the line with that version and no other."""
        return self._edited(self._pin(version))

    def bounded(self, version: Version) -> str | None:
        """Return the line with only those comparisons changed that leave the version out; a range stays a range."""
        parts = self.statement.parts
        excluding = [
            part
            for part in parts
            if not SpecifierSet(f"{part.operator}{part.version}").contains(version, prereleases=True)
        ]
        if len(excluding) != 1 or not all(is_supported(part) and part.operator != "==" for part in parts):
            return self.pinned(version)
        return self._edited([edit for part in excluding for edit in _comparison(part, f"{part.operator[0]}=", version)])

    def only_on(self, platform: str) -> str | None:
        """Return the line with a marker that leaves it out elsewhere; platform: as `sys_platform` names it."""
        if self.statement.marker is not None:
            return None
        return self._edited([Edit(self._end, self._end, f' ; sys_platform == "{platform}"')])

    def limited(self, comparison: str) -> str | None:
        """Return the line with that comparison in place of all others, such as `<2`."""
        return self._edited([Edit(self._name_end, self._end, comparison)])

    def renamed(self, name: str, version: Version | None = None, *, keep_versions: bool = False) -> str | None:
        """Return the line with another name, with that version, with its own versions or with none."""
        start = self.source.content.index(self.name)
        name_edit = Edit(start, start + len(self.name), name)
        if keep_versions:
            return self._edited([name_edit])
        return self._edited([name_edit, *(self._pin(version) if version else self._without_versions())])

    def _pin(self, version: Version) -> list[Edit]:
        parts = self.statement.parts
        if not parts:
            return [Edit(self._name_end, self._name_end, f"=={version}")]
        first, last = parts[0], parts[-1]
        if first is last and first.operator == "==":
            return _comparison(first, "==", version)
        return [Edit(first.start, last.end, f"=={version}")]

    def _without_versions(self) -> list[Edit]:
        return [Edit(self._name_end, self._end, "")] if self.statement.parts else []

    @property
    def _name_end(self) -> int:
        """Return where the name ends, with its extras."""
        content = self.source.content
        end = content.index(self.name) + len(self.name)
        return content.index("]", end) + 1 if self.statement.extras else end

    @property
    def _end(self) -> int:
        """Return where the versions end: before the marker and the options."""
        return len(self.source.content[: self.statement.requirement_end].partition(";")[0].rstrip())

    def _edited(self, edits: Sequence[Edit]) -> str | None:
        if self.hashes or self.source.variables or not edits:
            return None
        text = self.source.content
        for edit in sorted(edits, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text if _is_accepted(text) else None


def find_line(requirements: Requirements, line_number: int | None) -> WrittenLine | None:
    """Return the line that begins there; None where it does not ask an index for a named package."""
    for judged in requirements.lines if requirements.language == "python" else ():
        if judged.source.line_number == line_number:
            try:
                statement = parse_statement(judged.source.content)
            except Unparsable:
                return None
            if isinstance(statement, RequirementStatement) and statement.kind == "index":
                return WrittenLine(judged.source, statement)
    return None


def _is_accepted(text: str) -> bool:
    """Tell whether the platform would record the text as one dependency."""
    lines = tuple(logical_lines(text))
    if len(lines) != 1:
        return False
    try:
        statement = parse_statement(lines[0].content)
    except Unparsable:
        return False
    return isinstance(statement, RequirementStatement) and isinstance(
        judge_requirement(lines[0], statement, expanded=False).record, Dependency
    )


def _comparison(part: SpecifierPart, operator: str, version: Version) -> list[Edit]:
    """Return the edits that put another operator and version in; the blanks that its author likes stay."""
    return [
        Edit(part.start, part.start + len(part.operator), operator),
        Edit(part.end - len(part.version), part.end, str(version)),
    ]


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
