"""Run a program and keep every line that it prints."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from harness.builds.log import clean_line

PATIENCE_SECONDS = 3.0


@dataclass(slots=True)
class Cancellation:
    """Ends the program that is running now, and every later one, when another thread asks for it."""

    _process: subprocess.Popen[str] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    requested: bool = False

    def cancel(self) -> None:
        with self._lock:
            self.requested = True
            if self._process is not None:
                stop(self._process)

    def watch(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._process = process
            if self.requested:
                stop(process)


def run_logged(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
    lock: int,
) -> int:
    """Run `command` with its errors merged into its output, pass every line on at once, and return the exit code.

    Reads to the end of the output before it waits, so that no line is lost. lock: a descriptor that the program holds
    as well, so that what it works on stays locked while it lives, also when this process is killed.
    """
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        pass_fds=(lock,),
    ) as process:
        cancellation.watch(process)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                on_line(clean_line(line))
        except BaseException:
            stop(process)
            raise
        return process.wait()


def stop(process: subprocess.Popen[str]) -> None:
    """Ask the program to end, then make it."""
    if process.poll() is not None:
        return
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_SECONDS)
        return
    process.kill()
