"""Remove the venvs that the harness has built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

from harness.cache import cache_folder, is_held, locked, remove_tree
from harness.removals import Removal


def remove_venvs() -> Iterator[Removal]:
    """Remove every venv of the user's cache folder, half-built ones too, and yield what went.

    What is being built, and what a process runs from, stays.
    """
    running = [word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or ()]
    # The half-built ones first: the others take their names while they are removed, so that none looks finished.
    for folder in sorted((cache_folder() / "venvs").glob("*/"), reverse=True):
        lock = folder.with_suffix(".lock")
        if is_held(lock) or any(word.startswith(f"{folder}/") for word in running):
            continue
        with locked(lock):
            size = sum(_own_bytes(Path(path, name)) for path, _, names in os.walk(folder) for name in names)
            remove_tree(folder.rename(folder.with_suffix(".unfinished")))
        yield Removal(kind="venv", name=str(folder), size_bytes=size)


def _own_bytes(file: Path) -> int:
    """Return what a file takes; nothing where other venvs or the installer's cache have it too."""
    status = file.lstat()
    return status.st_size if status.st_nlink == 1 else 0
