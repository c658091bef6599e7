"""The rules of a path inside a task, for uploaded files as for the members of archives.

A path is relative, its parts are separated by `/`, and it never leaves the folder that it is joined to.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

# What Linux filesystems take for one name; for the whole path less than they take, since a folder comes before it.
MOST_BYTES_OF_A_PART = 255
MOST_BYTES = 1024
_SHOWN_CHARACTERS = 80


class UnsafePath(ValueError):
    """A path that cannot be taken; the text says why, in a sentence about it without its subject."""


class PathsRefused(ValueError):
    """Paths that cannot be taken, or not together. problems: path -> why."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {problem}" for path, problem in problems.items()))
        self.problems = problems


def check_path(path: str) -> str:
    """Return the path without a leading `./`. Raises UnsafePath."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        raise UnsafePath("is not valid Unicode.") from None
    if size > MOST_BYTES:
        raise UnsafePath(f"has {size:,} bytes; at most {MOST_BYTES:,} are allowed.")
    path = path.removeprefix("./")
    if not path:
        raise UnsafePath("is empty.")
    if path.startswith("/"):
        raise UnsafePath("is absolute; it must be relative to the task's folder.")
    if "\\" in path:
        raise UnsafePath("has a backslash; folders are separated by /.")
    unprintable = next((character for character in path if not _is_printable(character)), None)
    if unprintable:
        raise UnsafePath(f"has a character that cannot be shown: U+{ord(unprintable):04X}.")
    if path.endswith("/"):
        raise UnsafePath("ends with a slash; it must name a file.")
    for part in path.split("/"):
        if part == "..":
            raise UnsafePath("has a part '..'; it must stay inside the task's folder.")
        if part == ".":
            raise UnsafePath("has a part '.'.")
        if not part:
            raise UnsafePath("has an empty part.")
        if len(part.encode()) > MOST_BYTES_OF_A_PART:
            raise UnsafePath(f"has a part of {len(part.encode()):,} bytes; at most {MOST_BYTES_OF_A_PART} are allowed.")
    return path


def check_paths(paths: Iterable[str]) -> list[str]:
    """Return the paths as `check_path` does, in their order. Raises PathsRefused with every bad one.

    The same path may not come twice, and no file may be a folder of another. Names that differ by case are two files.
    """
    problems: dict[str, str] = {}
    checked: list[str] = []
    for path in paths:
        try:
            checked.append(check_path(path))
        except UnsafePath as error:
            problems[_shown(path)] = str(error)
    seen: set[str] = set()
    for path in checked:
        if path in seen:
            problems[_shown(path)] = "is given twice."
        seen.add(path)
    for path in checked:
        folder = next((str(parent) for parent in PurePosixPath(path).parents if str(parent) in seen), None)
        if folder is not None:
            problems[_shown(folder)] = f"is a file, and a folder of {_shown(path)}."
    if problems:
        raise PathsRefused(problems)
    return checked


def _is_printable(character: str) -> bool:
    """Return whether it shows as something: no control or format character, but spaces of every script."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _shown(path: str) -> str:
    """Return the path so that a message can carry it: short, and valid Unicode."""
    text = path.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
