"""What uv says of requirements that another installer could not install."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from harness.builds.model import BuildPlan
from harness.errors import HarnessError
from harness.records import Record
from harness.resolving.declared_lines import declared_constraints, declared_requirements
from harness.resolving.model import Conflict, Resolution
from harness.resolving.resolve import resolve

# The kinds of failure on which uv's resolver has something to say. Source: docs/how-to/failed-builds/index.md.
CATEGORIES = frozenset({"conflicting_lines", "transitive_conflict", "base_conflict", "duplicate_requirement"})
TIMEOUT_SECONDS = 30.0
MOST_SENTENCES = 3
_DEPENDS = re.compile(
    r"(?P<package>[A-Za-z0-9][\w.\[\]-]*)(?P<versions>[<>=!~]\S*)? depends on "
    r"(?P<needed>one of: [^;]+|[^\s,;]+(?:,[<>=!~][^\s,;]+)*)"
)
_BEGINNINGS = re.compile(r"^(?:there|only|all|no|the)\b")
_FACT = re.compile(r"Because (?P<fact>.*?) and you require")


class Opinion(Record):
    """uv's view of a plan. resolvable: None where it cannot tell, because something would have to be built.

    sentences: one to three plain ones. line_numbers: the requirements lines that they are about. conflict: uv's whole
    explanation, None where there is none.
    """

    resolvable: bool | None
    sentences: tuple[str, ...]
    line_numbers: tuple[int, ...] = ()
    conflict: Conflict | None = None

    @property
    def differs(self) -> bool:
        """Tell whether uv finds a set where the installer that was asked first has failed."""
        return self.resolvable is True

    def __str__(self) -> str:
        return " ".join(self.sentences)


def second_opinion(plan: BuildPlan, timeout_seconds: float = TIMEOUT_SECONDS) -> Opinion:
    """Ask uv about a plan that pip could not install for a conflict; never raises for want of an answer."""
    try:
        resolution = resolve(plan, timeout_seconds=timeout_seconds)
    except HarnessError as error:
        return Opinion(resolvable=None, sentences=(f"uv could not be asked: {error.finding.message}.",))
    return opinion_on(plan, resolution)


def opinion_on(plan: BuildPlan, resolution: Resolution) -> Opinion:
    """Return what a resolution says to somebody whose pip has failed: pure."""
    if resolution.conflict is not None:
        sentences = tuple(_of_conflict(plan, resolution.conflict))[:MOST_SENTENCES]
        return Opinion(
            resolvable=False,
            sentences=sentences,
            line_numbers=resolution.conflict.line_numbers,
            conflict=resolution.conflict,
        )
    if resolution.resolvable is None:
        names = ", ".join(package.package_name for package in resolution.needs_building)
        return Opinion(
            resolvable=None,
            sentences=(f"uv cannot tell without building {names}; it finds a set for all the rest.",),
            line_numbers=tuple(sorted({line for one in resolution.needs_building for line in one.line_numbers})),
        )
    chosen = [f"{package.package_name}=={package.version}" for package in resolution.packages if package.is_declared]
    return Opinion(
        resolvable=True,
        sentences=(
            "pip and uv differ: uv finds versions that fit all lines.",
            f"It chooses {', '.join(chosen)}; written so, the lines leave pip nothing to search for.",
        ),
        line_numbers=tuple(
            sorted({line for one in resolution.packages if one.is_declared for line in one.line_numbers})
        ),
    )


def _of_conflict(plan: BuildPlan, conflict: Conflict) -> Iterator[str]:
    lines = [line for line in declared_requirements(plan) if line.line_number in conflict.line_numbers]
    named = [f"line {line.line_number} ({line.text})" for line in lines]
    constraints = [line for line in declared_constraints(plan) if line.package in conflict.packages]
    named += [f"the base environment's constraint {line.text}" for line in constraints]
    if len(named) > 1:
        yield f"uv agrees: {', '.join(named[:-1])} and {named[-1]} exclude each other."
    elif named:
        yield f"uv agrees: {named[0]} cannot be satisfied."
    else:
        yield "uv agrees: there is no set of versions that fits."
    yield from list(_facts(conflict, {line.package for line in lines}))[:2]


def _facts(conflict: Conflict, declared: set[str]) -> Iterator[str]:
    """Yield what the declared packages depend on, as far as it has a part in the conflict, else what uv begins with."""
    facts: dict[str, str] = {}
    for text in conflict.explanation:
        for found in _DEPENDS.finditer(text):
            package = canonicalize_name(found["package"].partition("[")[0])
            if package in declared:
                versions = found["versions"] or ""
                facts.setdefault(package, f"{found['package']}{versions} depends on {found['needed'].rstrip('.')}.")
    yield from facts.values()
    begun = _FACT.match(conflict.explanation[0]) if conflict.explanation and not facts else None
    if begun:
        yield f"{_BEGINNINGS.sub(lambda word: word[0].capitalize(), begun['fact'])}."
