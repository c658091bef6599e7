"""The metadata of a release is malformed, or not that of the release, and the installer passes it over or stops.

Sources: pip's `MetadataInvalid`, `MetadataInconsistent`, `UnsupportedWheel`, `InvalidInstalledPackage` (21 to 26); uv's
`IncompleteVersion` and the hints beside "No solution found".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME, Cause, Facts, Recogniser
from harness.builds.diagnosis.outcome import succeeded
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.provenance import origins

CATEGORY = "invalid_package_metadata"
_NEWER = "Ask for another version of {package}: a newer one has it right, mostly."
_REFUSED = "The metadata of {release} is malformed, and the installer refuses it: {said}."
_OTHER = "The metadata of {release} is not that of its file: {said}."
_MOST_PLACES = 50
_LINES = 8
_MISSED = Pattern(rf"(?:No matching distribution found for|version that satisfies the requirement) (?P<name>{NAME})")
_NOTHING_FOUND = "No matching distribution found for "
_SAID = r"(?P<said>[^\n]+(?:\n {4}\S[^\n]*\n +~*\^)?)"


@dataclass(frozen=True, slots=True)
class _Wording:
    """anchor: a text of the line. passes_over: the installer then looks for another release, so that the end tells."""

    anchor: str
    pattern: Pattern
    summary: str = _REFUSED
    passes_over: bool = False


def _wording(anchor: str, pattern: str, summary: str = _REFUSED, *, passes_over: bool = False) -> _Wording:
    register(anchor)
    named = pattern.replace(
        "RELEASE",
        rf"(?<![\w.-])(?P<package>(?>{NAME}))(?![A-Za-z0-9])(?:\[[^\]\n]{{0,200}}\])?"
        r"(?P<version>[^\s`'\"(]{0,200}+)",
    )
    return _Wording(anchor, Pattern(re.sub(r"(?<!\[) (?![*+?{])", r"\\s++", named), re.MULTILINE), summary, passes_over)


_WORDINGS = (
    _wording("has invalid metadata: ", rf"Requested RELEASE from .*has invalid metadata: {_SAID}", passes_over=True),
    _wording(
        "has inconsistent ",
        r"Requested (?:RELEASE )(?:\S+ )?from .*has inconsistent (?P<said>[^\n]+)",
        _OTHER,
        passes_over=True,
    ),
    _wording(
        "has invalid metadata:",
        r"Ignoring version (?P<version>\S+) of (?P<package>\S+) since it has invalid metadata: "
        r"(?:[^\n]*\n)?[^\n]*has invalid metadata: (?P<said>[^\n]+)",
        passes_over=True,
    ),
    _wording("has inconsistent metadata", r"RELEASE has inconsistent metadata(?: and)?(?P<said>)", _OTHER),
    _wording("has invalid metadata", r"RELEASE has invalid metadata(?: and)?(?P<said>)"),
    _wording("has an invalid package format", r"RELEASE has an invalid package format(?P<said>)"),
    _wording("has invalid requirement", r"^(?P<said>[^\n]*has invalid requirement[^\n]*)"),
    _wording("has a malformed wheel", r"RELEASE has a malformed wheel(?P<said>)"),
    _wording(
        "Couldn't parse metadata of ",
        r"Couldn't parse metadata of (?P<file>[^\s]+?)(?: from [^\n]*)?\n(?P<said>[^\n]+)",
    ),
    _wording(
        "ouldn't parse metadata in ", r"ouldn't parse metadata in (?P<file>\S+?)(?: \([^)]*\))?: ?(?P<said>[^\n]+)"
    ),
    _wording("etadata of ", r"(?:Failed to parse|Couldn't parse|Invalid) metadata of `?RELEASE`?:? ?(?P<said>[^\n]*)"),
    _wording(
        "Package metadata ",
        (
            r"Package metadata (?P<said>(?:version|name) `[^`]*` does not match given (?:version|"
            r"name) `[^`]*`)"
        ),
        _OTHER,
    ),
    _wording(
        "Failed to parse metadata from built wheel",
        r"Failed to parse metadata from built wheel(?P<said>[^\n]*(?:\n[^\n]+){0,2})",
    ),
    _wording("is not a valid wheel filename", r"(?<!\S)(?P<file>\S+\.whl) is not a valid wheel filename(?P<said>)"),
    _wording(
        "produced metadata for project name",
        r"Generating metadata for package RELEASE produced metadata for project name (?P<said>\S+)\.",
        _OTHER,
        passes_over=True,
    ),
    _wording(
        "Cannot process installed package",
        r"Cannot process installed package RELEASE [^\n]*because it has an invalid (?P<said>[^\n]+)",
    ),
    _wording(
        "is invalid: ",
        r"RELEASE(?>[^\n]{0,400}? is invalid: )(?P<said>[^\n]{0,1000}(?:METADATA|PKG-INFO|metadata)[^\n]*)",
    ),
    _wording(
        "does not match filename", r"(?P<said>(?:Wheel|Metadata|Package)[^\n]*does not match filename[^\n]*)", _OTHER
    ),
    _wording("Invalid version: '", r"InvalidVersion: (?P<said>Invalid version: '[^'\n]*')"),
    _wording("not a valid release: ", r"^(?P<said>[^\n]*not a valid release[^\n]*)"),
)


def refused_metadata(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise a release whose own metadata ended the installation."""
    if succeeded(log, facts.exit_code):
        return ()
    missed = _missed(log)
    causes = []
    for wording in _WORDINGS:
        for count, position in enumerate(log.places(wording.anchor)):
            if count == _MOST_PLACES:
                break
            match = _match(log, wording, position)
            if match is None:
                continue
            cause = _cause(log, wording, position, match)
            if not wording.passes_over or (cause.package and canonicalize_name(cause.package) in missed):
                causes.append(cause)
                break
    # Several tell of the same: the more is said, the better.
    return tuple(sorted(causes, key=lambda cause: (cause.package is None, -len(cause.summary)))[:1])


