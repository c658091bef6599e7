"""The report with which pip's resolver gives up: `Cannot install A and B because ...`, `The conflict is caused by:`.

Source: `Factory.get_installation_error` in pip/_internal/resolution/resolvelib/factory.py, the same words since 20.3.
"""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand, Report, read_requirement
from harness.builds.diagnosis.recognisers.conflicts.versions import Versions

_WORDS = "because these package versions have conflicting dependencies"
_CAUSES = "The conflict is caused by:"
_IMPOSSIBLE = "ResolutionImpossible: for help visit"
_HEADLINE = Pattern(rf"^(?P<indent>[^\n]*?)Cannot install (?P<roots>[^\n]+?) {_WORDS}", re.MULTILINE)
_DEMAND = Pattern(
    rf"^\s*(?:(?P<user>The user requested) (?P<pin>\(constraint\) )?|"
    rf"(?P<by>{NAME})(?:\[[^\]\n]*\])? (?P<version>\S+) depends on )(?P<requirement>\S.*)$"
)
_LINE = Pattern(r"-r [^\n]{1,500}? \(line (\d+)\)")
_COMPARISONS = r"[<>=!~][^\s,]*(?:(?:, | and )[<>=!~][^\s,]*)*"
_QUOTED_ROOT = Pattern(rf"(?:^|, | and )(?P<name>{NAME})(?:\[[^\]\n]*\])?(?P<versions>{_COMPARISONS})?(?=,| and |$)")
_PART_OF_A_BUILD = Pattern(r"pip subprocess to install |lines of output\]|Complete output \(")
_LOOKS_BACK = 20_000
_MOST_LINES = 3_000


def pip_report(log: BuildLog) -> Report | None:
    """Return the last report on the user's requirements; not one on what a source distribution needs to be built."""
    for place in log.places(_WORDS):
        position = log.start_of_line(place)
        headline = _HEADLINE.match(log.text, position)
        if headline is None or _is_of_a_build(log, position, headline["indent"]):
            continue
        roots = headline["roots"]
        demands = _demands(log, position, headline["indent"].partition("ERROR:")[0])
        names = _LINE.sub("", roots)
        return Report(
            position,
            headline.group().strip(),
            demands or _quoted(roots, headline.group().strip()),
            names_pins=True,
            only_headline=not demands,
            roots=tuple(canonicalize_name(match["name"]) for match in _QUOTED_ROOT.finditer(names)),
            lines=tuple(int(number) for number in _LINE.findall(roots)),
        )
    return _without_head(log)


def _without_head(log: BuildLog) -> Report | None:
    """Return the report of a log whose beginning is lost: the demands above pip's last words."""
    end = next(log.places(_IMPOSSIBLE), None)
    if end is None or log.line_at(end).startswith("  "):  # indented: of the tools of a build
        return None
    told = log.before(end, _MOST_LINES)
    for number in range(len(told) - 1, -1, -1):
        if _DEMAND.match(told[number]):
            first = next((n for n in range(number, -1, -1) if not _DEMAND.match(told[n])), -1) + 1
            demands = tuple(dict.fromkeys(d for line in told[first : number + 1] if (d := _demand(line))))
            return Report(log.text.index(told[first]), told[first].strip(), demands, names_pins=True)
    return None


def _is_of_a_build(log: BuildLog, position: int, indent: str) -> bool:
    """Tell whether pip prints what another pip said that was to install the tools of a build; it indents that."""
    if not indent.startswith("  "):
        return False
    before = log.text[max(0, position - _LOOKS_BACK) : position]
    opened = max((match.start() for match in _PART_OF_A_BUILD.finditer(before)), default=-1)
    return opened > max(before.rfind("[end of output]"), before.rfind("-" * 40))


def _demands(log: BuildLog, position: int, prefix: str) -> tuple[Demand, ...]:
    """Return what pip tells as the causes; nothing where it was quiet (`-q`) or the log ends there.

    prefix: what somebody wrote before each line, such as the name of a container.
    """
    found: dict[Demand, None] = {}
    told = log.block(position, _MOST_LINES).splitlines()[1:]
    heading = next((number for number, line in enumerate(told[:5]) if _CAUSES in line), None)
    if heading is None:
        return ()
    for told_line in told[heading + 1 :]:
        line = told_line.removeprefix(prefix)
        demand = _demand(line)
        if demand is None:
            if line.strip():
                break
        elif demand.by is None or demand.package != "python":
            found[demand] = None
    return tuple(found)


def _demand(line: str) -> Demand | None:
    match = _DEMAND.match(line)
    requirement = read_requirement(match["requirement"]) if match else None
    if match is None or requirement is None:
        return None
    package, versions = requirement
    if match["user"]:
        return Demand(Asker.BASE if match["pin"] else Asker.LINE, package, versions, line.strip())
    of = Versions((f"=={match['version']}",))
    return Demand(Asker.PACKAGE, package, versions, line.strip(), canonicalize_name(match["by"]), of)


def _quoted(roots: str, headline: str) -> tuple[Demand, ...]:
    """Return the lines that a headline quotes with versions, for a log that has nothing else."""
    found = []
    for match in _QUOTED_ROOT.finditer(_LINE.sub("", roots)):
        requirement = read_requirement(match["name"] + (match["versions"] or ""))
        if match["versions"] and requirement:
            found.append(Demand(Asker.LINE, *requirement, headline))
    return tuple(found)
