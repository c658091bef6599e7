"""Files that are there whole or not at all, and times as the records spell them.

The task can write where the records lie, so whatever it may have put in their place is removed first: a link would
lead elsewhere, a pipe would wait for a reader for ever.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from typing import Any, Dict, Iterable


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
    """Make sure that a path is a folder, and no link to one."""
    if os.path.islink(path) or not os.path.isdir(path):
        remove(path)
        os.makedirs(path)


def remove(path: str) -> None:
    """Remove what is at a path: a file, a link, a pipe, or a folder with all that is in it, unwritable or not."""
    if os.path.isdir(path) and not os.path.islink(path):
        unlock(path)
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def unlock(folder: str) -> None:
    """Give ourselves back the right to all in a folder of our own, whatever the task has done to it."""
    os.chmod(folder, 0o700)
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = os.path.join(place, name)
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
                os.chmod(path, mode | (stat.S_IRWXU if stat.S_ISDIR(mode) else stat.S_IRUSR))


def disk_usage(folders: Iterable[str]) -> int:
    """Return how many bytes of disk the files below some folders take."""
    total = 0
    waiting = list(folders)
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
            except OSError:
                continue
    return total


def utc_text(seconds: float) -> str:
    """Spell a time (seconds since 1970) as `2026-01-02T03:04:05.000006Z`."""
    whole = int(seconds)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return "%s.%06dZ" % (stamp, int((seconds - whole) * 1_000_000))
