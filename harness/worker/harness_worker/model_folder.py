"""The folder that scoring sees: the task's files, and over them what fit left; nothing else of the fit remains."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import Dict, List, Optional

from .files import all_below, make_real_folder, remove

# Larger files, and those beyond so many, are linked where the file system can: a model of some gigabytes must not cost
# its copy, nor one of a hundred thousand files.
LARGEST_COPIED_BYTES = 64 * 1024 * 1024
MOST_COPIED_FILES = 2000
# Longer paths could not be put below another folder, or not be read there; the kernel's own limit is 4,096.
LONGEST_PATH_BYTES = 3000
MOST_NAMED = 20
LONGEST_SHOWN_BYTES = 300
_ASIDE = ".set-aside"


@dataclass
class Artifact:
    """What fit left: the bytes of its files, and up to MOST_NAMED of what is not kept, with the reason."""

    total_bytes: int = 0
    left_out: List[Dict[str, str]] = field(default_factory=list)

    def leave_out(self, path: str, reason: str) -> None:
        if len(self.left_out) < MOST_NAMED:
            shown = os.fsencode(path)[:LONGEST_SHOWN_BYTES].decode("utf-8", "replace")
            self.left_out.append({"path": shown, "reason": reason})


class ModelFolder:
    """Takes the task's files before fit can change them, adds what fit left, and keeps that away from its own path."""

    def __init__(self, code_folder: str, artifact_folder: str, model_folder: str) -> None:
        self._artifact_folder = artifact_folder
        self._aside = artifact_folder + _ASIDE
        self._model_folder = model_folder
        self.has_artifact = False
        copy_over(code_folder, model_folder)

    def add_artifact(self, most_bytes: Optional[int]) -> Artifact:
        """Put what fit left over the task's files, and set the artifact folder aside; nothing where it is too much."""
        make_real_folder(os.path.dirname(self._artifact_folder))
        replaced = os.path.islink(self._artifact_folder) or not os.path.isdir(self._artifact_folder)
        for folder in (self._artifact_folder, self._model_folder):
            make_real_folder(folder)
        artifact = _weigh(self._artifact_folder)
        if replaced:
            artifact.leave_out("output_dir", "replaced")
        if most_bytes is None or artifact.total_bytes <= most_bytes:
            copy_over(self._artifact_folder, self._model_folder)
            remove(self._aside)
            os.rename(self._artifact_folder, self._aside)
            self.has_artifact = True
        return artifact

    def restore(self) -> None:
        """Put the artifact folder back, whatever stands in its place by now; a link there would lead out of the run."""
        make_real_folder(os.path.dirname(self._artifact_folder))
        if os.path.isdir(self._aside) and not os.path.islink(self._aside):
            remove(self._artifact_folder)
            os.rename(self._aside, self._artifact_folder)
        make_real_folder(self._artifact_folder)
        if not self.has_artifact:
            for _ in all_below(self._artifact_folder):
                # Walking unlocks what fit has locked.
                pass


def _weigh(folder: str) -> Artifact:
    artifact = Artifact()
    for path, entry in all_below(folder):
        reason = _why_not_kept(path, entry, folder)
        if reason is not None:
            artifact.leave_out(path, reason)
        elif entry.is_file(follow_symlinks=False):
            artifact.total_bytes += entry.stat(follow_symlinks=False).st_size
    return artifact


def copy_over(source: str, target: str) -> None:
    """Copy what is in a folder over another one, but for caches of the interpreter and what cannot be kept."""
    os.makedirs(target, exist_ok=True)
    copied = 0
    for path, entry in all_below(source):
        place = os.path.join(target, path)
        if "__pycache__" in path.split(os.sep) or _why_not_kept(path, entry, source) is not None:
            continue
        is_folder = entry.is_dir(follow_symlinks=False)
        there_is_folder = os.path.isdir(place) and not os.path.islink(place)
        if os.path.lexists(place) and not (is_folder and there_is_folder):
            remove(place)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
        elif is_folder:
            os.makedirs(place, exist_ok=True)
        elif copied < MOST_COPIED_FILES and entry.stat(follow_symlinks=False).st_size <= LARGEST_COPIED_BYTES:
            shutil.copy2(entry.path, place)
            copied += 1
        else:
            _link_or_copy(entry.path, place)


def _why_not_kept(path: str, entry: os.DirEntry, folder: str) -> Optional[str]:
    """Return `path` for one that is too long, `link` for a link that leads out, `special` for no file, else None."""
    if len(os.fsencode(path)) > LONGEST_PATH_BYTES:
        return "path"
    if entry.is_symlink():
        real, inside = os.path.realpath(entry.path), os.path.realpath(folder)
        return None if (real + os.sep).startswith(inside + os.sep) else "link"
    ordinary = entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
    return None if ordinary else "special"


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
