"""Run a program and keep every line that it prints."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from harness.backends.cancellation import Cancellation
from harness.builds.log import clean_line

PATIENCE_SECONDS = 3.0


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
        assert process.stdout is not None
        with cancellation.ends_with(partial(stop, process)):
            try:
                for line in process.stdout:
                    on_line(clean_line(line))
            except BaseException:
                stop(process)
                raise
            return process.wait()


def stop(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Ask the program to end, then make it."""
    if process.poll() is not None:
        return
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_SECONDS)
        return
    process.kill()
