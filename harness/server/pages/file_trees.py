"""The files of a version as folders within folders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.server.store.tables import VersionItem


@dataclass(frozen=True, slots=True)
class File:
    name: str
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Folder:
    """folders, files: by name."""

    name: str
    folders: dict[str, Folder] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)


def file_tree(items: Iterable[VersionItem]) -> Folder:
    """Return the folder that holds the files, with those in it; folders and files are sorted by name."""
    root = Folder("")
    for item in sorted(items, key=lambda item: item.file_path.split("/")):
        *above, name = item.file_path.split("/")
        folder = root
        for part in above:
            folder = folder.folders.setdefault(part, Folder(part))
        folder.files.append(File(name, item.file_path, item.size_bytes))
    return root
