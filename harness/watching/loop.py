"""The loop: a round for every save, none of whose verdicts is about files that have changed meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from harness.errors import BackendUnavailable
from harness.reports.model import Report
from harness.watching.bench import KeptWorkbench
from harness.watching.decision import Change, what_to_do
from harness.watching.places import Places
from harness.watching.rounds import Round
from harness.watching.saves import Saves
from harness.watching.snapshots import Snapshot, changes_between, take_snapshot
from harness.workbench import Workbench
from harness.workers import headstart

# Two saves that are closer together may have the same time on the file system: the kernel's clock for that ticks.
TICK_NS = 20_000_000
TICKS_WAITED = 10

Judge = Callable[[Round, Workbench], Report]


class Display(Protocol):
    """What a person sees of the rounds.

    show: hears the verdict, and what had changed since the one before; nothing had before the first. keep: writes what
    nobody waits for.
    """

    def show(self, report: Report, changes: tuple[Change, ...]) -> None: ...
    def keep(self, report: Report) -> None: ...
    def note(self, text: str) -> None: ...


def watch(places: Places, judge: Judge, display: Display) -> int:
    """Judge the task now and after every save, until KeyboardInterrupt; all that was started is gone then.

    Return the exit code where there is nothing to wait for: no such folder, or no such backend.
    """
    wake = threading.Event()
    with KeptWorkbench() as bench, closing(Saves(wake, display.note)) as saves, ThreadPoolExecutor(1) as pool:
        watched = _Watched(places, bench, saves, wake)
        seen: Snapshot | None = None
        while True:
            found = watched.look()
            changes = changes_between(seen, found) if seen is not None else ()
            if seen is not None and not changes:
                watched.wait()
                continue
            report, after = _run(judge, watched, found, bench, pool)
            if report is None:
                continue
            display.show(report, changes)
            if seen is None and _is_hopeless(report, places.task):
                return report.exit_code
            seen = after
            # First of all what the next round needs: its worker imports while the user reads.
            headstart.prepare(places.task)
            bench.finish()
            display.keep(report)


def _run(
    judge: Judge, watched: _Watched, found: Snapshot, bench: KeptWorkbench, pool: ThreadPoolExecutor
) -> tuple[Report | None, Snapshot]:
    """Return the verdict on the files as they were found, or none where one has changed since; and how they stand."""
    under_way = Round()
    running: Future[Report] = pool.submit(judge, under_way, bench)
    running.add_done_callback(lambda _: watched.wake.set())
    try:
        while True:
            watched.wait()
            is_over = running.done()
            now = watched.look()
            changes = changes_between(found, now)
            if is_over:
                is_current = not changes and not under_way.cancellation.requested
                return (running.result() if is_current else None), now
            if changes:
                under_way.end(spare_build=not what_to_do(changes).builds)
    finally:
        under_way.end()


def _is_hopeless(report: Report, folder: Path) -> bool:
    """Tell whether no save can help."""
    if report.error is None:
        return False
    return report.error.exit_code == BackendUnavailable.exit_code or not folder.is_dir()


class _Watched:
    """The files that decide the verdict, wherever they lie."""

    def __init__(self, places: Places, bench: KeptWorkbench, saves: Saves, wake: threading.Event) -> None:
        self._places = places
        self._bench = bench
        self._saves = saves
        self.wake = wake

    def look(self) -> Snapshot:
        """Return how the files stand, with all of their folders watched, and no file just being written."""
        for _ in range(TICKS_WAITED):
            snapshot = take_snapshot(replace(self._places, data=(*self._places.data, *self._bench.data_files)))
            if self._saves.look_at(snapshot.folders):
                continue
            still_open_ns = snapshot.newest_ns + TICK_NS - time.time_ns()
            if still_open_ns <= 0:
                break
            time.sleep(min(still_open_ns, TICK_NS) / 1e9)
        return snapshot

    def wait(self) -> None:
        """Wait until something has happened in the folders, or the round that is under way is over."""
        self.wake.wait()
        self.wake.clear()
