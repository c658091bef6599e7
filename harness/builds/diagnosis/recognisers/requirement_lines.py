"""A line that the installer cannot read: its name and versions, or the marker behind `;`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.model import Cause, Facts, Recogniser
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.refused_lines import Complaint, explained_slip, quoted_line

PIP, UV, UV_SHORT = "Invalid requirement: ", "Couldn't parse requirement in `", "the start of a requirement"
PIP_MARKERS = ("Invalid marker: ", "InvalidMarker: ")
register(PIP, *PIP_MARKERS, UV, UV_SHORT)
MOST_PLACES = 50
LINES = 9
_ERROR = r"^\s*(?:\[?ERROR\]?:? |error: |[\w.]+(?:Error|Requirement|Exception): )?"
# pip quotes as Python does. Newer: what the parser says, the line again, and below it a caret under the trouble.
_PIP = Pattern(
    _ERROR + r"Invalid requirement: (?P<text>'[^'\n]{0,2000}'|\"[^\"\n]{0,2000}\"|[^\n]{0,2000}?)"
    r"(?P<says>(?:: | \(from | ?, it |\n|$)[\s\S]*)"
)
_PIP_PLACE = Pattern(r"\(from line (?P<line>\d{1,9}) of (?P<file>[^\n)]{1,1000})\)")
_OF_A_DEPENDENCY = Pattern(r"\(from (?!line \d)[A-Za-z0-9]")
_PIP_MARKER = Pattern(
    r"Invalid marker: (?P<text>'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\"), parse error"
    r"|InvalidMarker: (?P<says>[^\n]{1,500})\n\s++(?P<quoted>[^\n]{1,2000})\n\s*[~^]"
)
_UV = Pattern(
    r"Couldn't parse requirement in `(?P<file>[^`\n]{1,1000})` at position (?P<position>\d{1,12})\n"
    r"\s*(?:cause|Caused by): (?P<says>[\s\S]*)"
)
_UV_INCLUDED = Pattern(r"Error parsing included file in `(?P<file>[^`\n]{1,1000})` at position (?P<position>\d{1,12})")
_UV_SHORT = Pattern(
    r"^\s*(?:error: |Caused by: |cause: )?(?P<says>Unexpected '(?P<found>[^'\n]{1,20})', expected [^\n]{1,80})"
    r"(?: at |: )(?P<file>[^\n]{1,1000}?):(?P<line>\d{1,9}):\d{1,9}"
)
_CARETS = Pattern(r"^\s*[~^]*\^[~^]*(?:\s|$)")
_LOOKS_LIKE_PATH = Pattern(r"File '(?P<path>[^'\n]{1,1000})' does not exist")
_OF_MARKERS = Pattern(r"marker|expected one of 'and'|quoted string", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What an installer says of a line. text: what it quotes; says: its own reason; complaint: where it stands."""

    text: str
    says: str
    complaint: Complaint
    position: int
    evidence: tuple[str, ...]
    hint: str = ""
    is_marker: bool = False


