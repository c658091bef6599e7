"""A plain folder of this machine as a repository: what lies in it now."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError
from harness.server.sources.copying import copy_stream
from harness.server.sources.model import Opened
from harness.server.sources.tree import File, Folder, Link, Node, Special, is_of_git, joined, quoted

_SPECIAL = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def open_folder(location: Path, cancellation: Cancellation) -> Opened:
    """Return the folder's tree; its subfolders are listed when they are looked into."""
    if not location.is_dir():
        raise HarnessError(
            f"the repository's folder {quoted(str(location))} is not there any more",
            remedy="Put it back, or name another repository.",
        )
    root = location.resolve()
    return Opened(Folder("", partial(_children, root, "")), partial(_copy, root, cancellation))


def _children(root: Path, path: str) -> dict[str, Node]:
    with os.scandir(root / path) as entries:
        return {
            entry.name: _node(root, entry, joined(path, entry.name)) for entry in entries if not is_of_git(entry.name)
        }


def _node(root: Path, entry: os.DirEntry[str], path: str) -> Node:
    if entry.is_symlink():
        return Link(path, _target(root, Path(entry.path)))
    if entry.is_dir(follow_symlinks=False):
        return Folder(path, partial(_children, root, path))
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        return File(path, status.st_size)
    return Special(path, _SPECIAL.get(stat.S_IFMT(status.st_mode), "something special"))


def _target(root: Path, link: Path) -> str:
    """Return what a link leads to; an absolute path into the folder is made relative to the link, as all others are."""
    target = link.readlink()
    if target.is_absolute() and target.is_relative_to(root):
        return os.path.relpath(target, link.parent)
    return str(target)


def _copy(root: Path, cancellation: Cancellation, wanted: Sequence[tuple[File, Path]]) -> None:
    for file, place in wanted:
        # A file that has become a link since it was listed is not followed, nor is a pipe waited for.
        descriptor = os.open(root / file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            copy_stream(stream, file, place, cancellation)
