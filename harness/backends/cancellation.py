"""How one thread ends the build that another one waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """Ends what is running now, and everything that begins later, when another thread asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ending: list[Callable[[], None]] = []
        self.requested = False

    def cancel(self) -> None:
        with self._lock:
            self.requested = True
            for end in self._ending:
                end()

    @contextmanager
    def ends_with(self, end: Callable[[], None]) -> Iterator[None]:
        """Let a cancellation call `end` while the block runs; at once where it was asked for before."""
        with self._lock:
            self._ending.append(end)
            if self.requested:
                end()
        try:
            yield
        finally:
            with self._lock:
                self._ending.remove(end)

    @contextmanager
    def after(self, seconds: float) -> Iterator[Cancellation]:
        """Give a cancellation for the block alone, which happens with this one, or when the block takes that long."""
        own = Cancellation()
        timer = threading.Timer(seconds, own.cancel)
        timer.daemon = True
        timer.start()
        try:
            with self.ends_with(own.cancel):
                yield own
        finally:
            timer.cancel()
