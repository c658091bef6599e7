"""Start the worker that a task had last time while the harness itself is still loading.

A worker's imports take longer than anything else in a validation after an edit, and which ones it needs seldom
changes. So each run notes how its worker was started; the next run of the same folder begins with that, and takes the
worker over where the plan turns out to be the same. Where it does not, the early worker is ended unused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.cache import cache_folder, make_folder
from harness.local_worker.process import WorkerProcess
from harness.local_worker.sandbox import Sandbox
from harness.vocabulary import NetworkPolicy

COMMAND = "validate"
_early: list[WorkerProcess] = []


def begin(arguments: Sequence[str]) -> None:
    """Start a worker for the first task folder among the arguments of `validate`, where an earlier run left a note."""
    if not arguments or arguments[0] != COMMAND:
        return
    folder = next((Path(argument) for argument in arguments[1:] if Path(argument, "custom.py").is_file()), None)
    if folder is None:
        return
    # A note that is missing, old or spoilt only costs the head start.
    with suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(_note_file(folder).read_text(encoding="utf-8"))
        python = Path(note["python"])
        if python.is_relative_to(cache_folder()) and python.exists():
            sandbox = Sandbox(tuple(note["sandbox"]), bool(note["withoutNetwork"]))
            _early.append(WorkerProcess(python, note["preload"], sandbox, NetworkPolicy(note["network"])))


def take(python: Path, preload: Sequence[str], network: NetworkPolicy) -> WorkerProcess | None:
    """Return the early worker where it was started with the same; end it where it was not.

    preload: what is imported there and no longer here would hide that an import is missing; what is not imported there
    would be paid by every stage.
    """
    if not _early:
        return None
    worker = _early.pop()
    started_with = (worker.python, worker.preload, worker.network)
    if worker.is_alive and started_with == (python, tuple(preload), network):
        return worker
    worker.close()
    return None


def drop() -> None:
    """End an early worker that nobody took."""
    while _early:
        _early.pop().close()


def note(folder: Path, python: Path, preload: Sequence[str], sandbox: Sandbox, network: NetworkPolicy) -> None:
    """Note how the worker of this task folder is started."""
    document = {
        "python": str(python),
        "preload": list(preload),
        "sandbox": sandbox.prefix,
        "withoutNetwork": sandbox.without_network,
        "network": network.value,
    }
    file = _note_file(folder)
    make_folder(file.parent)
    file.write_text(json.dumps(document), encoding="utf-8")


def _note_file(folder: Path) -> Path:
    digest = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:24]
    return cache_folder() / "headstart" / f"{digest}.json"
