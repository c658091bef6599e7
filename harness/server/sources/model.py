"""What a repository is here, and what is taken from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.server.sources.tree import File, Folder


class SourceKind(StrEnum):
    """What a repository is: the `fileSource` of the files that come from it."""

    GIT = "git"
    FOLDER = "folder"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where a repository is. location: a URL that git takes, or an absolute path; credentials are still in it."""

    kind: SourceKind
    location: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a checkout. Both paths use `/`; disk_path is a copy that goes when the checkout does."""

    path_in_task: str
    path_in_repository: str
    disk_path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files that were taken, sorted by path_in_task, in `folder` as the task will have them.

    ref: the branch, tag or commit as it was asked for, or the branch that the repository's HEAD is; commit_sha: the
    commit that the files are from. Both are None where the repository is not git.
    """

    folder: Path
    files: tuple[SourceFile, ...]
    ref: str | None
    commit_sha: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is taken from a repository, or that an archive may hold. entries: files, folders and links."""

    total_bytes: int = 2 * 1024**3
    entries: int = 20_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository at one state: what is in it, and how files of it are copied to places on this disk."""

    tree: Folder
    copy: Callable[[Sequence[tuple[File, Path]]], None]
    ref: str | None = None
    commit_sha: str | None = None
