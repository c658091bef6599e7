"""The folder that scoring sees: the task's files, and over them what fit left; nothing else of the fit remains."""

from __future__ import annotations

import os
import shutil
import stat
from typing import Any, Callable, Iterator, List, Set

# Larger files are linked where the file system can: a model of some gigabytes must not cost its copy.
LARGEST_COPIED_BYTES = 64 * 1024 * 1024
_ASIDE = ".set-aside"


def list_files(folder: str) -> Set[str]:
    """Return the paths below a folder, relative to it, caches of the interpreter left out."""
    found = set()
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found.update(os.path.relpath(os.path.join(place, name), folder) for name in (*names, *folders))
    return found


class ModelFolder:
    """Makes the model folder once, and keeps the artifact away from its own path until `restore`."""

    def __init__(self, code_folder: str, artifact_folder: str, model_folder: str) -> None:
        self._code_folder = code_folder
        self._artifact_folder = artifact_folder
        self._model_folder = model_folder
        # What fit writes beside the code is not part of the task.
        self._code_files = list_files(code_folder)
        self._is_made = False

    def make(self) -> None:
        """Fill the model folder and set the artifact folder aside; a second call does nothing."""
        if self._is_made:
            return
        self._is_made = True
        os.makedirs(self._model_folder, exist_ok=True)
        _copy_over(self._code_folder, self._model_folder, lambda path: path not in self._code_files)
        if os.path.isdir(self._artifact_folder):
            _copy_over(self._artifact_folder, self._model_folder, lambda _: False)
            os.rename(self._artifact_folder, self._artifact_folder + _ASIDE)

    def restore(self) -> None:
        """Put the artifact folder back, whatever stands in its place by now."""
        aside = self._artifact_folder + _ASIDE
        if os.path.isdir(aside):
            if os.path.islink(self._artifact_folder) or os.path.isfile(self._artifact_folder):
                os.unlink(self._artifact_folder)
            shutil.rmtree(self._artifact_folder, ignore_errors=True)
            os.rename(aside, self._artifact_folder)


def _copy_over(source: str, target: str, left_out: Callable[[str], bool]) -> None:
    """Copy a folder's files, links as links; what is no file, folder or link is left out."""

    def ignored(place: str, names: List[str]) -> Iterator[str]:
        for name in names:
            path = os.path.join(place, name)
            if name == "__pycache__" or left_out(os.path.relpath(path, source)) or not _is_ordinary(path):
                yield name

    def ignore(place: str, names: List[str]) -> Set[str]:
        _clear_way(place, names)
        return set(ignored(place, names))

    def _clear_way(place: str, names: List[str]) -> None:
        """Remove what a file or folder of the same name is going to replace."""
        for name in names:
            there = os.path.join(target, os.path.relpath(os.path.join(place, name), source))
            is_folder = _is_folder(os.path.join(place, name))
            if _is_folder(there) and not is_folder:
                shutil.rmtree(there)
            elif os.path.lexists(there) and not (is_folder and _is_folder(there)):
                os.unlink(there)

    shutil.copytree(source, target, symlinks=True, ignore=ignore, copy_function=_copy_or_link, dirs_exist_ok=True)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _is_ordinary(path: str) -> bool:
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)


def _copy_or_link(source: str, target: str) -> Any:
    if os.path.getsize(source) > LARGEST_COPIED_BYTES:
        try:
            return os.link(source, target)
        except OSError:
            pass
    return shutil.copy2(source, target)
