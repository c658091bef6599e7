"""How one thread ends what another waits for."""

from __future__ import annotations

import threading

from harness.backends.cancellation import Cancellation

PATIENCE_SECONDS = 30


def test_what_takes_too_long_is_ended_and_what_comes_later_is_not() -> None:
    cancellation, ended = Cancellation(), threading.Event()
    with cancellation.after(0.01) as ending, ending.ends_with(ended.set):
        assert ended.wait(PATIENCE_SECONDS)
    assert ending.requested
    assert not cancellation.requested


def test_who_cancels_the_whole_ends_the_part_too() -> None:
    cancellation, ended = Cancellation(), threading.Event()
    with cancellation.after(PATIENCE_SECONDS) as ending, ending.ends_with(ended.set):
        cancellation.cancel()
        assert ended.is_set()
