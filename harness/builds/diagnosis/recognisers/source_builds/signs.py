"""What one text in the output of a build means: a row of the tables beside this module."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from harness.builds.diagnosis.patterns import Pattern


class Weight(IntEnum):
    """How certain it is that a text tells what ended the build.

    GENERIC: that it failed, and not why. TOLD: what is missing or wrong, which a build may have got over. ENDED: a text
    that only a build prints that ends there.
    """

    GENERIC = 0
    TOLD = 1
    ENDED = 2


@dataclass(frozen=True, slots=True)
class Build:
    """The failed build that a sign was found in. package: in words. output: what it printed. line: the requirement."""

    package: str
    output: str
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What to tell the user. category: where it depends on what the text names; else the sign's."""

    summary: str
    suggestion: str
    replacement: str | None = None
    category: str | None = None


Explain = Callable[[Mapping[str, str], Build], Told | None]
"""None where the groups show that the text does not mean it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """pattern: a regular expression in which a blank stands for any white space, as uv breaks lines to a width.

    explain: gets the pattern's named groups.
    """

    category: str
    pattern: str
    explain: Explain
    weight: Weight = Weight.TOLD

    def expression(self) -> Pattern:
        return Pattern(re.sub(r"(?<!\[) (?![*+?])", r"\\s++", self.pattern), re.MULTILINE)


def saying(summary: str, suggestion: str, replacement: str | None = None) -> Explain:
    """Return what explains with these texts; `{package}` and the pattern's groups are filled in."""

    def explain(groups: Mapping[str, str], build: Build) -> Told:
        named = {"package": build.package, **groups}
        told = " ".join(summary.format(**named).split())
        return Told(told if told.endswith(".") else f"{told}.", suggestion.format(**named), replacement)

    return explain
