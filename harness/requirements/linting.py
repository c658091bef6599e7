"""What is worth a look in a requirements file although each of its lines can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from harness.findings import Finding, Severity
from harness.requirements.import_names import DISTRIBUTION_OF_IMPORT, STANDARD_LIBRARY
from harness.requirements.model import JudgedLine, Requirement, Requirements
from harness.requirements.r_packages import BASE_PACKAGES
from harness.requirements.rewrites import contradict


def lint_requirements(requirements: Requirements) -> tuple[Finding, ...]:
    """Return findings on this file and those that it includes, file by file, in the order of lines.

    Errors: versions that exclude each other. Warnings: a package named twice, a module of the standard library, the
    name of an import in place of the package's, a comment that swallows the next line, environment variables.
    Lines that are refused say themselves why.
    """
    if requirements.file is None:
        return ()
    root = requirements.file.parent
    found = [finding for file in (requirements, *requirements.all_included) for finding in _of_file(file, root)]
    if requirements.language == "r":
        return tuple(found + list(_r_names(requirements, root)))
    found += _names(requirements, root)
    found += _impossible(requirements, root)
    found += _repeated(requirements, root)
    places = {_place(file.file, root): index for index, file in enumerate((requirements, *requirements.all_included))}
    return tuple(sorted(found, key=lambda finding: (places.get(finding.file or "", 0), finding.line or 0)))


def _place(file: Path | None, root: Path) -> str:
    assert file is not None
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)


def _of_file(file: Requirements, root: Path) -> Iterator[Finding]:
    place = _place(file.file, root)
    for line in file.lines:
        number = line.source.line_number
        if line.source.swallows_next_line:
            yield Finding(
                "The comment ends in a backslash, so that the next line belongs to the comment and is not installed.",
                "Delete the backslash at the end of the comment.",
                place,
                number,
                severity=Severity.WARNING,
            )
        if file.language == "python" and line.source.variables and not line.pip_refuses:
            yield _variable_finding(line, place)


def _variable_finding(line: JudgedLine, place: str) -> Finding:
    return Finding(
        f"The line depends on the environment variable {', '.join(line.source.variables)}, which the platform does"
        " not have.",
        "Write the value itself.",
        place,
        line.source.line_number,
        severity=Severity.WARNING,
    )


def _names(requirements: Requirements, root: Path) -> Iterator[Finding]:
    for entry in requirements.entries:
        if entry.parsed is None or entry.url or entry.path:
            continue
        name = canonicalize_name(entry.parsed.name)
        message = remedy = ""
        if name == "python":
            message = "Python itself is not installed from requirements.txt; it comes with the base environment."
            remedy = "Remove the line, and choose a base environment with the Python version you need."
        elif name in DISTRIBUTION_OF_IMPORT:
            right = DISTRIBUTION_OF_IMPORT[name]
            message = f"{entry.parsed.name} is the name of an import; the package is called {right}."
            remedy = f"Write {right} in its place."
        elif name in STANDARD_LIBRARY:
            message = f"{entry.parsed.name} is part of Python's standard library."
            remedy = "Remove the line."
        elif name.endswith((".txt", "-txt")):
            message = f"{entry.parsed.name} looks like a file, and is read as the name of a package."
            remedy = "Copy the lines of that file in."
        if message:
            place = _place(entry.file, root)
            yield Finding(message, remedy, place, entry.line_number, severity=Severity.WARNING)


def _r_names(requirements: Requirements, root: Path) -> Iterator[Finding]:
    first: dict[str, int] = {}
    place = _place(requirements.file, root)
    for entry in requirements.entries:
        name = entry.name or ""
        if name in BASE_PACKAGES:
            yield Finding(
                f"{name} comes with R itself.", "Remove the line.", place, entry.line_number, severity=Severity.WARNING
            )
        if name in first:
            yield Finding(
                f"{name} stands here and on line {first[name]}.",
                "Keep one of the two lines.",
                place,
                entry.line_number,
                severity=Severity.WARNING,
            )
        first.setdefault(name, entry.line_number)


def _impossible(requirements: Requirements, root: Path) -> Iterator[Finding]:
    for entry in requirements.entries:
        if contradict([f"{part.constraint_type}{part.version}" for part in entry.constraints]):
            yield Finding(
                f"No version of {entry.name} can satisfy all the comparisons of this line.",
                "Leave out those that exclude the others.",
                _place(entry.file, root),
                entry.line_number,
            )


def _repeated(requirements: Requirements, root: Path) -> Iterator[Finding]:
    """Yield a finding a line that names a package which an earlier line names under the same marker."""
    seen: dict[tuple[str, str], list[Requirement]] = {}
    for entry in requirements.entries:
        if entry.parsed is None:
            continue
        earlier = seen.setdefault((canonicalize_name(entry.parsed.name), str(entry.marker or "")), [])
        if earlier:
            yield _repeated_finding(entry, earlier, root)
        earlier.append(entry)


def _repeated_finding(entry: Requirement, earlier: list[Requirement], root: Path) -> Finding:
    place = _place(entry.file, root)
    for other in earlier:
        comparisons = [f"{part.constraint_type}{part.version}" for part in (*other.constraints, *entry.constraints)]
        if contradict(comparisons):
            where = _where(other, entry, root)
            return Finding(
                f"{entry.name} {_comparisons(entry)} and {_comparisons(other)} ({where}) exclude each other.",
                "Keep the one that the task needs.",
                place,
                entry.line_number,
            )
    return Finding(
        f"{entry.name} is named here and {_where(earlier[0], entry, root)}.",
        "Write both comparisons into one line.",
        place,
        entry.line_number,
        severity=Severity.WARNING,
    )


def _where(other: Requirement, entry: Requirement, root: Path) -> str:
    place = f"on line {other.line_number}"
    return place if other.file == entry.file else f"{place} of {_place(other.file, root)}"


def _comparisons(entry: Requirement) -> str:
    return ",".join(f"{part.constraint_type}{part.version}" for part in entry.constraints)
