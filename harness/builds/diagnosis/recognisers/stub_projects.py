"""A project that exists only to refuse: its build code ends with the name of the project to install instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.failed_builds import failed_builds
from harness.builds.diagnosis.model import Cause, Facts, Recogniser
from harness.builds.diagnosis.outcome import succeeded
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.provenance import origins
from harness.builds.diagnosis.releases import spellings_of
from harness.builds.diagnosis.stub_projects import pointed_to, real_project
from harness.builds.diagnosis.unavailable import deprecated

_CONFUSED = "is often confused for `"
_PLACEHOLDERS = ("only a placeholder", "This package should not be installed")
_OTHER_INDEX = ("NVIDIA Python Package Index", "wheel_stub")
register(_CONFUSED)

_RAISED = Pattern(r"^\s*(?:\w+\.)*(?:\w*(?:Error|Exception|Exit|Warning)|error)(?:: |$)")
_SUGGESTED = Pattern(r"`(?P<package>[^`]+)` is often confused for `(?P<real>[^`]+)`")
# A family's former name, such as azure: there is no single project that it points to.
_RETIRED = Pattern(
    r"\b(?:deprecated|obsolete|discontinued|retired)\b.*\b"
    r"(?:(?:can(?:not|'t| no longer)|must not|should not|no longer) be installed|(?:do not|don't) install)\b",
    re.IGNORECASE,
)
_LINES_BEHIND = 40


def refusal(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise the failed build of a project that points to another one; the last that failed."""
    if succeeded(log, facts.exit_code):
        return ()
    for build in reversed(failed_builds(log)):
        if build.package is None:
            continue
        output = log.text[build.start : build.end].splitlines()
        placeholder = _placeholder(output)
        if placeholder:
            return (_on_another_index(log, facts, build.package, build.start, placeholder),)
        hints = log.block(build.end - 1, _LINES_BEHIND).splitlines()
        for line, real in _pointers(output, [*output[-_LINES_BEHIND:], *hints], build.package):
            evidence = tuple(dict.fromkeys((log.line_at(build.start).strip(), line)))
            via = _brought_by(log, build.package)
            return (deprecated(facts, build.package, build.start, evidence, via, real),)
        retired = _retired(output, build.package)
        if retired:
            evidence = (log.line_at(build.start).strip(), retired)
            return (deprecated(facts, build.package, build.start, evidence, _brought_by(log, build.package)),)
    return ()


def _pointers(output: list[str], hints: list[str], package: str) -> Iterator[tuple[str, str]]:
    """Yield the lines that point to another project, with its name: the plainest proof first."""
    for line in hints:
        suggested = _SUGGESTED.search(line)
        if suggested and canonicalize_name(suggested["package"]) == canonicalize_name(package):
            yield line.strip(), suggested["real"]
    name = re.compile(spellings_of(package), re.IGNORECASE)
    for number, line in enumerate(output):
        says_name = bool(name.search(line))
        if says_name or _RAISED.match(line):
            paragraph = " ".join(part.strip() for part in output[number : number + 3])
            real = pointed_to(line, package) or (pointed_to(paragraph, package) if says_name else None)
            if real:
                yield line.strip(), real
    known = real_project(package)
    if known and output:
        raised = [line.strip() for line in output if _RAISED.match(line)]
        yield (raised[-1] if raised else output[-1].strip()), known


def _retired(output: list[str], package: str) -> str | None:
    """Return the line with which a project refuses to be installed any more without naming another one."""
    name = re.compile(spellings_of(package), re.IGNORECASE)
    for line in output:
        if name.search(line) and _RETIRED.search(line):
            return line.strip()
    return None


def _placeholder(output: list[str]) -> str | None:
    """Return the line with which a placeholder points to another index."""
    for line in output:
        if any(words in line for words in (*_PLACEHOLDERS, *_OTHER_INDEX)):
            return line.strip()
    return None


def _on_another_index(log: BuildLog, facts: Facts, package: str, position: int, proof: str) -> Cause:
    via = _brought_by(log, package)
    whose = f"{via[0]} needs {package}, which" if via and not facts.requirements.line_of(package) else package
    return Cause(
        "deprecated_package",
        f"{whose} is only a placeholder on the package index: its build wants to get the real one from NVIDIA's index.",
        "Ask for a version that the package index has whole, or use an environment that brings the package.",
        position,
        tuple(dict.fromkeys((log.line_at(position).strip(), proof))),
        package=canonicalize_name(package),
        via=via,
    )


def _brought_by(log: BuildLog, package: str) -> tuple[str, ...]:
    """Return the packages that brought this one, the one on a line first, where the log tells them."""
    origin = origins(log).get(canonicalize_name(package))
    return origin.via if origin else ()


RECOGNISERS: tuple[Recogniser, ...] = (refusal,)
