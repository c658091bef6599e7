"""What a repository holds, wherever it lies, and how links in it are followed without leaving it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

GIT_FOLDER = ".git"
MOST_LINKS = 40
LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class File:
    """A file. key: what its source finds it by."""

    path: str
    size_bytes: int
    key: Any = None


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link. target: as written in it, from the folder that it lies in."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Special:
    """What is neither file, link nor folder, and can only be refused. what: `a pipe`, `a device`."""

    path: str
    what: str


class Folder:
    """A folder. Its children are asked for when they are first needed."""

    def __init__(self, path: str, list_children: Callable[[], dict[str, Node]] = dict) -> None:
        self.path = path
        self._list_children = list_children

    @cached_property
    def children(self) -> dict[str, Node]:
        return self._list_children()


Leaf = File | Link | Special
Node = Leaf | Folder


class Collision(Exception):
    """Two leaves have one path, or one lies in what the other says is a file. Carries the path."""


class Unreachable(Exception):
    """A path leads nowhere. Carries the reason as the end of a sentence: `is not in the repository`."""

    def __init__(self, reason: str, *, leads_out: bool = False) -> None:
        super().__init__(reason)
        self.leads_out = leads_out


def tree_of(leaves: Iterable[Leaf]) -> Folder:
    """Return the root of the folders that the paths of `leaves` name; what belongs to git itself is left out."""
    root = Folder("")
    for leaf in leaves:
        *above, name = leaf.path.split("/")
        if is_of_git(leaf.path):
            continue
        folder = root
        for part in above:
            below = folder.children.setdefault(part, Folder(joined(folder.path, part)))
            if not isinstance(below, Folder):
                raise Collision(below.path)
            folder = below
        if name in folder.children:
            raise Collision(leaf.path)
        folder.children[name] = leaf
    return root


def find(root: Folder, path: str) -> File | Special | Folder:
    """Return what lies at a path, links followed. Raises Unreachable where nothing does, or where a link leads out."""
    waiting = deque(path.split("/"))
    reached: list[File | Special | Folder] = [root]
    links = 0
    while waiting:
        part = waiting.popleft()
        if part in ("", "."):
            continue
        here = reached[-1]
        if part == "..":
            if here is root:
                raise Unreachable("leads out of the repository", leads_out=True)
            reached.pop()
            continue
        node = here.children.get(part) if isinstance(here, Folder) else None
        if node is None:
            raise Unreachable("is not in the repository")
        if not isinstance(node, Link):
            reached.append(node)
            continue
        links += 1
        if links > MOST_LINKS:
            raise Unreachable("is a circle of links")
        if node.target.startswith("/"):
            raise Unreachable("leads out of the repository", leads_out=True)
        waiting.extendleft(reversed(node.target.split("/")))
    return reached[-1]


def is_of_git(path: str) -> bool:
    """Tell whether a path is git's own record of a repository, or lies in it; some disks do not tell case apart."""
    return any(part.lower() == GIT_FOLDER for part in path.split("/"))


def joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def quoted(path: str) -> str:
    """Return a stranger's path fit for a message: in quotes, on one line, valid text, and not without end."""
    return repr(path if len(path) <= LONGEST_QUOTE else f"{path[:LONGEST_QUOTE]}…")