def _match(log: BuildLog, wording: _Wording, position: int) -> re.Match[str] | None:
    """Return what the wording matches around `position`: in its line and the few about it."""
    before = "".join(f"{line}\n" for line in log.before(position, 2))
    block = f"{before}{log.block(position, _LINES)}"
    offset = len(before) + position - log.start_of_line(position)
    return next((match for match in wording.pattern.finditer(block) if match.start() <= offset < match.end()), None)


def _cause(log: BuildLog, wording: _Wording, position: int, match: re.Match[str]) -> Cause:
    groups = {name: value for name, value in match.groupdict().items() if value}
    package = _package(log, position, groups)
    release = _release(package, groups)
    said = " ".join(re.sub(r"\n +~*\^", "", groups.get("said", "")).split()).rstrip(".")
    hint = _hint(log, position) if not said or said == "and" else said
    known = origins(log).get(canonicalize_name(package)) if package else None
    if hint:
        summary = wording.summary.format(release=release, said=hint)
    else:
        summary = wording.summary.split(", and")[0].split(":")[0].format(release=release) + "."
    return Cause(
        CATEGORY,
        summary,
        _NEWER.format(package=package or "the package"),
        position,
        tuple(line.strip() for line in match.group().splitlines() if line.strip())[:_LINES],
        package=package,
        via=known.via if known else (),
    )


def _package(log: BuildLog, position: int, groups: Mapping[str, str]) -> str | None:
    if "package" in groups:
        discarded = re.search(r"inconsistent name: (?:expected|filename has) '(?P<name>[^']+)'", log.line_at(position))
        return discarded["name"] if discarded else groups["package"]
    if "file" in groups:
        return re.split(r"-\d|==|\.whl", groups["file"].rsplit("/", 1)[-1], maxsplit=1)[0]
    told = re.search(rf"Metadata for `?(?P<name>{NAME}?)(?:==|`| )", "\n".join(log.before(position, 2)))
    if told:
        return told["name"]
    from harness.builds.diagnosis.failed_builds import failed_builds

    for build in failed_builds(log):
        if build.start <= position <= build.end:
            return build.package
    return None


def _release(package: str | None, groups: Mapping[str, str]) -> str:
    version = groups.get("version", "").removeprefix("==")
    number = version if re.fullmatch(r"\d[\w.+!-]*", version) else ""
    return f"{package or 'a package'} {number}".strip()


def _hint(log: BuildLog, position: int) -> str:
    """Return what uv's hint says below its report."""
    told = re.search(
        r"Package\s+metadata\s+((?:version|name)\s+`[^`]*`\s+does\s+not\s+match\s+given\s+(?:version|name)\s+`[^`]*`)",
        log.text[position : position + 3_000],
    )
    return " ".join(told[1].split()) if told else ""


def _missed(log: BuildLog) -> set[str]:
    """Return the packages of which pip found no release in the end."""
    return {
        canonicalize_name(found["name"])
        for position in log.places(_NOTHING_FOUND)
        if (found := _MISSED.search(log.line_at(position)))
    }


RECOGNISERS: tuple[Recogniser, ...] = (refused_metadata,)
