"""Which requirements line brought a package, as pip tells it while it collects, and uv where a build fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME

# pip: `Collecting numpy>=1.2 (from pandas==2.0->-r requirements.txt (line 3))`, `Requirement already satisfied: ...`
_COLLECTING = re.compile(
    rf"^\s*(?:Collecting|Processing|Obtaining|Requirement already satisfied:|(?:ERROR: )?No matching distribution found"
    rf" for|(?:ERROR: )?Could not find a version that satisfies the requirement)\s+(?P<package>{NAME})[^\n]*?"
    r"\(from (?P<chain>[^\n]*?)-r (?P<file>[^\n]+?) \(line (?P<line>\d+)\)\)",
    re.MULTILINE,
)
# pip: `Processing ./links/sprocket_c-2.0.tar.gz (from metrics==1.0->-r requirements.txt (line 1))`
_PROCESSING = re.compile(
    r"^Processing \S*?(?P<package>[A-Za-z0-9][A-Za-z0-9._]*?)-\d[^\s/\\]*\.(?:tar\.\w+|tgz|zip|whl) "
    r"\(from (?P<chain>[^\n]*?)-r (?P<file>[^\n]+?) \(line (?P<line>\d+)\)\)",
    re.MULTILINE,
)
# uv: `wsgiref` (v0.1.2) was included because `sprocket` (v1.0) depends on `axle` (v2.1) which depends on `wsgiref`
_INCLUDED = " was included because "
_BECAUSE = re.compile(
    rf"`(?P<package>{NAME})`(?: \([^)\n]*\))? was included because (?P<chain>[^\n]*(?:\n {{4,}}\S[^\n]*)*)"
)
_QUOTED = re.compile(rf"`(?P<name>{NAME})(?:\[[^\]`]*\])?[^`\n]*`")
register(_INCLUDED)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a package comes from: via these packages, the one on a line first; the file and line that the log tells."""

    via: tuple[str, ...]
    file: str = ""
    line_number: int | None = None


def origins(log: BuildLog) -> Mapping[str, Origin]:
    """Return the origin of each package that the log tells one of, by canonical name; the first that it tells."""
    return log.once(_read_origins)


def _read_origins(log: BuildLog) -> Mapping[str, Origin]:
    found = _told_by_uv(log)
    if " (line " not in log.text:
        return found
    for match in chain(_COLLECTING.finditer(log.text), _PROCESSING.finditer(log.text)):
        names = [re.split(r"[\[<>=!~;@ (]", part, maxsplit=1)[0] for part in match["chain"].split("->") if part]
        via = tuple(canonicalize_name(name) for name in reversed(names) if name)
        origin = Origin(via, match["file"], int(match["line"]))
        found.setdefault(canonicalize_name(match["package"]), origin)
    return found


def _told_by_uv(log: BuildLog) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for position in log.places(_INCLUDED):
        match = _BECAUSE.search(log.block(position, 8))
        names = [canonicalize_name(one["name"]) for one in _QUOTED.finditer(match["chain"])] if match else []
        if match and len(names) > 1:
            package = canonicalize_name(match["package"])
            found[package] = Origin(tuple(name for name in names if name != package))
    return found
