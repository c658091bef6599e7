"""Files that are there whole or not at all, and times as the records spell them.

The task can write where the records lie, so whatever it may have put in their place is removed first: a link would
lead elsewhere, a pipe would wait for a reader for ever.
"""

from __future__ import annotations

import json
import os
import stat
import time
import uuid
from typing import Any, Dict, Iterable, Iterator, Tuple

_AS_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def write_json(path: str, document: Dict[str, Any]) -> None:
    """Write a JSON document so that a reader sees all of it or none; half characters become question marks."""
    partial = path + ".partial"
    make_real_folder(os.path.dirname(path))
    remove(partial)
    with open(partial, "x", encoding="utf-8", errors="replace") as stream:
        json.dump(document, stream, ensure_ascii=False)
    if os.path.isdir(path):
        remove(path)
    os.replace(partial, path)


def make_real_folder(path: str) -> None:
    """Make sure that a path is a folder, no link to one, and that its owner may write there."""
    if os.path.islink(path) or not os.path.isdir(path):
        remove(path)
        os.makedirs(path)
    _unlock(path, stat.S_IRWXU)


def remove(path: str) -> None:
    """Remove what is at a path: a file, a link, a pipe, or a folder with all that is in it, unwritable or not."""
    if os.path.isdir(path) and not os.path.islink(path):
        empty(path)
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def empty(path: str) -> None:
    """Remove all that is in a folder, however deep it lies.

    What is in a subfolder moves up before that goes. So no path is too long for the kernel, and nothing recurses.
    """
    os.chmod(path, 0o700)
    top = os.open(path, _AS_FOLDER)
    try:
        names = os.listdir(top)
        while names:
            for name in names:
                if _is_folder(name, top):
                    _dissolve(name, top)
                else:
                    os.unlink(name, dir_fd=top)
            names = os.listdir(top)
    finally:
        os.close(top)


def _dissolve(name: str, top: int) -> None:
    """Remove a subfolder: its files go, its folders move up to `top` under names that nobody has."""
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, _AS_FOLDER, dir_fd=top)
    try:
        for inner in os.listdir(folder):
            if _is_folder(inner, folder):
                # A folder that moves must be ours to write: its link to the folder above changes.
                os.chmod(inner, 0o700, dir_fd=folder)
                os.rename(inner, uuid.uuid4().hex, src_dir_fd=folder, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _is_folder(name: str, folder: int) -> bool:
    return stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode)


def all_below(folder: str) -> Iterator[Tuple[str, os.DirEntry]]:
    """Yield (path relative to `folder`, entry) of all that is in a folder; no link is followed.

    A folder comes before what is in it. What is ours and locked is unlocked first. What lies too deep for the kernel to
    name is not looked into.
    """
    _unlock(folder, stat.S_IRWXU)
    waiting = [""]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(os.path.join(folder, place)) as entries:
                for entry in entries:
                    path = os.path.join(place, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        _unlock(entry.path, stat.S_IRWXU)
                        waiting.append(path)
                    elif entry.is_file(follow_symlinks=False):
                        _unlock(entry.path, stat.S_IRUSR)
                    yield path, entry
        except OSError:
            continue


def _unlock(path: str, rights: int) -> None:
    """Give the owner these rights where they lack; the mode tells, since who asks may be root and need none."""
    try:
        mode = os.lstat(path).st_mode
        if mode & rights != rights:
            os.chmod(path, stat.S_IMODE(mode) | rights)
    except OSError:
        return


class TemporaryFiles:
    """What lies in the run's temporary folder, but for what was there at some time.

    That folder is TMPDIR; without one it is everybody's, and nothing in there is the run's.
    """

    def __init__(self, kept: Iterable[str] = ()) -> None:
        self._folder = os.environ.get("TMPDIR", "")
        self._kept = set(kept)

    @classmethod
    def since_now(cls) -> "TemporaryFiles":
        return cls(cls().names())

    def remove(self) -> None:
        for name in self.names():
            if name not in self._kept:
                try:
                    remove(os.path.join(self._folder, name))
                except OSError:
                    continue

    def names(self) -> Iterable[str]:
        try:
            return os.listdir(self._folder) if self._folder else ()
        except OSError:
            return ()


def utc_text(seconds: float) -> str:
    """Spell a time (seconds since 1970) as `2026-01-02T03:04:05.000006Z`."""
    whole = int(seconds)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return "%s.%06dZ" % (stamp, int((seconds - whole) * 1_000_000))
