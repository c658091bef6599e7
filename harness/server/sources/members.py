"""The members of an archive, judged before any is unpacked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.server.sources.model import Limits
from harness.server.sources.selection import too_large, too_many
from harness.server.sources.tree import Collision, File, Folder, Leaf, Link, Unreachable, find, quoted, tree_of
from harness.server.uploads.paths import UnsafePath, check_path

Copy = Callable[[Sequence[tuple[File, Path]]], None]
LONGEST_TARGET = 4096
REMEDY = "Pack the files again, without it."


class Tally:
    """How much an archive's members have come to; raises HarnessError at the one that is too much."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes = 0
        self._members = 0

    def add(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        self._members += 1
        if self._members > self._limits.entries:
            raise too_many(self._limits)
        if self._bytes > self._limits.total_bytes:
            raise too_large(self._limits)


def member_path(name: str) -> str:
    """Return a member's path; "" for the archive's root. Raises HarnessError where it is not safe to write there."""
    if name.rstrip("/") == ".":
        return ""
    try:
        return check_path(name.rstrip("/") if name.strip("/") else name)
    except UnsafePath as error:
        raise HarnessError(f"the member {quoted(name)} {str(error).rstrip('.')}", remedy=REMEDY) from error


def refused_member(name: str, problem: str) -> HarnessError:
    return HarnessError(f"the member {quoted(name)} {problem}", remedy=REMEDY)


def tree_of_members(members: Iterable[Leaf]) -> Folder:
    """Return the members' tree. Raises HarnessError for two of one path, and for a link that leads out."""
    members = tuple(members)
    try:
        tree = tree_of(members)
    except Collision as error:
        raise refused_member(str(error), "is there twice, or is a file and a folder") from error
    for member in members:
        if isinstance(member, Link):
            _refuse_way_out(tree, member)
    return tree


def _refuse_way_out(tree: Folder, link: Link) -> None:
    above = link.path.rpartition("/")[0]
    try:
        find(tree, f"{above}/{link.target}" if not link.target.startswith("/") else f"../{link.target}")
    except Unreachable as error:
        if error.leads_out:
            raise refused_member(link.path, f"is a link to {quoted(link.target)}, which {error}") from error
