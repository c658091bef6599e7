"""From an installer's complaint to the line that it means, and what is wrong with that line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from harness.builds.diagnosis.declared import Declared, DeclaredLine
from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern
from harness.requirements.lines import logical_lines
from harness.requirements.parsing import Unparsable, parse_statement
from harness.requirements.refusals import refuse_unparsable

LONGEST_QUOTED = 200
# conda's `name=version=build`; a comparison of a marker that is written the wrong way round, or with a single sign.
_SLIPS = (
    (Pattern(rf"^({NAME})=(\d[\w.]*)(?:=\w+)?$"), r"\1==\2"),
    (Pattern(r"(?<=[\w\s])=>(?=\s*['\"])"), ">="),
    (Pattern(r"(?<=[\w\s])=<(?=\s*['\"])"), "<="),
    (Pattern(r"(?<=[a-z]) = (?=['\"])"), " == "),
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Where an installer says that the line stands.

    file: as the log writes it. line_number: counted from 1. position: in the text of the file. included_at: where
    the file is included in the one that the installer was given.
    """

    file: str | None = None
    line_number: int | None = None
    position: int | None = None
    included_at: int | None = None

    def line_in(self, declared: Declared, text: str) -> DeclaredLine | None:
        """Return the line that holds the quoted text, of several the one at this place, else what stands there.

        The words of a line go before its number: builds often hand the installer a copy with other lines in it.
        """
        there = self._line_there(declared)
        holding = declared.all_holding(text)
        if holding:
            return there if there in holding else holding[0]
        if self.file is not None:
            including = declared.including(self.file)
            if including is not None:
                return including
        if self.included_at is not None:
            return declared.at(self.included_at)
        return there if self._is_of(declared) else None

    def number_in_unknown_file(self, declared: Declared) -> int | None:
        """Return the line number that the log tells, where there is no file to look it up in."""
        return None if declared.file else self.line_number

    def _line_there(self, declared: Declared) -> DeclaredLine | None:
        if self.line_number is not None:
            return declared.numbered(self.line_number)
        return declared.at(self.position) if self.position is not None else None

    def _is_of(self, declared: Declared) -> bool:
        return self.file is None or declared.file is None or PurePath(self.file).name == declared.file.name


def explained_slip(line: DeclaredLine | None, content: str) -> tuple[str, str | None]:
    """Return what is wrong with a line in plain words, empty where nothing is, and what to write where that is clear.

    line: None where there is only what the log quotes of it.
    """
    rewrite = (line.rewrite if line else None) or _without_slip(content)
    head, semicolon, _ = content.partition(";")
    for part in (head, content) if semicolon else (content,):
        found = next(iter(logical_lines(part)), None)
        if found is None:
            continue
        try:
            parse_statement(found.content)
        except Unparsable as error:
            judgement = refuse_unparsable(found, error, expanded=False)
            return getattr(judgement.record, "reason", ""), rewrite or (judgement.rewrite if part == content else None)
    return "", None


def _without_slip(content: str) -> str | None:
    """Return the line without a slip that can have only one meaning; None where there is none, or another one."""
    written = content
    for slip, meant in _SLIPS:
        written = slip.sub(meant, written)
    try:
        return written if written != content and parse_statement(written) else None
    except Unparsable:
        return None


def quoted_line(text: str) -> str:
    """Return the text in backquotes, cut where it is long."""
    shown = " ".join(text.replace("\\\n", " ").split())
    return f"`{shown[:LONGEST_QUOTED]}{'...' if len(shown) > LONGEST_QUOTED else ''}`" if shown else "The line"
