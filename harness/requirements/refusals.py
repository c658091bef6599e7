"""Which lines the platform's dependency records can hold, and for the others the reason and the rewrite.

A reason never shows the value of an environment variable: where one was expanded, it speaks of the line in general,
and there is no rewrite, because a rewrite would have to spell the value out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.records import Constraint, ConstraintType, Dependency, RefusedLine, WrittenConstraint
from harness.requirements.lines import VARIABLE, Edit, LogicalLine, logical_lines
from harness.requirements.parsing import (
    OptionStatement,
    RequirementStatement,
    Unparsable,
    Unsuitable,
    parse_statement,
)
from harness.requirements.rewrites import WILDCARD, is_supported, rewrite_comparisons
from harness.requirements.typos import explain

SYSTEM_NAMES = {"git": "git", "hg": "Mercurial", "svn": "Subversion", "bzr": "Bazaar"}
PER_REQUIREMENT_OPTIONS = frozenset({"--hash", "--config-settings"})
OPTION_REASONS = {
    "--index-url": "the platform installs from its own package index",
    "--extra-index-url": "the platform installs from its own package index",
    "--no-index": "the platform installs from its own package index",
    "--find-links": "the platform installs from its own package index",
    "--trusted-host": "the platform installs from its own package index",
    "--pre": "name the pre-release in the requirement that wants one, such as >=2.0rc1",
    "--all-releases": "name the pre-release in the requirement that wants one, such as >=2.0rc1",
    "--require-hashes": "hashes are checked as soon as a requirement has one",
}
ONLY_REQUIREMENTS = "the platform takes requirements alone"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a line. `rewrite` is that of the refused line with the file's own line ends inside."""

    record: Dependency | RefusedLine
    rewrite: str | None = None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The reasons to refuse a requirement (none: accepted) and the edits that make it acceptable, if any do."""

    reasons: tuple[str, ...]
    edits: tuple[Edit, ...] | None


def judge_requirement(line: LogicalLine, statement: RequirementStatement, *, expanded: bool) -> Judgement:
    """Return the platform's record of a requirement, or the refused line.

    expanded: whether an environment variable was replaced in what `statement` was read from.
    """
    verdict = _judge(statement, expanded=expanded)
    extras = ",".join(statement.extras) or None
    if not verdict.reasons:
        assert statement.parsed is not None
        record = Dependency(
            package_name=statement.parsed.name,
            constraints=tuple(
                Constraint(constraint_type=ConstraintType(part.operator), version=part.version)
                for part in statement.parts
            ),
            extras=extras,
            line=line.written,
            line_number=line.line_number,
        )
        return Judgement(record)
    reason = " ".join(verdict.reasons)
    if expanded:
        return _refused(line, f"{reason} (The line holds environment variables.)")
    rewrite = line.edited(verdict.edits) if verdict.edits else None
    return _refused(line, reason, rewrite, statement if statement.parsed else None)


def refuse_options(line: LogicalLine, statement: OptionStatement) -> Judgement:
    """Return the refused line of options that stand alone."""
    names = tuple(dict.fromkeys(name for name, _ in statement.options.given))
    if names and set(names) <= PER_REQUIREMENT_OPTIONS:
        return _refused(
            line,
            f"{' and '.join(names)} belongs to a requirement and stands here alone, where pip passes over it:"
            " end the line before with a backslash.",
        )
    return _refused(line, " ".join(_option_reason(name) for name in names) or "There is no requirement here.")


def refuse_include(line: LogicalLine, reason: str) -> Judgement:
    """Return the refused line of a -r or -c."""
    return _refused(line, reason)


def refuse_unparsable(line: LogicalLine, error: Unparsable, *, expanded: bool) -> Judgement:
    """Return the refused line of something that pip cannot read either."""
    missing = VARIABLE.findall(line.content)
    if expanded:
        return _refused(
            line,
            f"With the value of {_listed(line.variables)} in place this cannot be read as a requirement.",
        )
    if missing:
        return _refused(
            line,
            f"The environment variable {_listed(line.variables)} is not set, so that pip takes it as text."
            " Write the value itself: the platform does not have your environment.",
        )
    if isinstance(error, Unsuitable):
        return _refused(line, str(error))
    explanation = explain(line.content, str(error))
    return _refused(line, explanation.reason, _rewrite_after(line, explanation.edits))


def _rewrite_after(line: LogicalLine, edits: tuple[Edit, ...]) -> str | None:
    """Return the line with a slip put right, and made acceptable to the platform where it is not yet."""
    if not edits:
        return None
    corrected = line.edited(edits)
    again = tuple(logical_lines(corrected))
    if len(again) != 1:
        return None
    try:
        statement = parse_statement(again[0].content)
    except Unparsable:
        return None
    if not isinstance(statement, RequirementStatement):
        return None
    verdict = _judge(statement, expanded=False)
    if not verdict.reasons:
        return corrected
    return again[0].edited(verdict.edits) if verdict.edits else None


def _judge(statement: RequirementStatement, *, expanded: bool) -> _Verdict:
    reasons: list[str] = []
    edits: tuple[Edit, ...] | None = ()
    for reason, its_edits in (
        _judge_source(statement),
        _judge_comparisons(statement, expanded=expanded),
        _judge_options(statement),
        _judge_left_over(statement, expanded=expanded),
    ):
        if reason:
            reasons.append(reason)
            edits = None if edits is None or its_edits is None else (*edits, *its_edits)
    return _Verdict(tuple(reasons), edits)


_Part = tuple[str, tuple[Edit, ...] | None]
_FINE: _Part = ("", ())


def _judge_source(statement: RequirementStatement) -> _Part:
    what = {
        "index": "",
        "named url": "a package from an address (name @ URL)",
        "url": "a package from a URL",
        "version control": f"a package from a {SYSTEM_NAMES.get(statement.system or '', 'source')} repository",
        "path": "a package from a local path",
    }[statement.kind]
    if statement.editable:
        what = f"an editable install (-e){f', {what}' if statement.kind != 'path' else ''}"
    if not what:
        return _FINE
    return (
        f"This is {what}; the platform installs released packages from its index, by name and version.",
        None,
    )


def _judge_comparisons(statement: RequirementStatement, *, expanded: bool) -> _Part:
    refused = [part for part in statement.parts if not is_supported(part)]
    if not refused:
        return _FINE
    written = dict.fromkeys(
        f"the wildcard {part.operator}{'...' if expanded else part.version}"
        if part.version.endswith(WILDCARD)
        else f"the operator {part.operator}"
        for part in refused
    )
    subject = " and ".join(written)
    verb = "is" if len(written) == 1 else "are"
    reason = f"{subject[:1].upper()}{subject[1:]} {verb} not supported; only <, <=, ==, >= and > with a version are."
    return reason, rewrite_comparisons(statement.parts)


def _judge_options(statement: RequirementStatement) -> _Part:
    if statement.editable:
        return _FINE
    others = [name for name, _ in statement.options.given if name != "--hash"]
    if not others:
        return _FINE
    reason = " ".join(_option_reason(name) for name in dict.fromkeys(others))
    if PER_REQUIREMENT_OPTIONS.intersection(others):
        return reason, None
    return f"{reason} On the line of a requirement pip passes over it.", (_hashes_alone(statement),)


def _judge_left_over(statement: RequirementStatement, *, expanded: bool) -> _Part:
    if not statement.options.left_over:
        return _FINE
    words = "The words behind the options" if expanded else f"`{' '.join(statement.options.left_over)}`"
    return f"{words} after the options: pip passes over this. Give each package a line of its own.", None


def _hashes_alone(statement: RequirementStatement) -> Edit:
    hashes = "".join(f" --hash={value}" for value in statement.options.values("--hash"))
    return Edit(statement.requirement_end, statement.end, hashes)


def _option_reason(name: str) -> str:
    return f"The option {name} is not supported: {OPTION_REASONS.get(name, ONLY_REQUIREMENTS)}."


def _refused(
    line: LogicalLine, reason: str, rewrite: str | None = None, statement: RequirementStatement | None = None
) -> Judgement:
    parsed = statement.parsed if statement else None
    record = RefusedLine(
        line_number=line.line_number,
        line=line.written,
        reason=reason,
        rewrite="\n".join(re.split(r"\r\n|\r|\n", rewrite)) if rewrite is not None else None,
        package_name=parsed.name if parsed else None,
        extras=(",".join(statement.extras) or None) if statement else None,
        constraints=tuple(
            WrittenConstraint(constraint_type=part.operator, version=part.version) for part in statement.parts
        )
        if statement
        else None,
    )
    return Judgement(record, rewrite)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
