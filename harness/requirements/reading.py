"""Read a requirements file with everything that it includes, and judge each line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement as PackagingRequirement

from harness.errors import HarnessError
from harness.records import Dependency, WrittenConstraint
from harness.requirements.decoding import read_text
from harness.requirements.lines import LogicalLine, expand_variables, logical_lines
from harness.requirements.model import JudgedLine, Language, Requirement, Requirements
from harness.requirements.parsing import (
    IncludeStatement,
    OptionStatement,
    RequirementStatement,
    Unparsable,
    parse_statement,
)
from harness.requirements.r_packages import judge_r_lines
from harness.requirements.refusals import (
    judge_requirement,
    refuse_include,
    refuse_options,
    refuse_unparsable,
)


def parse_requirements(
    file: Path, language: Language = "python", *, environment: Mapping[str, str] | None = None
) -> Requirements:
    """Read a requirements file: which requirements it holds, and what the platform makes of each line.

    environment: where `${NAME}` is looked up, this process's environment when None.
    HarnessError when the file itself cannot be read; whatever is wrong in it, or with a file that it includes, is a
    refused line of the result.
    """
    variables = os.environ if environment is None else environment
    if language == "r":
        return _read_r(file)
    return _read(file, variables, ancestors=(file.resolve(),), is_constraint=False)


ONLY_OWN_FILE = "the platform reads only the requirements.txt of the task."


@dataclass(slots=True)
class _Collected:
    """What has been gathered from a file so far."""

    entries: list[Requirement] = field(default_factory=list)
    constraints: list[Requirement] = field(default_factory=list)
    included: list[Requirements] = field(default_factory=list)
    constraint_files: list[Requirements] = field(default_factory=list)
    lines: list[JudgedLine] = field(default_factory=list)


def _read_r(file: Path) -> Requirements:
    lines = judge_r_lines(read_text(file).text)
    # Every name of an R package is also a well-formed name of a requirement, so both languages share one record.
    entries = tuple(
        Requirement(file, line.record.line_number, line.record.line, PackagingRequirement(line.record.package_name))
        for line in lines
        if isinstance(line.record, Dependency)
    )
    return Requirements(file, "r", entries, lines=lines)


def _read(
    file: Path, variables: Mapping[str, str], *, ancestors: tuple[Path, ...], is_constraint: bool
) -> Requirements:
    found = _Collected()
    for line in logical_lines(read_text(file).text):
        content = expand_variables(line.content, variables)
        expanded = content != line.content
        try:
            statement = parse_statement(content, is_constraint=is_constraint)
        except Unparsable as error:
            judgement = refuse_unparsable(line, error, expanded=expanded)
            found.lines.append(JudgedLine(line, judgement.record, judgement.rewrite, pip_refuses=True))
            continue
        match statement:
            case RequirementStatement():
                requirement = _requirement(file, line, statement, is_constraint=is_constraint)
                (found.constraints if is_constraint else found.entries).append(requirement)
                judgement = judge_requirement(line, statement, expanded=expanded)
                found.lines.append(JudgedLine(line, judgement.record, judgement.rewrite))
            case IncludeStatement():
                _follow(file, line, statement, variables, ancestors, found, expanded=expanded)
            case OptionStatement():
                found.lines.append(JudgedLine(line, refuse_options(line, statement).record))
    return Requirements(
        file,
        "python",
        tuple(found.entries),
        tuple(found.constraints),
        tuple(found.included),
        tuple(found.constraint_files),
        tuple(found.lines),
    )


def _requirement(file: Path, line: LogicalLine, statement: RequirementStatement, *, is_constraint: bool) -> Requirement:
    return Requirement(
        file=file,
        line_number=line.line_number,
        line=line.written,
        parsed=statement.parsed,
        extras=statement.extras,
        constraints=tuple(
            WrittenConstraint(constraint_type=part.operator, version=part.version) for part in statement.parts
        ),
        url=statement.url,
        path=statement.path,
        marker=statement.marker,
        # pip has no hashes for an editable install, and passes over those on its line.
        hashes=() if statement.editable else statement.options.values("--hash"),
        options=tuple(given for given in statement.options.given if given[0] == "--config-settings"),
        editable=statement.editable,
        is_constraint=is_constraint,
    )


def _follow(
    file: Path,
    line: LogicalLine,
    statement: IncludeStatement,
    variables: Mapping[str, str],
    ancestors: tuple[Path, ...],
    found: _Collected,
    *,
    expanded: bool,
) -> None:
    """Read the file that a -r or -c line names; what is wrong with it becomes the line's reason."""
    shown = "the file named here" if expanded else statement.target
    try:
        included = _read_included(file, statement, variables, ancestors)
    except _NotIncluded as error:
        trouble = _begin(f"{shown} {error}", expanded=expanded)
        reason = f"{statement.option} is not supported: {ONLY_OWN_FILE} {trouble}"
        record = refuse_include(line, reason).record
        found.lines.append(JudgedLine(line, record, pip_refuses=True))
        return
    (found.constraint_files if statement.is_constraint else found.included).append(included)
    found.entries.extend(included.entries)
    found.constraints.extend(included.constraints)
    reason = f"{statement.option} is not supported: {ONLY_OWN_FILE} {_how_to_copy(statement, shown, included)}"
    found.lines.append(JudgedLine(line, refuse_include(line, reason).record))


class _NotIncluded(Exception):
    """Why a file cannot be included and what to do: sentences that begin behind the file's name."""


def _read_included(
    file: Path, statement: IncludeStatement, variables: Mapping[str, str], ancestors: tuple[Path, ...]
) -> Requirements:
    try:
        parts = urlsplit(statement.target)
    except ValueError as error:  # such as an unclosed bracket of an IPv6 address
        raise _NotIncluded("is not an address. Add the file, or remove this line.") from error
    if parts.scheme in {"http", "https"}:
        raise _NotIncluded("lies on a server and is not read here. Copy its lines in.")
    if parts.scheme == "file":
        target = Path(unquote(parts.path))
    else:
        target = Path(os.path.normpath(file.parent / statement.target))
    try:
        place = target.resolve()
        is_there = place.exists()
    except (OSError, RuntimeError, ValueError):  # a ring of links, a name that no file can have
        is_there = False
    if not is_there:
        raise _NotIncluded("does not exist there. Add it, or remove this line.")
    if place in ancestors:
        raise _NotIncluded("includes itself, directly or through others. Remove this line.")
    try:
        return _read(target, variables, ancestors=(*ancestors, place), is_constraint=statement.is_constraint)
    except HarnessError as error:
        raise _NotIncluded(f"cannot be read. {error.finding.message} {error.finding.remedy}") from error


def _begin(sentence: str, *, expanded: bool) -> str:
    """Return the sentence with a capital, unless it begins with the name of a file."""
    return f"{sentence[:1].upper()}{sentence[1:]}" if expanded else sentence


def _how_to_copy(statement: IncludeStatement, shown: str, included: Requirements) -> str:
    if statement.is_constraint:
        return f"Write the version limits of {shown} behind the packages that are named here."
    count = len(included.entries)
    if not count:
        return f"There are no requirements in {shown}: remove this line."
    what = "the one requirement" if count == 1 else f"the {count} requirements"
    return f"Copy {what} of {shown} in place of this line."
