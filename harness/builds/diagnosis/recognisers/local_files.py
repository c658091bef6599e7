"""A file that is not there, or whose bytes are no text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import Cause, Facts, Recogniser
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.refused_lines import Complaint

MOST_PLACES = 50
_ADD = "Add the file, or remove the line."
_ADD_PROJECT = "Add the project with its pyproject.toml or setup.py, or ask for a release from the index instead."
_ARCHIVE = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One wording. pattern: finds the group `path` in `lines` lines. what: the file's part, for the summary.

    must_be_local: the words are those of other troubles too, unless the path is an archive or stands on a line.
    """

    anchor: str
    pattern: str
    what: str
    suggestion: str = _ADD
    lines: int = 1
    must_be_local: bool = False


_PATH = r"(?P<path>[^'`\"\n]{1,2000}?)"
KINDS = (
    _Kind(
        "Could not open requirements file: ",
        rf"Could not open requirements file: \[Errno 2\][^'\n]*'{_PATH}'",
        "included",
    ),
    _Kind(
        "Could not open constraint", rf"Could not open constraints? file: \[Errno 2\][^'\n]*'{_PATH}'", "constraints"
    ),
    _Kind(
        "failed to read from file `",
        rf"failed to read from file `{_PATH}`(?::|\n\s*(?:cause|Caused by):) No such file",
        "included",
        lines=2,
    ),
    _Kind("File not found: `", rf"^(?:error: )?\s*File not found: `{_PATH}`", "included"),
    _Kind("Distribution not found at: ", r"Distribution not found at: (?P<path>\S+)", "local"),
    _Kind("It looks like a path. File '", rf"It looks like a path\. File '{_PATH}' does not exist", "local"),
    _Kind("it looks like a path. File '", rf"it looks like a path\. File '{_PATH}' does not exist", "local"),
    _Kind(
        "[Errno 2] No such file or directory: '",
        rf"^\s*ERROR: Could not install packages due to an (?:OSError|EnvironmentError): \[Errno 2\][^'\n]*'{_PATH}'$",
        "local",
        must_be_local=True,
    ),
    _Kind(
        "[Errno 2] No such file or directory: '",
        rf"^\s*(?:FileNotFoundError: |OSError: )\[Errno 2\][^'\n]*'{_PATH}'$",
        "local",
        must_be_local=True,
    ),
    _Kind(
        "is not a valid editable requirement",
        r"(?:ERROR: |: |^)(?P<path>(?:\.|/|~|file:|[\w.-]+/)[^\s+]{0,1000}?)(?:\[[^\]\n]*\])?"
        r" is not a valid editable requirement",
        "local",
        _ADD_PROJECT,
    ),
    _Kind(" is not installable. ", rf"Directory '{_PATH}' is not installable\.", "project", _ADD_PROJECT),
    _Kind(
        "does not appear to be a Python project",
        r"(?:^|[`\s])(?:file://)?(?P<path>/[^\s`]{1,1000})`?(?: \(from[^\n]*\))?"
        r" does not appear to be a Python project",
        "project",
        _ADD_PROJECT,
        must_be_local=True,
    ),
    _Kind(
        "COPY failed: ",
        r"(?:COPY|ADD) failed: (?:stat |lstat |file not found in build context[^\n]*stat )?(?P<path>[^\s:]+)[^\n]*"
        r"(?:no such file|does not exist|not found)",
        "copied",
    ),
    _Kind(
        "ADD failed: ", r"ADD failed: (?:stat |lstat )?(?P<path>[^\s:]+)[^\n]*(?:no such file|does not exist)", "copied"
    ),
    _Kind(
        "failed to calculate checksum of ref",
        r'failed to calculate checksum of ref [^\n"]*"(?P<path>[^"\n]+)": not found',
        "copied",
    ),
    _Kind(
        "failed to compute cache key",
        r'failed to compute cache key: [^\n"]*"?(?P<path>/[^"\n]+?)"?:? not found',
        "copied",
    ),
)
_SUMMARIES = {
    "included": "The file {path} is not there; pip reads requirements from it.",
    "constraints": "The constraints file {path} is not there.",
    "local": "{path} is to be installed from this machine, and there is no such file or folder where the build runs.",
    "project": "The folder {path} holds no Python project: it has neither a pyproject.toml nor a setup.py.",
    "copied": "The Dockerfile copies {path}, which is not in the build context.",
}
_TABLE = tuple((kind, Pattern(kind.pattern, re.MULTILINE)) for kind in KINDS)
_UNICODE = ("UnicodeDecodeError: '", "stream did not contain valid UTF-8", "LookupError: unknown encoding: ")
_READS_REQUIREMENTS = ("req/req_file.py", "req\\req_file.py", "get_file_content", "auto_decode")
register(*(kind.anchor for kind in KINDS), *_UNICODE)


