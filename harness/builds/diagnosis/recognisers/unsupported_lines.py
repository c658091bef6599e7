"""A valid kind of line that this build cannot honour: version control without its program, editable, an option."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME, Cause, Facts, Recogniser
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.refused_lines import Complaint, quoted_line

MOST_PLACES = 50
SYSTEMS = {"git": "Git", "hg": "Mercurial", "svn": "Subversion", "bzr": "Bazaar"}
_RELEASE = "Ask for a release from the index, by name and version, or for the address of a wheel."
_PLAIN = "Ask for a release from the index, or write the folder or address without -e."
_STARTED = Pattern(
    rf"^\s*(?:Collecting|Processing|Obtaining) (?:(?P<package>{NAME})(?:\[[^\]\n]{{0,200}}\])? ?(?:@|from) )?"
    r"(?P<what>[^\s(]{1,1000})|Cloning (?:hg |svn |bzr )?(?P<address>\S{1,1000})"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One wording. pattern: searched in `lines` lines; its groups fill the texts, `what` is text of the line at fault.

    after_start: the line is the one whose download the installer began before.
    """

    anchor: str
    pattern: str
    summary: str
    suggestion: str
    lines: int = 1
    after_start: bool = False


_NO_PROGRAM = "{shown} lies under version control, and {system} is not there to fetch it."
_NOT_EDITABLE = "{shown} cannot be installed in editable form: its build backend does not support that."
_WHAT = r"(?P<what>[^\s`']{1,1000})"
_FILE_AND_LINE = r"(?: at |: )(?P<file>[^\n]{1,1000}?):(?P<line>\d{1,9}):\d{1,9}"
KINDS = (
    _Kind(
        "Cannot find command '",
        r"Cannot find command '(?P<program>git|hg|svn|bzr)'",
        _NO_PROGRAM,
        _RELEASE,
        after_start=True,
    ),
    _Kind("No permission to execute '", r"No permission to execute '(?P<program>\w+)'", _NO_PROGRAM, _RELEASE, 1, True),
    *(
        _Kind(
            anchor,
            r"Failed to (?:download and build|download|build|resolve)[^`\n]{0,40}`(?P<what>[^`\n]{1,1000})`"
            rf"[\s\S]*{anchor}",
            _NO_PROGRAM,
            _RELEASE,
            lines=-3,
        )
        for anchor in ("Git executable not found", "cannot find binary path")
    ),
    _Kind(
        "Unsupported URL prefix `",
        rf"Unsupported URL prefix `(?P<program>\w+)` in URL:? `{_WHAT}`",
        "{shown} is an address of {system}, which this installer does not support.",
        _RELEASE,
    ),
    _Kind(
        "Unsupported editable requirement in `",
        r"Unsupported editable requirement in `(?P<file>[^`\n]{1,1000})`"
        r"(?: at line (?P<line>\d+): `(?P<what>[^`\n]+)`)?"
        r"(?:\n\s*(?:cause|Caused by): [^`\n]*(?:`(?P<found>[^`\n]+)`)?)?",
        "{shown} cannot be installed in editable form.",
        _PLAIN,
        lines=3,
    ),
    _Kind(
        "missing the 'build_editable' hook",
        rf"Project {_WHAT} \(from[^\n]*missing the 'build_editable' hook",
        _NOT_EDITABLE,
        _PLAIN,
    ),
    _Kind(
        "has no attribute 'build_editable'",
        r"Failed to build (?:editable )?`(?P<what>[^`\n]{1,1000})`[\s\S]*has no attribute 'build_editable'",
        _NOT_EDITABLE,
        _PLAIN,
        lines=-12,
    ),
    _Kind(
        "has no attribute 'build_editable'",
        r"has no attribute 'build_editable'",
        _NOT_EDITABLE,
        _PLAIN,
    ),
    _Kind(
        'A "pyproject.toml" file was found, but editable mode currently requires',
        r"File \"(?P<file>[^\"\n]+)\" not found\. Directory cannot be installed in editable mode: (?P<what>[^\s(]+)",
        "{shown} cannot be installed in editable form: that takes a setup.py with this pip.",
        _PLAIN,
        lines=-2,
    ),
    _Kind(
        "is not a valid editable requirement",
        r"(?:ERROR: |: |^)(?P<what>(?!\.|/|~|file:)[^\s/]{1,500}) is not a valid editable requirement",
        "{shown} cannot stand behind -e, which takes a folder or an address under version control.",
        "Write the line without -e.",
    ),
    _Kind(
        "error: no such option: ",
        r"Invalid requirement: (?P<what>[^\n]{1,1000})\n[^\n]*error: no such option: (?P<option>\S+)",
        "The option {option} is not allowed in a requirements file.",
        "Remove {option}; what is left of the line is installed with the options of the build.",
        lines=-2,
    ),
    _Kind(
        "or the start of a requirement",
        rf"Unexpected '-', expected [^\n]{{1,80}}or the start of a requirement{_FILE_AND_LINE}",
        "{shown} holds an option that is not allowed in a requirements file.",
        "Remove the option from the file.",
    ),
    _Kind(
        "Expected `--hash`, found `",
        rf"Expected `--hash`, found `\"?(?P<option>-[\w-]*)[^`\n]{{0,200}}`{_FILE_AND_LINE}",
        "The option {option} is not allowed behind a requirement.",
        "Remove {option} from the line.",
    ),
    _Kind(
        "not allowed as constraint",
        r"(?P<kind>Unnamed|Editable)? ?requirements are not allowed as constraints[^`\n]*(?:`(?P<what>[^`\n]+)`)?",
        "The constraints hold a line that cannot be a constraint: only a name with versions can.",
        "Write constraints as a name and versions.",
    ),
    _Kind(
        "Constraints cannot have extras",
        r"Constraints cannot have extras",
        "The constraints hold a line with extras, which constraints cannot have.",
        "Remove the brackets from the lines of the constraints.",
    ),
    _Kind(
        "Unnamed requirements are not allowed as constraints",
        r"Unnamed requirements are not allowed as constraints",
        "The constraints hold a line without a package's name.",
        "Write constraints as a name and versions.",
    ),
    _Kind(
        "editable mode is not currently supported",
        r"(?<!\S)(?P<what>\S{1,500})?[^\n]{0,100}editable mode is not currently supported",
        _NOT_EDITABLE,
        _PLAIN,
    ),
)
_TABLE = tuple((kind, Pattern(kind.pattern, re.MULTILINE)) for kind in KINDS)
register(*(kind.anchor for kind in KINDS))


