"""Find the requirements line that a cause goes back to."""

from __future__ import annotations

import re

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.model import Cause, Facts, Named
from harness.builds.diagnosis.provenance import Origin, origins
from harness.builds.model import RelatedLine


def responsible_line(log: BuildLog, facts: Facts, cause: Cause) -> DeclaredLine | None:
    """Return the line at fault: the package's own, the one that brought the package, or the one that the log numbers.

    A line number in pip's words counts lines of the file that pip was given, which may be another one than the task's
    own; so names go before numbers. Without the task's requirements the numbers of the log are all there is: the line
    is then what the log quotes.
    """
    if not facts.requirements.lines:
        return _line_told(log, cause)
    numbered = facts.requirements.numbered(cause.line_number) if cause.line_number is not None else None
    if cause.package is None:
        return numbered
    own = facts.requirements.of_package(cause.package)
    if own:
        return numbered if numbered in own else facts.requirements.line_of(cause.package, cause.requirement)
    for name in cause.via:
        line = facts.requirements.line_of(name)
        if line is not None:
            return line
    origin = origins(log).get(canonicalize_name(cause.package))
    return (
        numbered
        or (_line_of_origin(facts, origin) if origin else None)
        or _line_of_path(facts, cause)
        or _only_line(facts)
    )


def related_lines(facts: Facts, cause: Cause, responsible: DeclaredLine | None) -> tuple[RelatedLine, ...]:
    """Return the other packages that have a part in it, each with its line where it has one."""
    return tuple(
        RelatedLine(line_number=_number_of(facts, named, responsible), package_name=named.package)
        for named in cause.related
    )


def _number_of(facts: Facts, named: Named, responsible: DeclaredLine | None) -> int | None:
    if named.pinned or named.line_number is not None:
        return named.line_number
    others = [line for line in facts.requirements.of_package(named.package) if line is not responsible]
    quoted = facts.requirements.line_of(named.package, named.requirement)
    line = quoted if quoted in others else next(iter(others), None)
    return line.line_number if line else None


def _line_told(log: BuildLog, cause: Cause) -> DeclaredLine | None:
    """Return the line as the log tells it: its number, and what the log quotes of it."""
    number, quoted = cause.line_number, cause.requirement
    if number is None and cause.package is not None:
        known = origins(log)
        names = [canonicalize_name(name) for name in (cause.package, *reversed(cause.via))]
        origin = next((known[name] for name in names if name in known), None)
        number = origin.line_number if origin else None
        quoted = next(iter((*(origin.via if origin else ()), *cause.via)), quoted)
    if number is None:
        return None
    text = quoted or cause.package or ""
    return DeclaredLine(number, text, text, canonicalize_name(cause.package) if cause.package else None, SpecifierSet())


def _line_of_origin(facts: Facts, origin: Origin) -> DeclaredLine | None:
    for name in origin.via:
        line = facts.requirements.line_of(name)
        if line is not None:
            return line
    return None


def _line_of_path(facts: Facts, cause: Cause) -> DeclaredLine | None:
    """Return the line that names no package but the folder or file of one that brought this."""
    wanted = {canonicalize_name(name) for name in (*cause.via, cause.package) if name}
    for line in facts.requirements.lines:
        if line.package is None:
            place = re.split(r"[\[#;\s]", line.content, maxsplit=1)[0].rstrip("/")
            name = re.split(r"-\d", place.replace("\\", "/").rsplit("/", 1)[-1], maxsplit=1)[0]
            if canonicalize_name(name) in wanted:
                return line
    return None


def _only_line(facts: Facts) -> DeclaredLine | None:
    """Return the line that everything goes back to, where there is just one."""
    asking = [line for line in facts.requirements.lines if line.content and not line.content.startswith("-")]
    return asking[0] if len(asking) == 1 else None
