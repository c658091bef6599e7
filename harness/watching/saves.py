"""Hear from the system that something has happened in a folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

# A save is heard this long after its last write at most; one that goes on is heard of after the longer time.
STEP_MILLISECONDS = 15
LONGEST_SAVE_MILLISECONDS = 200
POLL_MILLISECONDS = 300
POLLING = (
    "This system has no more room for watching files, so they are looked at every 0.3 s. On Linux, raise "
    "fs.inotify.max_user_watches and fs.inotify.max_user_instances."
)


class Saves:
    """Sets `wake` when something happens in one of the folders, whatever it is.

    tell: hears, once, that the system cannot watch and the folders are looked at again and again.
    Source of RustNotify: the page "Rust backend direct usage" of watchfiles's documentation.
    """

    def __init__(self, wake: threading.Event, tell: Callable[[str], None]) -> None:
        self._wake = wake
        self._tell = tell
        # The variable of watchfiles, for file systems that do not tell of what other machines write.
        self._polls = os.environ.get("WATCHFILES_FORCE_POLLING", "") not in ("", "false", "disable", "disabled")
        self._looking_at: frozenset[tuple[Path, int, int]] = frozenset()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look_at(self, folders: frozenset[Path]) -> bool:
        """Watch these folders, without those below them; tell whether that is so since just now.

        A folder of the same name that another one has made room for is another folder.
        """
        try:
            wanted = frozenset((folder, (status := folder.stat()).st_dev, status.st_ino) for folder in folders)
            if wanted == self._looking_at:
                return False
            notify = self._notify(folders)
        except FileNotFoundError:
            return True
        self.close()
        self._looking_at, self._stop = wanted, threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(notify, self._stop), daemon=True)
        self._thread.start()
        return True

    def close(self) -> None:
        """Watch nothing any more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _notify(self, folders: frozenset[Path]) -> RustNotify:
        names = sorted(str(folder) for folder in folders)
        if not self._polls:
            try:
                return RustNotify(names, False, False, POLL_MILLISECONDS, False, True)
            except FileNotFoundError:
                raise
            except (OSError, WatchfilesRustInternalError):
                self._polls = True
                self._tell(POLLING)
        return RustNotify(names, False, True, POLL_MILLISECONDS, False, True)

    def _listen(self, notify: RustNotify, stop: threading.Event) -> None:
        with notify:
            while notify.watch(LONGEST_SAVE_MILLISECONDS, STEP_MILLISECONDS, 0, stop) != "stop":
                self._wake.set()
