"""The folder that scoring sees: the task's files, and over them what fit left; nothing else of the fit remains."""

from __future__ import annotations

import os
import shutil
import stat
from typing import Any, Iterator, List, Set

from .files import make_real_folder, remove, unlock

# Larger files are linked where the file system can: a model of some gigabytes must not cost its copy.
LARGEST_COPIED_BYTES = 64 * 1024 * 1024
_ASIDE = ".set-aside"


class ModelFolder:
    """Takes the task's files before fit can change them, adds what fit left, and keeps that away from its own path."""

    def __init__(self, code_folder: str, artifact_folder: str, model_folder: str) -> None:
        self._artifact_folder = artifact_folder
        self._aside = artifact_folder + _ASIDE
        self._model_folder = model_folder
        copy_over(code_folder, model_folder)

    def add_artifact(self) -> None:
        """Put what fit left over the task's files, and set the artifact folder aside."""
        make_real_folder(self._artifact_folder)
        make_real_folder(self._model_folder)
        unlock(self._artifact_folder)
        copy_over(self._artifact_folder, self._model_folder)
        remove(self._aside)
        os.rename(self._artifact_folder, self._aside)

    def restore(self) -> None:
        """Put the artifact folder back, whatever stands in its place by now; a link there would lead out of the run."""
        if os.path.isdir(self._aside) and not os.path.islink(self._aside):
            remove(self._artifact_folder)
            os.rename(self._aside, self._artifact_folder)
        make_real_folder(self._artifact_folder)


def copy_over(source: str, target: str) -> None:
    """Copy a folder's files, links as links; a link that leads out is left out, and what is no file, folder or link."""

    def ignored(place: str, names: List[str]) -> Iterator[str]:
        for name in names:
            path = os.path.join(place, name)
            if name == "__pycache__" or not _is_ordinary(path) or _leads_out(path, source):
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


def _leads_out(path: str, folder: str) -> bool:
    return os.path.islink(path) and not os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)


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
