"""Match an installer's log against the known kinds of failure and find the requirements line at fault."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.signatures import SIGNATURES
from harness.builds.model import Diagnosis, RelatedLine
from harness.records import Dependency

TELLING_LINES = 12
AT_WORK_ON_A_PACKAGE = ("missing_compiler", "missing_system_library")
_COLLECTING = re.compile(r"^\s*Collecting ([A-Za-z0-9._-]+)", re.MULTILINE)
_TROUBLE = re.compile(r"error|failed|cannot|could not|no such|conflict|because", re.IGNORECASE)


def diagnose_build(log_lines: Sequence[str], dependencies: Sequence[Dependency]) -> Diagnosis:
    """Return why the build failed. `unknown`, with the most telling lines, where no known kind shows in the log."""
    log = "\n".join(log_lines)
    evidence = tuple(line.strip() for line in log_lines if _TROUBLE.search(line))[-TELLING_LINES:]
    for signature in SIGNATURES:
        found = signature.pattern.search(log)
        if not found:
            continue
        named = {name: value for name, value in found.groupdict().items() if value}
        package, other = named.get("package"), named.get("other")
        if package is None and signature.category in AT_WORK_ON_A_PACKAGE:
            package = _last_collected(log[: found.start()])
        line = _line_of(package, dependencies, log)
        other_line = _line_of(other, dependencies, log)
        related = (
            (RelatedLine(line_number=other_line.line_number if other_line else None, package_name=other),)
            if other
            else ()
        )
        return Diagnosis(
            category=signature.category,
            summary=signature.summary.format(**named),
            package_name=package,
            line_number=line.line_number if line else None,
            line=line.line if line else None,
            related=related,
            suggestion=signature.suggestion.format(**named),
            evidence=evidence,
        )
    return Diagnosis(
        category="unknown",
        summary="The installer failed, and its log does not show a known cause.",
        suggestion="Read the build log.",
        evidence=evidence or tuple(log_lines[-TELLING_LINES:]),
    )


def _last_collected(log: str) -> str | None:
    """Return the package that pip began with last: it builds one before it looks at the next."""
    found = _COLLECTING.findall(log)
    return found[-1] if found else None


def _line_of(package: str | None, dependencies: Sequence[Dependency], log: str) -> Dependency | None:
    """Return the line of that package; of several, one with a version that the log speaks of."""
    if package is None:
        return None
    wanted = canonicalize_name(package)
    lines = [line for line in dependencies if canonicalize_name(line.package_name) == wanted]
    told = [line for line in lines if any(constraint.version in log for constraint in line.constraints)]
    return next(iter(told or lines), None)
