"""The lines of a build while it runs: written by its job, read by whoever looks on, gone when it is over.

They are for looking at alone. The log that is kept is made by the build itself, with its beginning and its end.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.progress import Silent
from harness.server.state import ServerState

# What one look gives at most; the next one goes on from there.
MOST_BYTES = 256 * 1024
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class News:
    """Lines that came since an earlier look, and where the next look begins."""

    lines: tuple[str, ...]
    position: int


class LiveLog(Silent):
    """Progress whose lines can be read from a file as soon as they come."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def build_line(self, line: str) -> None:
        """Add a line. A full disk is no reason to end a build: whoever looks on misses some lines."""
        try:
            self._file.write(line.encode("utf-8", "replace") + b"\n")
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise


@contextmanager
def live_log(state: ServerState, job_id: str) -> Iterator[LiveLog]:
    """Give the live log of a job that has its folder."""
    with _file(state, job_id).open("wb", buffering=0) as file:
        yield LiveLog(file)


def read_live_log(state: ServerState, job_id: str, position: int) -> News:
    """Return the whole lines from a position on, 0 for the beginning; nothing where the job does not run."""
    with suppress(OSError), _file(state, job_id).open("rb") as file:
        file.seek(position)
        found = file.read(MOST_BYTES)
        end = found.rfind(b"\n") + 1
        # A line that is longer than one look comes in pieces.
        whole = found if len(found) == MOST_BYTES and not end else found[:end]
        lines = whole.decode("utf-8", "replace").removesuffix("\n").split("\n") if whole else []
        return News(tuple(lines), position + len(whole))
    return News((), position)


def _file(state: ServerState, job_id: str) -> Path:
    return state.work_folder / job_id / "live.log"
