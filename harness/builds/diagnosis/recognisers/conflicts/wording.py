"""The sentences about a conflict: what each side asks for, and what to change."""

from __future__ import annotations

from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from harness.builds.diagnosis.declared import DeclaredLine
from harness.builds.diagnosis.recognisers.conflicts.demands import Asker, Demand
from harness.builds.diagnosis.recognisers.conflicts.roots import Root, versions_of
from harness.builds.diagnosis.recognisers.conflicts.versions import ALL, Versions, are_the_same, lies_below

Side = tuple[Demand, Root]


def summary_of(first: Side, second: Side) -> str:
    return _as_sentence(f"{_told(*first)}, and {_told(*second, is_second=True)}.")


def without_release(side: Side) -> str:
    demand, root = side
    if demand.asker is not Asker.LINE:
        return _as_sentence(f"{_told(demand, root)}, and there is no such release for this Python and platform.")
    place = f" (line {root.line_number})" if root.line_number else ""
    return f"No release of {demand.package} satisfies {demand.requirement}{place}."


def for_missing_release(side: Side) -> str:
    demand, root = side
    if demand.asker is Asker.BASE:
        return f"Choose another base environment, or do without {root.package}."
    return f"Ask for a version of {root.package} that can be had{in_line(root)}."


def for_duplicate(first: Side, second: Side) -> str:
    (one, root), (other, other_root) = first, second
    if root.line_number and other_root.line_number:
        return (
            f"Keep one of the lines {root.line_number} and {other_root.line_number}, or loosen them until one release "
            "satisfies both."
        )
    return f"Ask for {one.package} once: {one.requirement} or {other.requirement}."


def for_lines(asked: Side, needed: Side) -> str:
    """Say what to do where a line asks for what another line's package does not work with."""
    (demand, root), (need, needy) = asked, needed
    release = f"{_which(demand, need)} release of {needy.package}{in_line(needy)}"
    verb = "Write" if demand.versions.is_one and not needy.via else "Allow"
    return f"{verb} {need.requirement}{_in_its_line(root)}, or ask for {release}."


def for_third_package(first: Side, second: Side) -> str:
    """Say what to do where two packages need versions of a third one."""
    (one, root), (other, other_root) = first, second
    if root.package == other_root.package:
        return f"Ask for another release of {root.package}{in_line(root)}."
    return (
        f"Ask for {_which(other, one)} release of {root.package}{in_line(root)}, or for {_which(one, other)} release "
        f"of {other_root.package}{in_line(other_root)}, so that both work with one {one.package}."
    )


def for_base(asked: Side, pin: Demand) -> str:
    """Say what to do where the base environment pins what a line, or what it needs, excludes."""
    demand, root = asked
    if demand.asker is Asker.LINE:
        return f"Write {pin.requirement}{_in_its_line(root)}, or choose a base environment with another {pin.package}."
    return (
        f"Ask for {_which(pin, demand)} release of {root.package}{in_line(root)}, one that works with "
        f"{pin.requirement}, or choose another base environment."
    )


def for_installed(brought: Side, need: Demand) -> str:
    """Say what to do where a package of the base environment does not work with what a line brings."""
    return f"Write {need.requirement}{_in_its_line(brought[1])}, or choose a base environment without {need.by}."


def pinned_as(line: DeclaredLine | None, pin: Demand) -> str | None:
    """Return the line with the pin's version; None for a line that says more than a requirement does."""
    try:
        requirement = Requirement(line.content) if line else None
    except InvalidRequirement:
        return None
    if requirement is None or requirement.url or not pin.versions.is_one:
        return None
    requirement.specifier = SpecifierSet(str(pin.versions))
    return str(requirement)


def _as_sentence(said: str) -> str:
    """Begin with a capital letter, but for a package's name."""
    return said[0].upper() + said[1:] if said.startswith(("line ", "a line ", "the ")) else said


def _told(demand: Demand, root: Root, *, is_second: bool = False) -> str:
    if demand.asker is Asker.BASE:
        if demand.installed:
            return f"the environment has {_release(demand.package, demand.versions)}"
        return f"the base environment pins {demand.requirement}"
    if demand.asker is Asker.LINE:
        demand = _as_written(demand, root)
        asks = (
            f"brings {_release(demand.package, demand.versions)}"
            if demand.installed
            else f"asks for {demand.requirement}"
        )
        return (
            f"line {root.line_number} {asks}" if root.line_number else f"{'another' if is_second else 'a'} line {asks}"
        )
    place = f" (line {root.line_number})" if root.line_number else ""
    asker = _release(str(demand.by), demand.by_versions)
    if not root.via:
        return f"{asker}{place} needs {demand.requirement}"
    through = " and ".join([*root.via[:-1], asker])
    of_line = versions_of(root.line) if root.line else ALL
    return f"{_release(root.package, of_line)}{place} needs {demand.requirement} (through {through})"


def _as_written(demand: Demand, root: Root) -> Demand:
    """Return the demand with the line's own comparisons: what an installer quotes may have other zeros."""
    written = versions_of(root.line) if root.line and not demand.installed else demand.versions
    return replace(demand, versions=written) if are_the_same(written, demand.versions) else demand


def _release(package: str, of: Versions) -> str:
    """Return a package in words: `flask 2.3.3`, `flask>=2.3,<2.4`."""
    return f"{package} {of.alternatives[0].lstrip('=')}" if of.is_one else f"{package}{of}"


def _which(asked: Demand, needed: Demand) -> str:
    """Return which release is likely to need what is asked for: older ones need older ones."""
    if lies_below(asked.versions, needed.versions):
        return "an earlier"
    return "a later" if lies_below(needed.versions, asked.versions) else "another"


def in_line(root: Root) -> str:
    return f" in line {root.line_number}" if root.line_number else ""


def _in_its_line(root: Root) -> str:
    return in_line(root) or f" in the line of {root.package}"
