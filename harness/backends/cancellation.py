"""How one thread ends the build or the run that another one waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")


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

    def awaited(self, action: Callable[[], _T]) -> _T | None:
        """Return what `action` returns, or None as soon as a cancellation is asked for.

        For what has no end that could be called: it then goes on in its own thread, unheard, while this process lives.
        """
        over = threading.Event()
        returned: list[_T] = []
        raised: list[BaseException] = []

        def act() -> None:
            try:
                returned.append(action())
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
                raised.append(error)
            over.set()

        with self.ends_with(over.set):
            threading.Thread(target=act, daemon=True).start()
            over.wait()
        if raised and not self.requested:
            raise raised[0]
        return next(iter(returned), None)

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
