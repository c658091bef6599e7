"""What `pip check` and `uv pip check` say of packages that are installed together and exclude each other.

pip says nearly the same while it installs, and goes on: those words (`..., but you have numpy 2.1 which is
incompatible.`) are a warning, and no cause.
"""

from __future__ import annotations

import re
from itertools import islice

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME, Cause, Facts
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.recognisers.conflicts.clashes import Clash
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand, Report, read_requirement
from harness.builds.diagnosis.recognisers.conflicts.roots import Roots
from harness.builds.diagnosis.recognisers.conflicts.verdict import against_installed, cause_of
from harness.builds.diagnosis.recognisers.conflicts.versions import Versions

_WORDS = (
    (
        " has requirement ",
        Pattern(
            rf"^\s*(?P<by>{NAME}) (?P<version>\S+) has requirement (?P<requirement>[^\n]+), "
            rf"but you have {NAME} (?P<installed>[^\s,]+)\.\s*$"
        ),
    ),
    (
        "The package `",
        Pattern(
            rf"^\s*The package `(?P<by>{NAME})`(?P<version>) requires `(?P<requirement>[^`]+)`, "
            r"but `(?P<installed>[^`]+)` is installed"
        ),
    ),
)
_MOST_PLACES = 200


def incompatible_packages(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise the first incompatibility that a check tells and that a line has a part in."""
    if facts.exit_code == 0:
        return ()
    for anchor, pattern in _WORDS:
        for place in reversed(list(islice(log.places(anchor), _MOST_PLACES))):
            line = log.block(place, 1)
            match = pattern.match(line)
            cause = _cause(log, facts, log.start_of_line(place), line.strip(), match) if match else None
            if cause:
                return (cause,)
    return ()


def _cause(log: BuildLog, facts: Facts, position: int, line: str, match: re.Match[str]) -> Cause | None:
    requirement = read_requirement(match["requirement"])
    if requirement is None:
        return None
    package, versions = requirement
    by, installed = canonicalize_name(match["by"]), Versions((f"=={match['installed']}",))
    of = Versions((f"=={match['version']}" if match["version"] else "",))
    need = Demand(Asker.PACKAGE, package, versions, line, by, of)
    report = Report(position, line, (need,), names_pins=True)
    needy = Roots(log, facts, report).of(need)
    if needy.line is None and facts.requirements.lines:
        # A package of the base environment does not work with what a line brings.
        if not facts.requirements.of_package(package):
            return None
        brought = Demand(Asker.LINE, package, installed, line, installed=True)
        return against_installed(report, (brought, Roots(log, facts, report).of(brought)), need)
    asked = facts.requirements.of_package(package) or not facts.requirements.lines
    has = Demand(Asker.LINE if asked else Asker.BASE, package, installed, line, installed=True)
    return cause_of(log, facts, report, Clash(need, has))
