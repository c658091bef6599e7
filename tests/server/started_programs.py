"""Programs that tests start, whose output is read to its end, so that none waits for a reader."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60


class Program:
    """A started program and the lines that it has written so far, on stdout and stderr alike."""

    def __init__(self, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._has_ended = False
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first line that matches; fails where the program ends before, or takes too long."""
        seen = 0
        with self._news:
            while True:
                for line in self.lines[seen:]:
                    if found := re.search(pattern, line):
                        return found
                seen = len(self.lines)
                if self._has_ended:
                    raise AssertionError(f"ended without a line like {pattern!r}:\n{self.output}")
                if not self._news.wait(PATIENCE_SECONDS):
                    raise AssertionError(f"no line like {pattern!r} for {PATIENCE_SECONDS} s:\n{self.output}")

    def wait(self) -> int:
        """Wait until the program has ended and all its output is read; return its exit code."""
        try:
            exit_code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"had to be killed:\n{self.output}") from None
        self._reader.join(PATIENCE_SECONDS)
        return exit_code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                with self._news:
                    self.lines.append(line)
                    self._news.notify_all()
        with self._news:
            self._has_ended = True
            self._news.notify_all()


@dataclass(frozen=True, slots=True)
class Served:
    """A running `harness serve`. url: what its clients are given as endpoint, without a final slash."""

    url: str
    token: str
    data_dir: Path
    program: Program

    @property
    def process(self) -> subprocess.Popen[str]:
        return self.program.process

    @property
    def output(self) -> str:
        return self.program.output

    def admin(self, *arguments: str) -> dict[str, Any]:
        """Run `harness admin` on the server's data while it runs, and return the record that it prints."""
        command = [sys.executable, "-m", "harness", "admin", *arguments, "--data-dir", str(self.data_dir), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        record: dict[str, Any] = json.loads(done.stdout)
        return record

    def stop(self) -> int:
        """Interrupt the server as Ctrl-C does, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.program.wait()

    def kill(self) -> None:
        """End the server without a warning, as a power cut would."""
        self.process.kill()
        self.program.wait()


@contextmanager
def started_server(
    data_dir: Path, *options: str, token: str, backend: str, variables: Mapping[str, str]
) -> Iterator[Served]:
    """Run `harness serve` on a free port while the block lasts, from the moment on that it listens."""
    command = [sys.executable, "-m", "harness", "serve", "--port", "0", "--data-dir", str(data_dir)]
    program = Program([*command, "--token", token, "--backend", backend, *options], data_dir.parent, variables)
    try:
        url = program.wait_for(r"^Serving on (http://127\.0\.0\.1:\d+/api/v2)$")[1]
        yield Served(url, token, data_dir, program)
    finally:
        if program.process.poll() is None:
            program.process.send_signal(signal.SIGINT)
        program.wait()


def wait_until(happened: Callable[[], Any]) -> Any:
    """Return what `happened` returns once that is something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := happened()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found
