"""One validation under way, and how a save ends it."""

from __future__ import annotations

import threading

from harness.backends import Cancellation
from harness.progress import Progress
from harness.vocabulary import BuildStatus


class Round:
    """A validation that can be ended: at once, or when the dependencies that it is just installing are there."""

    def __init__(self) -> None:
        self.cancellation = Cancellation()
        self._lock = threading.Lock()
        self._installs = False
        self._ends_after_build = False

    def end(self, *, spare_build: bool = False) -> None:
        """End it. spare_build: let it finish what it installs, which the next round then finds ready."""
        with self._lock:
            if spare_build and self._installs:
                self._ends_after_build = True
                return
        self.cancellation.cancel()

    def following(self, progress: Progress) -> Progress:
        """Return progress that tells `progress` everything, and this round how far it is."""
        return _Following(self, progress)

    def is_installing(self) -> None:
        """Note that an installer is at work."""
        with self._lock:
            self._installs = True

    def has_gone_on(self) -> None:
        """Note that another step has begun."""
        with self._lock:
            self._installs = False
            ends = self._ends_after_build
        if ends:
            self.cancellation.cancel()


class _Following:
    def __init__(self, followed: Round, progress: Progress) -> None:
        self._round = followed
        self._progress = progress

    def note(self, text: str) -> None:
        self._progress.note(text)

    def step(self, text: str) -> None:
        self._round.has_gone_on()
        self._progress.step(text)

    def build_status(self, status: BuildStatus) -> None:
        self._progress.build_status(status)

    def build_line(self, line: str) -> None:
        self._round.is_installing()
        self._progress.build_line(line)
