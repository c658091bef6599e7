"""Runs the worker as the host does: a process, two lines in, events and files out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

WORKER = Path(__file__).parents[2] / "harness" / "worker"
PYTHONS = ("this-python", "oldest-python")
# What was current when Python 3.8 was; later Pythons get what is current for them.
OLD_PACKAGES = {"3.8": ["numpy==1.20.3", "pandas==1.3.5", "scipy==1.7.3", "scikit-learn==1.0.2"]}
NEW_PACKAGES = ["numpy", "pandas", "scipy", "scikit-learn"]

NUMBERS = "a,b\n1,2\n2,1\n3,5\n4,3\n5,9\n6,1\n"
TARGET = "target\n1.5\n2.5\n3.5\n4.5\n5.5\n6.5\n"
YES_NO = "target\nyes\nno\nyes\nno\nyes\nno\n"
WHOLE = {"id": "whole", "rows": None, "edit": None}
FIT = {"name": "fit", "kind": "fit", "timeoutSeconds": 60}


def score(*requests: dict[str, Any], name: str = "predict", **settings: Any) -> dict[str, Any]:
    """Describe a scoring stage with these requests, all rows at once where none are given."""
    return {"name": name, "kind": "score", "timeoutSeconds": 60, "requests": list(requests or (WHOLE,)), **settings}


@cache
def interpreter(name: str) -> str:
    """Return the Python of this environment, or one in a new environment on the oldest Python of this machine."""
    if name == "this-python":
        return sys.executable
    version, base = _oldest_base()
    folder = Path(os.environ["HARNESS_CACHE_DIR"]) / "oldest-python"
    subprocess.run([_uv(), "venv", "--quiet", "--python", base, str(folder)], check=True)
    python = str(folder / "bin" / "python")
    packages = OLD_PACKAGES.get(version, NEW_PACKAGES)
    subprocess.run([_uv(), "pip", "install", "--quiet", "--python", python, *packages], check=True)
    return python


def _uv() -> str:
    from uv import find_uv_bin

    return find_uv_bin()


def _oldest_base() -> tuple[str, str]:
    for minor in range(8, sys.version_info.minor):
        version = f"3.{minor}"
        known = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        candidates = [*map(str, sorted(known.glob(version + ".*/bin/python"))), shutil.which("python" + version) or ""]
        for candidate in candidates:
            if candidate and _version_of(candidate) == version:
                return version, candidate
    return f"3.{sys.version_info.minor}", sys.executable


def _version_of(python: str) -> str:
    asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


@dataclass
class Run:
    """What a run left: the events in order, and the folders."""

    folder: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int = 0

    @property
    def ready(self) -> dict[str, Any]:
        return self.events[0]

    @property
    def statuses(self) -> dict[str, str]:
        return {event["name"]: event["status"] for event in self.events if event["event"] == "stageEnded"}

    @property
    def artifact(self) -> Path:
        return self.folder / "artifact"

    def stage(self, name: str) -> dict[str, Any]:
        return self._json(name, "stage.json")

    def result(self, name: str) -> dict[str, Any]:
        return self._json(name, "result.json")

    def error(self, name: str) -> dict[str, Any]:
        error = self.result(name)["error"]
        assert error is not None
        return dict(error)

    def log(self, name: str) -> str:
        return (self.folder / "output" / name / "log.txt").read_text()

    def request(self, identifier: str, stage: str = "predict") -> dict[str, Any]:
        return next(entry for entry in self.result(stage)["requests"] if entry["id"] == identifier)

    def output(self, identifier: str = "whole", stage: str = "predict") -> dict[str, Any]:
        output = self.request(identifier, stage)["output"]
        assert output is not None
        return dict(output)

    def file(self, name: str, stage: str = "predict") -> Path:
        return self.folder / "output" / stage / name

    def numbers(self, identifier: str = "whole", stage: str = "predict") -> list[list[float]]:
        """Return the rows of the numeric columns."""
        name = self.output(identifier, stage)["numbers"]
        rows: list[list[float]] = np.load(self.file(name, stage)).tolist()
        return rows

    def hashes(self, identifier: str = "whole", stage: str = "predict") -> list[list[int]]:
        rows: list[list[int]] = np.load(self.file(self.output(identifier, stage)["hashes"], stage)).tolist()
        return rows

    def _json(self, stage: str, name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "output" / stage / name).read_text())
        return document


class Worker:
    """A worker that has been started and is ready, in folders below `folder`."""

    def __init__(
        self,
        folder: Path,
        python: str,
        preload: tuple[str, ...] = (),
        variables: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.run = Run(folder)
        for name in ("code", "input", "artifact", "output", "home", "tmp"):
            (folder / name).mkdir(parents=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        own = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
        with (folder / "stderr.txt").open("wb") as errors:
            self.process = subprocess.Popen(
                [*prefix, interpreter(python), "-u", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**kept, **own, **(variables or {})},
            )
        self.send({"protocolVersion": 1, "preload": list(preload)})

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def send(self, document: dict[str, Any]) -> None:
        self.stdin.write(json.dumps(document).encode() + b"\n")
        self.stdin.flush()

    def next_event(self) -> dict[str, Any]:
        """Return the next event and keep it; empty at the end."""
        line = self.stdout.readline()
        event: dict[str, Any] = json.loads(line) if line else {}
        if event:
            self.run.events.append(event)
        return event

    def finish(self) -> Run:
        """Read to the end of the events and wait for the process."""
        while self.next_event():
            pass
        self.stdin.close()
        self.stdout.close()
        self.run.exit_code = self.process.wait(30)
        return self.run


def job(folder: Path, stages: list[dict[str, Any]], **settings: Any) -> dict[str, Any]:
    """Return a job on these folders; regression unless `settings` say otherwise."""
    return {
        "codeDirectory": str(folder / "code"),
        "inputDirectory": str(folder / "input"),
        "artifactDirectory": str(folder / "artifact"),
        "modelDirectory": str(folder / "model"),
        "outputDirectory": str(folder / "output"),
        "targetType": "regression",
        "dataFormat": "csv",
        "classLabels": None,
        "parameters": {},
        "secretsDirectory": None,
        "memoryBytes": 2 * 1024**3,
        "stages": stages,
        **settings,
    }


def start(
    folder: Path,
    custom: str,
    *stages: dict[str, Any],
    python: str = "this-python",
    preload: tuple[str, ...] = (),
    variables: dict[str, str] | None = None,
    prefix: tuple[str, ...] = (),
    inputs: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
    secrets: dict[str, Any] | None = None,
    **settings: Any,
) -> Worker:
    """Write a task and its data, start a worker on them and send it the job."""
    worker = Worker(folder, python, preload, variables, prefix)
    data = {"X.csv": NUMBERS, "y.csv": TARGET} if inputs is None else inputs
    for place, texts in (("input", data), ("code", {"custom.py": custom, **(files or {})})):
        for name, text in texts.items():
            path = folder / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
    if secrets is not None:
        (folder / "secrets").mkdir()
        settings["secretsDirectory"] = str(folder / "secrets")
        for name, document in secrets.items():
            (folder / "secrets" / name).write_text(json.dumps(document))
    worker.next_event()
    worker.send(job(folder, list(stages) or [FIT, score()], **settings))
    return worker


def run_task(folder: Path, custom: str, *stages: dict[str, Any], **settings: Any) -> Run:
    """Run a task to its end; without stages a fit and a prediction of all rows. Options as for `start`."""
    return start(folder, custom, *stages, **settings).finish()
