"""How much disk a stage takes: what grows in the folders that it may write, and what it has removed but holds open.

Looked at a little at a time, so that a hundred thousand files do not keep the server from its other watches.
"""

from __future__ import annotations

import os
import stat
import time
from typing import Callable, Iterator, List, Optional, Set, Tuple

# A look takes this long at most, and the next round begins this long after the last.
SLICE_SECONDS = 0.0025
PAUSE_SECONDS = 0.25
# What a file costs at least, for its name and its record: a disk can also be filled with empty ones.
SMALLEST_FILE_BYTES = 4096
# What must stay free on the disk; less where there was less when the stage began.
RESERVE_BYTES = 1024**3


class DiskWatch:
    """Looks at some folders from the start of a stage on. family: gives the processes whose open files count too."""

    def __init__(self, folders: List[str], family: Callable[[], List[int]]) -> None:
        self._folders = _outermost(folders)
        self._devices = {os.stat(folder).st_dev for folder in self._folders if os.path.isdir(folder)}
        self._family = family
        self._before: Optional[int] = None
        self._sizes = self._round()
        self._total = 0
        self._next = 0.0
        self._reserve = min(RESERVE_BYTES, self._free() // 2)

    def is_above(self, most_bytes: int) -> bool:
        """Look a little further; tell whether the stage has been seen to take more than this."""
        began = time.monotonic()
        if began < self._next:
            return False
        for size in self._sizes:
            self._total += size
            if self._before is not None and self._total - self._before > most_bytes:
                return True
            if time.monotonic() > began + SLICE_SECONDS:
                return False
        # The first round tells what was there already.
        self._before = self._total if self._before is None else self._before
        self._sizes, self._total, self._next = self._round(), 0, time.monotonic() + PAUSE_SECONDS
        return False

    def is_full(self) -> bool:
        """Tell whether next to nothing is free any more, whoever took it."""
        return self._free() < self._reserve

    def _free(self) -> int:
        try:
            disk = os.statvfs(self._folders[0])
        except OSError:
            return 2 * RESERVE_BYTES
        return disk.f_bavail * disk.f_frsize

    def _round(self) -> Iterator[int]:
        linked: Set[Tuple[int, int]] = set()
        waiting = list(self._folders)
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISDIR(status.st_mode):
                            waiting.append(entry.path)
                        elif status.st_nlink > 1:
                            if (status.st_dev, status.st_ino) in linked:
                                continue
                            linked.add((status.st_dev, status.st_ino))
                        yield max(status.st_blocks * 512, SMALLEST_FILE_BYTES)
            except OSError:
                continue
        yield from self._removed()

    def _removed(self) -> Iterator[int]:
        """Yield the sizes of files that have no name any more, and go when the last process closes them."""
        seen: Set[Tuple[int, int]] = set()
        for member in self._family():
            try:
                names = os.listdir("/proc/%d/fd" % member)
            except OSError:
                continue
            for name in names:
                try:
                    status = os.stat("/proc/%d/fd/%s" % (member, name))
                except OSError:
                    continue
                key = (status.st_dev, status.st_ino)
                is_removed = stat.S_ISREG(status.st_mode) and status.st_nlink == 0 and status.st_dev in self._devices
                if is_removed and key not in seen:
                    seen.add(key)
                    yield status.st_blocks * 512


def _outermost(folders: List[str]) -> List[str]:
    """Return the folders in order, without those that lie in another one."""
    real = list(dict.fromkeys(os.path.realpath(folder) for folder in folders))
    return [folder for folder in real if not any(folder.startswith(other + os.sep) for other in real)]
