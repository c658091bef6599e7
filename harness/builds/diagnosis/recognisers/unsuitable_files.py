"""A file that an installer refuses when it looks at it: a wheel for another platform, metadata for another Python."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME, Cause, Facts, Recogniser
from harness.builds.diagnosis.outcome import succeeded
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.provenance import origins
from harness.builds.diagnosis.unavailable import Unavailable, no_wheel, python_mismatch

# pip of all releases; uv where it installs a file that it was given by its path or its address.
_WHEELS = (" is not a supported wheel on this platform", "dependency is incompatible with the current platform")
_UNINSTALLABLE = "can't be installed because "
_PYTHONS = ("requires a different Python: ", "require a different Python. ", "but the running Python is ")
register(*_WHEELS, _UNINSTALLABLE, *_PYTHONS)

_FILE = Pattern(r"(?<![^\s'\"`])(?P<place>(?:[^\s'\"`/\\]{0,250}[/\\]){0,50})(?P<file>[^\s/'\"`\\]{1,250}\.whl)")
_DISTRIBUTION = Pattern(
    rf"Distribution `(?P<package>{NAME})==(?P<version>[^\s`@]+)[^`]*` can't be installed because (?P<why>[^\n]+)"
)
_ONE_PYTHON = Pattern(
    rf"Package '?(?P<package>{NAME})[^\n']*'? requires a different Python: (?P<python>\S+) not in '(?P<needs>[^'\n]*)'"
)
_RUNNING_PYTHON = Pattern(
    rf"(?<![\w.-])(?P<package>{NAME})(?:[-= ](?P<version>\d\S{{0,100}}))?(?: [^\n]{{0,300}}?)? "
    r"requires Python '(?P<needs>[^'\n]*)' but the running Python is (?P<python>\S+)"
)
_MANY_PYTHONS = Pattern(r"Packages require a different Python\. (?P<python>\S+) not in:")
_OF_MANY = Pattern(rf"'(?P<needs>[^'\n]*)' \(required by (?P<package>{NAME})(?: (?P<version>[^\s()]+))?")
_MOST_PYTHONS = 20


def refused_file(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise the refusal of a file; the last one of each kind."""
    if succeeded(log, facts.exit_code):
        return ()
    found = (*_wheels(log, facts), *_distributions(log, facts), *_pythons(log, facts))
    return tuple(cause for cause in found if cause)


def _wheels(log: BuildLog, facts: Facts) -> Iterator[Cause]:
    """Yield the refusal of a wheel whose name is not for this platform."""
    for anchor in _WHEELS:
        position = next(log.places(anchor), -1)
        line = log.line_at(position).strip() if position >= 0 else ""
        match = _FILE.search(line)
        if match is None:
            continue
        try:
            project, version, _, tags = parse_wheel_filename(match["file"])
        except InvalidWheelFilename:
            continue
        platforms = ", ".join(sorted(map(str, tags)))
        missing = Unavailable(project, f"{project}=={version}", position, (line,))
        told = no_wheel(
            missing, facts, f"only a wheel for another Python or platform: {match['file']} is for {platforms}"
        )
        yield told


def _distributions(log: BuildLog, facts: Facts) -> Iterator[Cause]:
    """Yield uv's refusal of a release when it comes to installing it."""
    position = next(log.places(_UNINSTALLABLE), -1)
    match = _DISTRIBUTION.search(log.line_at(position)) if position >= 0 else None
    if match:
        requirement = f"{match['package']}=={match['version']}"
        missing = Unavailable(match["package"], requirement, position, (log.line_at(position).strip(),))
        yield no_wheel(missing, facts)


def _pythons(log: BuildLog, facts: Facts) -> Iterator[Cause]:
    """Yield the refusal of a package whose metadata exclude this Python."""
    known = origins(log)
    for anchor in _PYTHONS:
        position = next(log.places(anchor), -1)
        if position < 0:
            continue
        told = log.block(position, _MOST_PYTHONS)
        first = told.partition("\n")[0]
        match = _ONE_PYTHON.search(first) or _RUNNING_PYTHON.search(first)
        evidence: tuple[str, ...] = (first.strip(),)
        python = match["python"] if match else None
        if match is None:
            many, match = _MANY_PYTHONS.search(first), _OF_MANY.search(told)
            if many is None or match is None:
                continue
            python = many["python"]
            evidence = (first.strip(), match.group())
        package, version = match["package"], match.groupdict().get("version") or ""
        origin = known.get(canonicalize_name(package))
        via = origin.via if origin and not facts.requirements.of_package(package) else ()
        requirement = f"{package}=={version}" if version else package
        missing = Unavailable(package, requirement, log.start_of_line(position), evidence, via)
        yield python_mismatch(missing, facts, [(version, match["needs"])], python)


RECOGNISERS: tuple[Recogniser, ...] = (refused_file,)
