"""What a recogniser gets and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import Declared
from harness.builds.diagnosis.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the failed build beside its log.

    requirements: the lines of the task; constraints: the pins of the base environment; both may be empty. exit_code:
    of the installer, None where nobody knows it.
    """

    requirements: Declared
    constraints: Declared
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A package as the log names it; requirement: with its versions (`numpy>=2`), where the log quotes them.

    line_number: where the recogniser knows the line. pinned: the base environment's own, which is on no line.
    """

    package: str
    requirement: str | None = None
    line_number: int | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a build failed, as one recogniser sees it.

    summary: one plain sentence about the cause. suggestion: one imperative sentence. package: the project at fault, and
    requirement, how the log quotes it, which tells apart two lines of one project. line_number: where the log itself
    tells the line. related: other packages that have a part in it. via: the packages from the one on a line to the
    one at fault, where the log tells them. position: where in the log's text the proof begins; evidence: the
    lines that prove it.
    """

    category: str
    summary: str
    suggestion: str
    position: int
    evidence: tuple[str, ...]
    package: str | None = None
    requirement: str | None = None
    line_number: int | None = None
    related: tuple[Named, ...] = ()
    via: tuple[str, ...] = ()
    replacement: str | None = None


Recogniser = Callable[[BuildLog, Facts], Sequence[Cause]]
"""Returns the causes it sees, none where its kind of failure does not show; raises nothing, whatever the log holds.

It answers only what ended the build: a warning, or a trouble that the installer got over, is no cause.
"""

# With a limit, so that a word of thousands of letters does not take a search its length squared.
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,150}[A-Za-z0-9])?"
EXTRAS_AND_MARKER = r"(?:\[[^\]\n]*\])?(?:\{[^}\n]*\})?"


@dataclass(frozen=True, slots=True)
class Signature:
    """A kind of failure that one line of a log proves, with up to `lines` - 1 lines that follow it.

    anchor: a text that this line holds as it is; it is looked for first, because that is quick in a log of 100 MB.
    pattern: a regular expression (flags: MULTILINE) searched from that line's beginning. In it PACKAGE and OTHER stand
    for named groups with a project's name, REQUIREMENT for a group with a name and versions (`numpy>=1,<2`), EXTRA
    for what may stand between name and version; a group `line` is a line number. Groups fill
    `{package}`, `{other}` and further names in the two texts.
    at_work: the package is the one that the installer was building there, where the pattern names none.
    """

    category: str
    anchor: str
    pattern: str
    summary: str
    suggestion: str
    lines: int = 1
    at_work: bool = False

    def expression(self) -> Pattern:
        filled = self.pattern.replace("PACKAGE", f"(?P<package>{NAME})").replace("OTHER", f"(?P<other>{NAME})")
        filled = filled.replace("REQUIREMENT", rf"(?P<requirement>(?P<package>{NAME})(?:\[[^\]\n]*\])?[^\s,()`'\"]*)")
        return Pattern(filled.replace("EXTRA", EXTRAS_AND_MARKER), re.MULTILINE)
