"""Remove the venvs that the harness has built."""

from __future__ import annotations

import os
from pathlib import Path

from harness.backends.venv.build import RECORD_FILE
from harness.cache import cache_folder, locked, remove_tree
from harness.removals import Removal


def remove_venvs() -> tuple[Removal, ...]:
    """Remove every venv of the user's cache folder and return what went. Waits for one that is being built."""
    folders = sorted(file.parent for file in (cache_folder() / "venvs").glob(f"*/{RECORD_FILE}"))
    return tuple(_remove(folder) for folder in folders)


def _remove(folder: Path) -> Removal:
    with locked(folder.with_suffix(".lock")):
        size = sum(_own_bytes(Path(path, name)) for path, _, names in os.walk(folder) for name in names)
        remove_tree(folder)
    return Removal(kind="venv", name=str(folder), size_bytes=size)


def _own_bytes(file: Path) -> int:
    """Return what a file takes; nothing where other venvs or the installer's cache have it too."""
    status = file.lstat()
    return status.st_size if status.st_nlink == 1 else 0
