"""The branches and tags of a git repository, and which of them, or which commit, a text names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.server.sources.tree import quoted
from harness.tasks.nearest import nearest

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
MOST_NAMES = 10

_COMMIT = re.compile(r"[0-9a-f]{4,40}", re.IGNORECASE)
_FULL_LENGTH = 40


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """What a repository lists. names: full name -> sha; head: the full name of its default branch."""

    names: Mapping[str, str]
    head: str | None

    @property
    def short_names(self) -> tuple[str, ...]:
        """The branches, then the tags, fit for a message."""
        return tuple(
            repr(name.removeprefix(kind))[1:-1]
            for kind in (BRANCHES, TAGS)
            for name in sorted(self.names)
            if name.startswith(kind)
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to fetch. ref: the name that is recorded; full_name: of a branch or tag; else commit, in full or not."""

    ref: str
    full_name: str | None = None
    commit: str | None = None

    @property
    def is_full_commit(self) -> bool:
        return self.commit is not None and len(self.commit) == _FULL_LENGTH


def parse_listing(listing: str) -> RemoteRefs:
    """Return what `git ls-remote --symref` has printed: `sha TAB name`, and `ref: name TAB HEAD` for a link."""
    names: dict[str, str] = {}
    head = None
    for line in listing.split("\n"):
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            head = value.removeprefix("ref: ") if name == "HEAD" else head
        elif not name.endswith("^{}"):
            names[name] = value
    return RemoteRefs(names, head)


def choose(refs: RemoteRefs, ref: str | None) -> Wanted:
    """Return what `ref` names: a branch, a tag, a full name of either, or a commit; None is the default branch.

    A branch goes before a tag of its name. Raises HarnessError where there is no such name and it cannot be a commit.
    """
    if not any(name.startswith((BRANCHES, TAGS)) or name == "HEAD" for name in refs.names):
        raise HarnessError("the repository has no commit yet", remedy="Commit the task's files to it first.")
    if ref is None:
        return _default(refs)
    if ref.startswith("-"):
        raise HarnessError(f"ref {quoted(ref)} begins with a dash", remedy="Name a branch, a tag or a commit.")
    for full_name in (f"{BRANCHES}{ref}", f"{TAGS}{ref}", f"refs/{ref}", ref):
        if full_name in refs.names and full_name.startswith("refs/"):
            return Wanted(ref, full_name=full_name)
    if ref == "HEAD":
        return _default(refs)
    if _COMMIT.fullmatch(ref):
        return Wanted(ref, commit=ref.lower())
    raise not_found(refs, ref)


def not_found(refs: RemoteRefs, ref: str) -> HarnessError:
    """Return the error for a ref that is not there, with those that are."""
    names = refs.short_names
    shown = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
    near = nearest(ref, names)
    hint = f" (nearest: {near})" if near else ""
    return HarnessError(
        f"ref {quoted(ref)} not found; the repository has {shown or 'no branch and no tag'}{hint}",
        remedy="Name one of these, or a commit that one of them contains.",
    )


def _default(refs: RemoteRefs) -> Wanted:
    if refs.head in refs.names and refs.head is not None:
        return Wanted(refs.head.removeprefix(BRANCHES), full_name=refs.head)
    if "HEAD" in refs.names:
        return Wanted("HEAD", full_name="HEAD")
    raise HarnessError(
        f"the repository's default branch has no commit; it has {', '.join(refs.short_names[:MOST_NAMES])}",
        remedy="Name one of these as ref.",
    )
