"""What pip says where it finds nothing for a requirement: `Could not find a version that satisfies the ...`.

Source: `Factory._report_single_requirement_conflict` and `PackageFinder.find_requirement` of pip 9 to 26.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.at_work import package_at_work
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.provenance import origins
from harness.builds.diagnosis.releases import spellings_of, versions_in

MISSES = ("version that satisfies the requirement ", "No matching distribution found for ")
_SKIPPED_TAGS, _SKIPPED_PYTHON = "Skipping link: none of the wheel's tags", "Link requires a different Python ("
_WENT_ON = "Collecting "
register(*MISSES, _SKIPPED_TAGS, _SKIPPED_PYTHON, _WENT_ON)

_MISS = Pattern(
    r"Could not find a (?:final )?version that satisfies the requirement (?P<requirement>\S[^\n]*?)"
    r"(?: \(from (?!versions:)(?P<chain>[^\n]*?)\))? \(from versions: (?P<versions>[^)\n]*)"
)
_NO_MATCH = Pattern(
    r"No matching distribution found for (?P<requirement>\S[^\n]*?)(?: \(from (?P<chain>[^\n]*)\))?\s*$", re.MULTILINE
)
_YANKED = Pattern(r"Ignored the following yanked versions: ([^\n]*)")
_OTHER_PYTHON = Pattern(r"Ignored the following versions that require a different python version: ([^\n]*)")
_ONE_OTHER_PYTHON = Pattern(r"(?<![^\s;])(?P<version>[^\s;]+) Requires-Python (?P<needs>[^;\n]+)")
_FILE = Pattern(r"(?<![^\s/])[^\s/]+\.whl(?=[#\s]|$)")
_DIFFERENT_PYTHON = Pattern(r"Link requires a different Python \((?P<python>\S+) not in: '(?P<needs>[^']*)'\)")
_RUNNING = Pattern(
    r"(?:/lib(?:64)?/python|\bFROM \S*?python:)(?P<path>3\.\d+)(?=[^\d\n][^\n]*)|"
    r"Downloading \S+-cp(?P<major>3)(?P<minor>\d+)-cp3(?P=minor)m?-\S+\.whl"
)
_ASKED_BY = Pattern(rf"^(?P<name>{NAME})")
_DISCARDED = Pattern(r"Discarding \S|Ignoring version \S+ of |has inconsistent |has invalid metadata")
_LOOKS_BACK = 400_000
_MOST_FILES = 3_000


@dataclass(frozen=True, slots=True)
class PipMiss:
    """One such error. package: as pip names it. versions: those that pip could have taken, the oldest first.

    is_listed: pip says which they are. yanked: those that it passed over as withdrawn. other_python: (version,
    Requires-Python) of those that it passed over for that. is_discarded: it had tried others and thrown them away.
    """

    package: str
    requirement: str
    position: int
    evidence: tuple[str, ...]
    via: tuple[str, ...]
    versions: tuple[Version, ...] = ()
    is_listed: bool = True
    yanked: tuple[Version, ...] = ()
    other_python: tuple[tuple[str, str], ...] = ()
    is_discarded: bool = False


def pip_miss(log: BuildLog) -> PipMiss | None:
    """Return the last such error, None where there is none or where pip went on after it."""
    position = max((next(log.places(anchor), -1) for anchor in MISSES), default=-1)
    if position < 0 or next(log.places(_WENT_ON), -1) > position:
        return None
    # With -v there is a traceback between the two.
    start = next(log.places(MISSES[0]), position)
    if position - start > _LOOKS_BACK or _WENT_ON in log.text[start:position]:
        start = position
    position = log.start_of_line(start)
    told = log.block(position, 1)
    match = _MISS.search(told) or _NO_MATCH.search(told)
    if match is None:
        return None
    requirement = match["requirement"].strip()
    name = re.match(NAME, requirement)
    if name is None:
        return None
    groups = match.groupdict()
    before = [line.strip() for line in log.before(position, 3)]
    ignored = [line for line in before if _YANKED.search(line) or _OTHER_PYTHON.search(line)]
    said = "\n".join(ignored)
    return PipMiss(
        package=name.group(),
        requirement=requirement,
        position=position,
        evidence=(*ignored, told.strip()),
        via=_via(log, position, groups["chain"], name.group(), told),
        versions=versions_in(groups.get("versions") or ""),
        is_listed="versions" in groups,
        yanked=versions_in(",".join(_YANKED.findall(said))),
        other_python=tuple(
            (one["version"], one["needs"].strip())
            for listed in _OTHER_PYTHON.findall(said)
            for one in _ONE_OTHER_PYTHON.finditer(listed)
        ),
        is_discarded=_DISCARDED.search(log.text, max(0, position - _LOOKS_BACK), position) is not None,
    )


def running_python(log: BuildLog) -> str | None:
    """Return the version of Python that pip ran with, as paths and the wheels that it took tell it."""
    for match in _RUNNING.finditer(log.text[-_LOOKS_BACK:]):
        if match["path"]:
            return match["path"]
        return f"{match['major']}.{match['minor']}"
    return None


def skipped_files(log: BuildLog, package: str) -> tuple[tuple[Version, str, str], ...]:
    """Return what pip tells with -v of the wheels that it passed over for their tags: version, file, line."""
    found = []
    for position in islice(log.places(_SKIPPED_TAGS), _MOST_FILES):
        line = log.line_at(position).strip()
        for file in _FILE.findall(line)[:1]:
            try:
                project, version, _, _ = parse_wheel_filename(file)
            except (InvalidWheelFilename, InvalidSdistFilename):
                continue
            if project == canonicalize_name(package):
                found.append((version, file, line))
    return tuple(reversed(found))


def skipped_for_python(log: BuildLog, package: str) -> tuple[tuple[str, str, str], ...]:
    """Return what pip tells with -v of the files that it passed over for Requires-Python: version, needs, line."""
    found = []
    wanted = re.compile(rf"/{spellings_of(package)}-(\d[^-/]*?)(?:-|\.tar|\.zip)")
    for position in islice(log.places(_SKIPPED_PYTHON), _MOST_FILES):
        line = log.line_at(position).strip()
        told, file = _DIFFERENT_PYTHON.search(line), wanted.search(line.lower())
        if told and file:
            found.append((file[1], told["needs"], line))
    return tuple(reversed(found))


def _via(log: BuildLog, position: int, chain: str | None, package: str, told: str) -> tuple[str, ...]:
    """Return the packages that brought it; of the tools of a build, the package that is built."""
    asks = _ASKED_BY.match(chain) if chain else None
    if chain and "->" in chain:
        names = [_ASKED_BY.match(part) for part in chain.split("->")]
        return tuple(canonicalize_name(name["name"]) for name in reversed(names) if name)
    if asks:
        asker = canonicalize_name(asks["name"])
        known = origins(log).get(asker)
        return tuple(dict.fromkeys((*(known.via if known else ()), asker)))
    built = package_at_work(log, position) if told.startswith("  ") else None
    return (built,) if built and canonicalize_name(built) != canonicalize_name(package) else ()
