"""Why uv cannot take releases, as its derivation says it: `X was not found in ...`, `X==1 was yanked`.

Source: `IncompatibleDist`, `UnavailablePackage` and `PubGrubReportFormatter` in the crates of uv, from 0.1 on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern

_RANGE = r"(?:===|~=|[<>=!]=?)\s?[^\s,;`]*[^\s,;`.](?:,(?:===|~=|[<>=!]=?)[^\s,;`]*[^\s,;`.])*"
_PACKAGE = rf"(?!(?:all|one|any|only|and|you|there|versions?|of)\b){NAME}(?:\[[^\]]*\])?(?:\{{[^}}]*\}})?"
_LIST = rf"(?: {_PACKAGE}{_RANGE})+"
_SET = rf"(?<![^\s(])(?P<set>(?>(?:one|any|all) of:{_LIST}|(?:all versions of )?{_PACKAGE}(?:{_RANGE})?))"
_ONE = Pattern(rf"(?P<name>{_PACKAGE})(?P<versions>{_RANGE})?")
_PYTHON = rf"Python ?(?P<needs>{_RANGE})"
_NO_FILES = (
    r"no (?:wheels|source distribution|usable wheels|available distributions|compatible wheels|`?\S+-compatible wheels)"
)
_REASON_OF_YANK = Pattern(r" (?:was|were) yanked \(reason: (.*?)\)(?=,| and |\.|$)")


class Reason(Enum):
    """Why releases cannot be taken."""

    NOT_FOUND = "no project of that name"
    NO_VERSION = "no such version"
    ONLY = "these are all there are"
    YANKED = "withdrawn"
    PYTHON = "for another Python"
    NO_FILES = "no file that fits"
    TOO_NEW = "published after the day that was asked for"


_PATTERNS = {
    Reason.NOT_FOUND: Pattern(
        rf"(?<![^\s(])(?P<set>{_PACKAGE}) (?:was|were) not found in the "
        r"(?P<detail>package registry|provided package locations)"
    ),
    Reason.NO_VERSION: Pattern(rf"there (?:is|are) no versions? of {_SET}"),
    Reason.ONLY: Pattern(
        rf"only (?:(?P<set>{_PACKAGE}{_RANGE}) is available|"
        rf"the following versions of \S+ are available:(?P<list>{_LIST}))"
    ),
    Reason.YANKED: Pattern(rf"{_SET} (?:is unusable because it )?(?:was|were) yanked"),
    Reason.PYTHON: Pattern(rf"{_SET} (?:depends? on|requires?) {_PYTHON}"),
    Reason.NO_FILES: Pattern(
        rf"{_SET} (?:has|have|(?:is|are) unusable because) (?P<detail>{_NO_FILES}"
        r"(?: and (?:using wheels|building from source) is disabled|(?:(?! and )[^,.(])*)(?: \(e\.g\., `[^`]*`\))?)"
    ),
    Reason.TOO_NEW: Pattern(rf"{_SET} (?:was|were) published after the exclude newer time"),
}
_RUNNING = Pattern(rf"the (?:current|requested) Python version \((?P<python>[^)]*)\) does not satisfy {_PYTHON}")
# Of a package with extras uv tells no more than this.
_ASKED_BY_PYTHON = Pattern(
    rf"{_RUNNING.pattern} and (?:you require|your (?:project|workspace) (?:requires|depends on)|\S+ depends? on) {_SET}"
)
_LONGEST = 60_000


@dataclass(frozen=True, slots=True)
class Statement:
    """What a derivation says of some releases. package: canonical. versions: the alternatives, `(">=1,<2", "==3")`.

    detail: the reason given for a withdrawal, the Pythons that are needed, or which files there are not.
    """

    reason: Reason
    package: str
    versions: tuple[str, ...]
    detail: str = ""

    @property
    def quoted(self) -> str:
        return " or ".join(f"{self.package}{versions}" for versions in self.versions)


def statements_in(text: str) -> Iterator[Statement]:
    """Yield what a derivation, on one line, says of releases."""
    text = text[:_LONGEST]
    yanks = iter(_REASON_OF_YANK.findall(text))
    plain = _REASON_OF_YANK.sub(" was yanked (reason)", text)
    patterns = dict(_PATTERNS)
    if not patterns[Reason.PYTHON].search(plain):
        patterns[Reason.PYTHON] = _ASKED_BY_PYTHON
    for reason, pattern in patterns.items():
        for match in pattern.finditer(plain):
            groups = match.groupdict()
            named = [*_ONE.finditer(re.sub(r"^(?:\w+ of:|all versions of) ", "", groups.get("list") or match["set"]))]
            if not named:
                continue
            detail = (groups.get("detail") or groups.get("needs") or "").replace(" are available ", " ")
            if reason is Reason.YANKED and plain.startswith(" (reason)", match.end()):
                detail = next(yanks, "")
            package = canonicalize_name(re.split(r"[\[{]", named[0]["name"], maxsplit=1)[0])
            if package != "python":
                yield Statement(reason, package, tuple(one["versions"] or "" for one in named), detail)


def running_python(text: str) -> str | None:
    """Return the version of the Python that a derivation says does not do."""
    match = _RUNNING.search(text)
    return match["python"] if match else None
