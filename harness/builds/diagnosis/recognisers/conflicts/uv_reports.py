"""The derivation with which uv shows that there is no solution: `Because ... and ..., we can conclude that ...`.

Source: crates/uv-resolver/src/pubgrub/report.rs of uv. Only what it begins with (`Because A depends on B`) is
read; what it concludes follows from that. A pin of a constraints file stands as one more demand of those
who ask for the package: `you require numpy<2 and numpy==2.2.6`, `flask==1.1.4 depends on click<8 and click==8.1.7`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand, Report
from harness.builds.diagnosis.recognisers.conflicts.versions import Versions
from harness.builds.diagnosis.uv_text import uv_report_at

_HEADING = Pattern(r"[Nn]o solution found when resolving (?!build)[^:`]{0,80}dependencies")
_PARTS = Pattern(r"\b(And because|Because|we can conclude that)\b")
_RANGE = r"(?:===|~=|[<>=!]=?)\s?[^\s,;`]*[^\s,;`.](?:,(?:===|~=|[<>=!]=?)[^\s,;`]*[^\s,;`.])*"
_NAME = r"(?!(?:all|one|any|only|and|you|your|there|versions?)\b)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PACKAGE = rf"{_NAME}(?:\[[^\]]{{0,200}}\])?(?:\{{[^}}]{{0,500}}\}})?(?::[\w.-]+)?"
_SPEC = rf"(?>{_PACKAGE}(?:{_RANGE}| ?\u2205)?)"
_SET = rf"(?>(?:one|all|any) of:(?: {_PACKAGE}{_RANGE})+|(?:all versions of )?{_SPEC})"
_VERB = r"depends? on"
_OTHER_VERBS = rf"(?! (?:{_VERB}|requires?|has|have|is|are|was|were|cannot|needs?|needs? to|must|does|do)\b)"
_STATEMENT = Pattern(
    r"(?:(?P<root>\byou require|\byour (?:project|workspace) (?:requires|depends on))|"
    rf"(?P<by>(?<![\w.-]){_SET}) {_VERB}) "
    rf"(?P<asked>{_SET}(?:,? and {_SET}{_OTHER_VERBS})*)"
)
_AND = Pattern(rf"(?P<asked>{_SET})(?:,? and )?")
_KNOWN_BEFORE = Pattern(rf"we know from \(\d+\) that (?:{_SET} {_VERB} {_SET}|you require {_SET}|{_SET})")
_ONE = Pattern(
    rf"(?P<name>{_NAME})(?:\[[^\]]{{0,200}}\])?(?:\{{[^}}]{{0,500}}\}})?(?::[\w.-]+)?(?P<versions>{_RANGE}| ?\u2205)?"
)
# Of merged lines, in the first releases of uv: without a name.
_NOTHING = Pattern(r"you require \u2205")
# Of one line, in its newest releases: `you require core>=2 and core<1, which are incompatible`.
_OF_ONE_LINE = Pattern(rf"you require (?P<asked>{_SET}(?: and {_SET})*), which are incompatible")
_DISJOINT = Pattern(
    r"conflicting versions for `(?P<name>[^`]+)`: `(?P<first>[^`]+)` does not intersect with `(?P<second>[^`]+)`"
)
_LONGEST, _MOST_PLACES = 60_000, 50


def uv_report(log: BuildLog) -> Report | None:
    """Return the last report on the user's requirements; not one on what a source distribution needs to be built."""
    for place in islice(log.places("olution found when resolving "), _MOST_PLACES):
        (position, headline), *causes = _report_at(log, place)
        if _HEADING.search(headline):
            demands = dict.fromkeys(demand for _, text in causes for demand in _demands(text[:_LONGEST]))
            return Report(position, headline, tuple(demands), names_pins=False)
    return None


def _report_at(log: BuildLog, place: int) -> list[tuple[int, str]]:
    """Return the report whose heading stands at `place`, also where a command stands before it on its line."""
    report = uv_report_at(log, place)
    if report:
        return report
    line = log.block(place, 1)
    return [(log.start_of_line(place), line), *uv_report_at(log, log.start_of_line(place) + len(line) + 1)]


def _demands(text: str) -> Iterator[Demand]:
    disjoint = _DISJOINT.search(text)
    if disjoint:
        for quoted in (disjoint["first"], disjoint["second"]):
            for package, versions in _packages(quoted):
                yield Demand(Asker.LINE, package, versions, disjoint.group())
    if _NOTHING.search(text):
        yield Demand(Asker.LINE, "", Versions(()), text)
    of_one_line = _OF_ONE_LINE.search(text)
    if of_one_line:
        asked = _packages(of_one_line["asked"])
        together = Versions((",".join(one.alternatives[0] for _, one in asked if one.alternatives),))
        yield Demand(Asker.LINE, asked[0][0], together, of_one_line.group())
        return
    for premise in _premises(text):
        for statement in _STATEMENT.finditer(premise):
            yield from _of_statement(statement)


def _premises(text: str) -> Iterator[str]:
    """Yield what stands between `Because` and `we can conclude that`, without what was concluded earlier."""
    parts = _PARTS.split(text)
    if len(parts) == 1:
        yield text
    for word, said in zip(parts[1::2], parts[2::2], strict=True):
        if word != "we can conclude that":
            yield _KNOWN_BEFORE.sub("", said)


def _of_statement(statement: re.Match[str]) -> Iterator[Demand]:
    objects = [_packages(one["asked"]) for one in _AND.finditer(statement["asked"])]
    subject = statement["by"]
    is_root = subject is None or not (re.search(_RANGE, subject) or subject.startswith("all versions of"))
    for asked in objects:
        for package, versions in _merged(asked):
            if package == "python":
                continue
            if is_root or subject is None:
                yield Demand(Asker.LINE, package, versions, statement.group())
                continue
            for by, of in _merged(_packages(subject)):
                yield Demand(Asker.PACKAGE, package, versions, statement.group(), by, of)


def _packages(text: str) -> list[tuple[str, Versions]]:
    text = re.sub(r"^(?:(?:one|all|any) of:|all versions of) ", "", text)
    return [
        (canonicalize_name(match["name"]), Versions(_alternatives(match["versions"]))) for match in _ONE.finditer(text)
    ]


def _alternatives(quoted: str | None) -> tuple[str, ...]:
    return () if quoted and "\u2205" in quoted else ((quoted or "").replace(" ", ""),)


def _merged(packages: Iterable[tuple[str, Versions]]) -> list[tuple[str, Versions]]:
    """Return one entry a package: what stands in a list are alternatives."""
    found: dict[str, tuple[str, ...]] = {}
    for package, versions in packages:
        found[package] = (*found.get(package, ()), *versions.alternatives)
    return [(package, Versions(alternatives)) for package, alternatives in found.items()]