def missing_files(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise a local path, an included file or a constraints file that does not exist."""
    for kind, pattern in _TABLE:
        for position in islice(log.places(kind.anchor), MOST_PLACES):
            match = pattern.search(log.block(position, kind.lines))
            cause = _missing(log, facts, kind, match["path"], position) if match else None
            if cause is not None:
                return (cause,)
    return ()


def undecodable_requirements(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that the installer cannot read the requirements file as text."""
    trouble = facts.requirements.trouble
    for anchor in _UNICODE:
        for position in islice(log.places(anchor), MOST_PLACES):
            if anchor == _UNICODE[1] or _reads_requirements(log, position):
                return (_undecodable(log, facts, position, lines=1),)
    if trouble is not None:
        # What is no text can look like lines that are no requirements.
        for anchor in ("Invalid requirement: ", "Couldn't parse requirement in `"):
            for position in islice(log.places(anchor), 1):
                return (_undecodable(log, facts, position, lines=3),)
    return ()


RECOGNISERS: tuple[Recogniser, ...] = (missing_files, undecodable_requirements)


def _missing(log: BuildLog, facts: Facts, kind: _Kind, path: str, position: int) -> Cause | None:
    declared = facts.requirements
    line = declared.including(path) if kind.what in {"included", "constraints"} else declared.of_path(path)
    known = (
        line is not None
        or path.lower().endswith(_ARCHIVE)
        or f"Processing {path}" in "\n".join(log.before(position, 3))
    )
    if kind.must_be_local and not known:
        return None
    place = re.search(
        r"\(from (?:-r \S+ \(line |line )(?P<line>\d{1,9})",
        "\n".join((*log.before(position, 3), log.line_at(position))),
    )
    number = int(place["line"]) if place and not declared.file else None
    shown = path.removeprefix("file://")
    what = "constraints" if line and line.content.startswith(("-c", "--constraint")) else kind.what
    warning = [told for told in log.before(position, 3) if "looks like a filename" in told]
    return Cause(
        category="missing_file",
        summary=_SUMMARIES[what].format(path=shown),
        suggestion=kind.suggestion,
        position=position,
        evidence=tuple(
            text.strip() for text in [*warning, *log.block(position, kind.lines).splitlines()] if text.strip()
        ),
        package=line.package if line else None,
        requirement=line.content if line else shown,
        line_number=line.line_number if line else number,
    )


def _reads_requirements(log: BuildLog, position: int) -> bool:
    """Tell whether the traceback above goes through pip's reading of requirements, and not through a package's code."""
    frames = "\n".join(log.before(position, 25))
    return any(place in frames for place in _READS_REQUIREMENTS) and "setup.py" not in frames


def _undecodable(log: BuildLog, facts: Facts, position: int, *, lines: int) -> Cause:
    trouble = facts.requirements.trouble
    told = re.search(r"can't decode byte (0x[0-9a-f]{2}) in position (\d+)", log.line_at(position))
    byte = f" (byte {told[1]} at position {told[2]})" if told else ""
    file = re.search(r"failed to (?:decode|read) file `?([^\s`:]+)", log.line_at(position))
    summary = f"{file[1] if file else 'The requirements file'} is not text that the installer can read{byte}."
    complaint = Complaint(line_number=trouble.line if trouble else None)
    return Cause(
        category="bad_encoding",
        summary=f"{summary} {trouble.message}" if trouble else summary,
        suggestion=trouble.remedy if trouble and trouble.remedy else "Save the file as UTF-8.",
        position=position,
        evidence=tuple(text.rstrip() for text in log.block(position, lines).splitlines() if text.strip()),
        line_number=complaint.line_number,
    )