def unsupported_lines(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise a line that is no mistake, and that this installer or this build cannot honour."""
    for kind, pattern in _TABLE:
        for position in islice(log.places(kind.anchor), MOST_PLACES):
            block = _block(log, position, kind.lines)
            match = pattern.search(block)
            if match:
                return (_cause(log, facts, kind, match, position),)
    return ()


RECOGNISERS: tuple[Recogniser, ...] = (unsupported_lines,)


def _block(log: BuildLog, position: int, lines: int) -> str:
    """Return the lines from the anchor's on; a negative number counts the lines before it in as well."""
    if lines > 0:
        return log.block(position, lines)
    return "\n".join([*log.before(position, -lines), log.line_at(position)])


def _cause(log: BuildLog, facts: Facts, kind: _Kind, match: re.Match[str], position: int) -> Cause:
    groups = {name: value for name, value in match.groupdict().items() if value}
    package, what = None, groups.get("what") or groups.get("found") or ""
    if kind.after_start:
        package, what = _started_before(log, position)
    number = int(groups["line"]) if "line" in groups else None
    complaint = Complaint(groups.get("file"), line_number=number)
    line = complaint.line_in(facts.requirements, what) or (facts.requirements.of_path(what) if what else None)
    if line is None and kind.summary == _NOT_EDITABLE:
        local = [one for one in facts.requirements.lines if one.path and one.content.startswith(("-e", "--editable"))]
        line = local[0] if len(local) == 1 else None
    program = groups.get("program", "git")
    texts = {
        "shown": quoted_line(what or (line.content if line else "")),
        "system": SYSTEMS.get(program, program),
        "option": groups.get("option", ""),
    }
    evidence = [text.strip() for text in _block(log, position, kind.lines).splitlines() if text.strip()]
    return Cause(
        category="unsupported_line",
        summary=kind.summary.format(**texts),
        suggestion=kind.suggestion.format(**texts),
        position=position,
        evidence=tuple(evidence),
        package=package or (line.package if line else None) or _name_before_address(what),
        requirement=what or None,
        line_number=line.line_number if line else complaint.number_in_unknown_file(facts.requirements),
    )


def _started_before(log: BuildLog, position: int) -> tuple[str | None, str]:
    """Return the package, where it is named, and the address that the installer began to fetch before."""
    address = ""
    for line in reversed(log.before(position, 12)):
        match = _STARTED.search(line)
        if match and match["address"]:
            address = match["address"]
        elif match:
            what = match["what"]
            if "+" in what or "://" in what:
                return match["package"], what
            return what, address
    return None, address


def _name_before_address(what: str) -> str | None:
    match = re.match(rf"({NAME})(?:\[[^\]\n]{{0,200}}\])? ?@ ", what)
    return match[1] if match else None