def unreadable_lines(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that a line is no valid requirement, or its marker no valid marker."""
    for refusal in (*_from_pip(log), *_from_uv(log)):
        cause = _cause(facts, refusal)
        if cause is not None:
            return (cause,)
    return ()


RECOGNISERS: tuple[Recogniser, ...] = (unreadable_lines,)


def _from_pip(log: BuildLog) -> Iterator[_Refusal]:
    for position in islice(log.places(PIP), MOST_PLACES):
        block = log.block(position, LINES)
        match = _PIP.match(block)
        if match is None or _OF_A_DEPENDENCY.search(match["says"].split("\n", 1)[0]):
            continue
        said = _first_paragraph(match["says"])
        place = _PIP_PLACE.search(said)
        first, *below = said.removeprefix(": ").split("\n")
        evidence = (match.string[: match.end("text")].strip() + said).splitlines()
        yield _Refusal(
            text=_unquoted(match["text"]),
            says=_PIP_PLACE.sub("", first).strip(),
            complaint=Complaint(place["file"], line_number=int(place["line"])) if place else Complaint(),
            position=position,
            evidence=tuple(line.rstrip() for line in evidence),
            hint="\n".join(below),
            is_marker=bool(_OF_MARKERS.search(first)),
        )
    for position in (place for anchor in PIP_MARKERS for place in islice(log.places(anchor), MOST_PLACES)):
        match = _PIP_MARKER.search(log.block(position, 3))
        if match:
            text = _unquoted(match["text"]) if match["text"] else match["quoted"].strip()
            evidence = log.block(position, 1 if match["text"] else 3).splitlines()
            yield _Refusal(text, match["says"] or "", Complaint(), position, tuple(evidence), is_marker=True)


def _first_paragraph(said: str) -> str:
    """Return what belongs to the error: its own line, what is indented below it, and the hint."""
    first, *more = said.split("\n")
    kept = [first]
    for line in more:
        if not (line.startswith((" ", "\t", "Hint: ")) and line.strip()):
            break
        kept.append(line)
    return "\n".join(kept)


def _from_uv(log: BuildLog) -> Iterator[_Refusal]:
    for position in islice(log.places(UV), MOST_PLACES):
        match = _UV.search(log.block(position, LINES))
        if match is None:
            continue
        says, quoted, lines = _told_and_quoted(match["says"])
        complaint = Complaint(match["file"], position=int(match["position"]))
        included = _UV_INCLUDED.search("\n".join(log.before(position, 2)))
        evidence = log.block(position, 1 + lines).splitlines()
        yield _Refusal(
            text=" ".join(line.rstrip("\\") for line in quoted),
            says=" ".join(says),
            complaint=Complaint(complaint.file, position=complaint.position, included_at=int(included["position"]))
            if included
            else complaint,
            position=position,
            evidence=tuple(line.rstrip() for line in evidence if line.strip()),
            is_marker=bool(_OF_MARKERS.search(" ".join(says))),
        )
    for position in islice(log.places(UV_SHORT), MOST_PLACES):
        line = log.line_at(position)
        match = _UV_SHORT.match(line)
        if match and match["found"] != "-":
            complaint = Complaint(match["file"], line_number=int(match["line"]))
            yield _Refusal("", match["says"], complaint, position, (line.strip(),))


def _told_and_quoted(text: str) -> tuple[list[str], list[str], int]:
    """Return uv's reason, the requirement that it quotes below it and that carets end, and how many lines all take."""
    lines = text.split("\n")
    carets = next((number for number, line in enumerate(lines) if number and _CARETS.match(line)), None)
    if carets is None:
        return [lines[0].strip()], [], 1
    start = carets - 1
    while start > 1 and lines[start - 1].rstrip().endswith("\\"):
        start -= 1
    stripped = [line.strip() for line in lines]
    return stripped[:start], stripped[start:carets], carets + 1


def _unquoted(text: str) -> str:
    """Return what Python's quotes hold, and text without quotes as it is."""
    if text[:1] in {"'", '"'}:
        try:
            return str(ast.literal_eval(text))
        except (ValueError, SyntaxError):
            return text[1:-1]
    return text


def _cause(facts: Facts, refusal: _Refusal) -> Cause | None:
    """Return the cause, None where what the installer says is no matter of syntax."""
    path = _LOOKS_LIKE_PATH.search(refusal.hint)
    if path or facts.requirements.trouble or "\0" in refusal.text or _is_option(refusal.text):
        return None
    line = refusal.complaint.line_in(facts.requirements, refusal.text)
    content = line.content if line and _holds(line, refusal.text) else refusal.text
    marker_at_fault = _marker_is_at_fault(content)
    is_marker = refusal.is_marker if marker_at_fault is None else marker_at_fault
    reason, rewrite = explained_slip(line if line and content == line.content else None, content)
    shown = "This" if line and content == line.content else quoted_line(content)
    reason = reason or _sentence(refusal.says)
    what = "has no valid marker behind the semicolon" if is_marker else "is no valid requirement"
    return Cause(
        category="invalid_marker" if is_marker else "invalid_syntax",
        summary=f"{shown} {what}. {reason}".rstrip(),
        suggestion=_suggestion(rewrite, is_marker=is_marker, hint=refusal.hint),
        position=refusal.position,
        evidence=refusal.evidence,
        package=_name_of(content) if is_marker else None,
        requirement=content,
        line_number=line.line_number if line else refusal.complaint.number_in_unknown_file(facts.requirements),
        replacement=rewrite,
    )


def _suggestion(rewrite: str | None, *, is_marker: bool, hint: str) -> str:
    if rewrite is not None:
        return f"Write `{rewrite.strip()}`."
    if "The path does exist" in hint:
        return "Write -r before the name of a file with requirements."
    if is_marker:
        return 'Write a marker such as `; python_version >= "3.11"`: a variable, a comparison and a value in quotes.'
    return "Write one requirement a line: a name, extras in brackets, versions with commas, such as `name>=1.2,<2`."


def _sentence(says: str) -> str:
    says = says.strip().rstrip(".")
    return f"The installer says: {says}." if says else ""


def _holds(line: DeclaredLine, text: str) -> bool:
    return not text or "".join(text.split()) in "".join(line.content.split())


def _is_option(text: str) -> bool:
    return text.startswith("--") or " --" in text


def _name_of(content: str) -> str | None:
    try:
        return PackagingRequirement(content.split(";", 1)[0].strip()).name
    except InvalidRequirement:
        return None


def _marker_is_at_fault(content: str) -> bool | None:
    """Tell which side of `;` cannot be read; None where both can, or there is no marker."""
    head, semicolon, marker = content.partition(";")
    if not semicolon:
        return None
    try:
        PackagingRequirement(head.strip())
    except InvalidRequirement:
        return False
    try:
        Marker(marker.strip())
    except InvalidMarker:
        return True
    return None
