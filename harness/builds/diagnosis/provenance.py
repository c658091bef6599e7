"""Which requirements line brought a package, as pip tells it while it collects, and uv where a build fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern

# pip: `Collecting numpy>=1.2 (from pandas==2.0->-r requirements.txt (line 3))`, `Requirement already satisfied: ...`
_COLLECTING = Pattern(
    rf"^\s*(?:Collecting|Processing|Obtaining|Requirement already satisfied:|(?:ERROR: )?No matching distribution found"
    rf" for|(?:ERROR: )?Could not find a version that satisfies the requirement)\s+(?P<package>(?>{NAME}))(?>[^\n]*?"
    r"\(from )(?>(?P<chain>[^\n]*?)-r )(?P<file>[^\n]+?) \(line (?P<line>\d+)\)\)",
    re.MULTILINE,
)
# pip: `Processing ./links/sprocket_c-2.0.tar.gz (from metrics==1.0->-r requirements.txt (line 1))`
_PROCESSING = Pattern(
    r"^Processing \S*?(?P<package>[A-Za-z0-9][A-Za-z0-9._]{0,150}?)-\d[^\s/\\]{0,200}\.(?:tar\.\w+|tgz|zip|whl) "
    r"\(from (?>(?P<chain>[^\n]*?)-r )(?P<file>[^\n]+?) \(line (?P<line>\d+)\)\)",
    re.MULTILINE,
)
_LINE_NUMBER = " (line "
# uv: `wsgiref` (v0.1.2) was included because `sprocket` (v1.0) depends on `axle` (v2.1) which depends on `wsgiref`
_INCLUDED = " was included because "
_BECAUSE = Pattern(
    rf"`(?P<package>{NAME})`(?: \([^)\n]*\))? was included because (?P<chain>[^\n]*(?:\n {{4,}}\S[^\n]*)*)"
)
_QUOTED = Pattern(rf"`(?P<name>{NAME})(?:\[[^\]`]*\])?[^`\n]*`")
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
    for match in _told_by_pip(log):
        package = canonicalize_name(match["package"])
        if package in found:
            continue
        names = [re.split(r"[\[<>=!~;@ (]", part, maxsplit=1)[0] for part in match["chain"].split("->") if part]
        via = tuple(canonicalize_name(name) for name in reversed(names) if name)
        found[package] = Origin(via, match["file"], int(match["line"]))
    return found


def _told_by_pip(log: BuildLog) -> Iterator[re.Match[str]]:
    """Yield what the lines with a line number tell, in the log's order, those that name a file at last."""
    of_files = []
    position = log.text.find(_LINE_NUMBER)
    while position >= 0:
        start = log.start_of_line(position)
        end = log.text.find("\n", position)
        end = end if end >= 0 else len(log.text)
        match = _COLLECTING.match(log.text, start, end)
        if match:
            yield match
        of_file = log.text.startswith("Processing ", start) and _PROCESSING.match(log.text, start, end)
        if of_file:
            of_files.append(of_file)
        position = log.text.find(_LINE_NUMBER, end)
    yield from of_files


def _told_by_uv(log: BuildLog) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for position in log.places(_INCLUDED):
        match = _BECAUSE.search(log.block(position, 8))
        names = [canonicalize_name(one["name"]) for one in _QUOTED.finditer(match["chain"])] if match else []
        if match and len(names) > 1:
            package = canonicalize_name(match["package"])
            found[package] = Origin(tuple(name for name in names if name != package))
    return found
