"""The lock of a venv that is being built: waiting for it can be cancelled, and abandoned installers are ended."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from harness.backends.cancellation import Cancellation
from harness.cache import make_folder
from harness.errors import Interrupted

# In the environment of every installer: the process that started it, and that is its parent as long as it lives.
STARTED_BY = "HARNESS_STARTED_BY"
POLL_SECONDS = 0.5


@contextmanager
def locked_layer(folder: Path, cancellation: Cancellation) -> Iterator[int]:
    """Hold the lock of the venv that `folder` will be, and give its descriptor.

    Whoever builds the same venv is waited for. What only an installer holds, whose harness was killed, is taken from
    it. Raises Interrupted where a cancellation comes before the lock does.
    """
    lock = folder.with_suffix(".lock")
    make_folder(lock.parent)
    with lock.open("w") as handle:
        while not _is_taken(handle):
            if cancellation.requested:
                raise Interrupted("the build was cancelled")
            _end_abandoned_installers(folder)
            time.sleep(POLL_SECONDS)
        yield handle.fileno()


def _is_taken(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_abandoned_installers(folder: Path) -> None:
    """End the installers of this venv whose harness is gone, with all that they have started: each leads a session."""
    place = f"{folder.with_suffix('.unfinished')}/"
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if not any(word.startswith(place) for word in process.cmdline()):
                continue
            starter = process.environ().get(STARTED_BY)
            if starter is not None and starter != str(process.ppid()) and os.getsid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
