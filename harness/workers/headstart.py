"""Start the worker that a task had last time while the harness itself is still loading.

A worker's imports take longer than anything else in a validation after an edit, and which ones it needs seldom
changes. So each run notes how its worker was started; the next run of the same folder begins with that, and takes the
worker over where the plan turns out to be the same. Where it does not, the early worker is ended unused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from harness.cache import cache_folder, make_folder

COMMAND = "validate"


class Recipe(Protocol):
    """What a worker is started with; equal recipes make equal workers."""

    def to_json_dict(self) -> dict[str, Any]: ...


class EarlyWorker(Protocol):
    """A worker that may turn out not to be wanted."""

    recipe: Any

    @property
    def is_alive(self) -> bool: ...
    def close(self) -> None: ...


_Worker = TypeVar("_Worker", bound=EarlyWorker)
_early: list[Callable[[], EarlyWorker]] = []


def begin(arguments: Sequence[str]) -> None:
    """Start a worker for the first task folder among the arguments of `validate`, where an earlier run left a note."""
    if not arguments or arguments[0] != COMMAND:
        return
    folder = next((Path(argument) for argument in arguments[1:] if Path(argument, "custom.py").is_file()), None)
    if folder is not None:
        prepare(folder)


def prepare(folder: Path) -> None:
    """Start the worker that the last run of a task folder had, where it left a note and none is waiting already."""
    if _early:
        return
    # A note that is missing, old or spoilt only costs the head start.
    with suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(_note_file(folder).read_text(encoding="utf-8"))
        _early.append(_STARTERS[note["kind"]](note["recipe"]))


def _start_process(document: dict[str, Any]) -> Callable[[], EarlyWorker]:
    from harness.workers.process import ProcessRecipe, WorkerProcess

    worker = WorkerProcess(ProcessRecipe.from_json(document))
    return lambda: worker


def _start_container(document: dict[str, Any]) -> Callable[[], EarlyWorker]:
    """Start it in a thread: most of the time the engine is at work."""
    from concurrent.futures import ThreadPoolExecutor

    from harness.workers.container import ContainerRecipe, ContainerWorker

    recipe = ContainerRecipe.from_json(document)
    pool = ThreadPoolExecutor(max_workers=1)
    starting = pool.submit(ContainerWorker, recipe)
    pool.shutdown(wait=False)
    return starting.result


_STARTERS = {"process": _start_process, "container": _start_container}


def take(kind: type[_Worker], recipe: Recipe) -> _Worker | None:
    """Return the early worker where it was started with the same recipe; end it where it was not.

    What is imported there and no longer wanted would hide that an import is missing; what is not imported there would
    be paid by every stage.
    """
    worker = _finished_start()
    if worker is None:
        return None
    if isinstance(worker, kind) and worker.recipe == recipe and worker.is_alive:
        return worker
    worker.close()
    return None


def drop() -> None:
    """End an early worker that nobody took."""
    worker = _finished_start()
    if worker is not None:
        worker.close()


def _finished_start() -> EarlyWorker | None:
    """Wait for the start; None where there is none, or where it failed: the plan's own start will tell why."""
    from harness.errors import HarnessError

    if not _early:
        return None
    with suppress(HarnessError, OSError):
        return _early.pop()()
    return None


def note(folder: Path, worker: EarlyWorker) -> None:
    """Note how the worker of this task folder was started."""
    kind = {"WorkerProcess": "process", "ContainerWorker": "container"}[type(worker).__name__]
    file = _note_file(folder)
    make_folder(file.parent)
    document = {"kind": kind, "recipe": cast("Recipe", worker.recipe).to_json_dict()}
    file.touch()
    # The task's environment variables are nobody else's business.
    file.chmod(0o600)
    file.write_text(json.dumps(document), encoding="utf-8")


def forget(folder: Path) -> None:
    """Remove the note of a task folder that is not run again."""
    _note_file(folder).unlink(missing_ok=True)


def _note_file(folder: Path) -> Path:
    digest = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:24]
    return cache_folder() / "headstart" / f"{digest}.json"
