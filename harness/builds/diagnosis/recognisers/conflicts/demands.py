"""What a report of a conflict says, in one form for every installer: who asks for which versions of which package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.recognisers.conflicts.versions import ALL, Versions

_REQUIREMENT = Pattern(rf"\s*(?P<name>{NAME})\s*(?P<extras>\[[^\]]*\])?\s*\(?(?P<versions>[^;@(]*)")


class Asker(Enum):
    """Who asks. LINE: a line of the task's requirements. BASE: a pin of the base environment. PACKAGE: a dependency."""

    LINE = "line"
    BASE = "base"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that is asked of a package.

    package: canonical, without extras. by: the package that asks (canonical; None for lines and pins), in the releases
    `by_versions`. line_number: of a line, where the log tells it. installed: this is what came of it, not what was
    asked for. proof: the words of the log.
    """

    asker: Asker
    package: str
    versions: Versions
    proof: str
    by: str | None = None
    by_versions: Versions = ALL
    line_number: int | None = None
    installed: bool = False

    @property
    def requirement(self) -> str:
        return f"{self.package}{self.versions}"

    @property
    def source(self) -> tuple[Asker, str]:
        """Name who asks: what a package asks for in its other releases is no conflict with what it asks for in this."""
        return self.asker, self.by or (str(self.versions) if self.asker is Asker.LINE else "")


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a conflict. position: where it begins in the log; headline: the line that says so.

    names_pins: the installer tells pins from lines; where not, a pin may stand as a line's or as a package's demand.
    roots: packages that the headline names as those that cannot be installed together, lines: their line numbers.
    only_headline: the log has no more of it.
    """

    position: int
    headline: str
    demands: tuple[Demand, ...]
    names_pins: bool
    roots: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    only_headline: bool = False

    def parents(self, package: str) -> Iterator[str]:
        """Yield the packages that ask for this one."""
        for demand in self.demands:
            if demand.package == package and demand.by and demand.by != package:
                yield demand.by


def read_requirement(text: str) -> tuple[str, Versions] | None:
    """Return the canonical package and the versions of a quoted requirement: `h11<0.15 and >=0.13`, `click (<8,>=5)`.

    Of a package that was given as a file, it is the version (`requests 2.31.0 (from ...)`).
    """
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    comparisons = re.sub(r"\s+and\s+", ",", match["versions"].strip().rstrip(")")).replace(" ", "")
    if comparisons and comparisons[0].isdigit():
        comparisons = f"=={comparisons}"
    return canonicalize_name(match["name"]), Versions((comparisons.strip(","),))
