"""A real `harness validate --watch` as a person has it running, read line by line."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120

GOOD = """
import pickle
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    (Path(output_dir) / "model.pkl").write_bytes(pickle.dumps(float(y.mean())))


def load_model(code_dir):
    return pickle.loads((Path(code_dir) / "model.pkl").read_bytes())


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model + data.iloc[:, 0]})
"""
RAISES = GOOD.replace("    return pd.DataFrame", "    raise ValueError('no scores today')\n    return pd.DataFrame")


class Watch:
    """A started command; `line` and `report` wait for what it prints next."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        self.process = process
        self._errors = errors
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self) -> str:
        line = self._lines.get(timeout=PATIENCE_SECONDS)
        assert line is not None, self.errors()
        return line

    def line_with(self, text: str) -> str:
        """Return the next line that has the text in it, and pass over those before."""
        while text not in (line := self.line()):
            pass
        return line

    def report(self) -> dict[str, Any]:
        """Return the next line's JSON document."""
        document: dict[str, Any] = json.loads(self.line())
        return document

    def lines_left(self) -> list[str]:
        """Return what is printed up to the end of the process."""
        return list(iter(lambda: self._lines.get(timeout=PATIENCE_SECONDS), None))

    def errors(self) -> str:
        return self._errors.read_text(encoding="utf-8")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def watching(
    folder: Path, *options: object, prefix: tuple[str, ...] = (), backend: str = "venv", **variables: str
) -> Iterator[Watch]:
    """Start the command and interrupt it at the end, where it still runs."""
    command = [*prefix, sys.executable, "-m", "harness", "validate", str(folder), "--watch", "--backend", backend]
    errors = folder.parent / f"{folder.name}-errors.txt"
    with (
        errors.open("w", encoding="utf-8") as to,
        subprocess.Popen(
            [*command, *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=to,
            text=True,
            encoding="utf-8",
            env={**os.environ, **variables},
        ) as process,
    ):
        watch = Watch(process, errors)
        try:
            yield watch
        finally:
            if process.poll() is None:
                watch.interrupt()


def failed(report: dict[str, Any]) -> list[str]:
    return [check["id"] for check in report["checks"] if check["status"] == "failed"]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
