"""Where builds and runs happen: one small Protocol, a module a backend, a dict from name to function."""

from __future__ import annotations

from collections.abc import Callable

from harness.backends.base import Backend, Job, Worker
from harness.backends.venv import VenvBackend
from harness.errors import BackendUnavailable
from harness.tasks.model import Task

__all__ = ["AUTO", "BACKENDS", "Backend", "Job", "Worker", "open_backend", "refuse_other_languages"]

AUTO = "auto"
BACKENDS: dict[str, Callable[[], Backend]] = {"venv": VenvBackend}


def open_backend(name: str) -> Backend:
    """Return the backend of that name; `auto` takes the most faithful one that this machine has.

    Raises BackendUnavailable where there is none of that name.
    """
    if name == AUTO:
        return VenvBackend()
    if name not in BACKENDS:
        raise BackendUnavailable(
            f"the backend {name!r} is not available", remedy=f"Use --backend {' or '.join((AUTO, *BACKENDS))}."
        )
    return BACKENDS[name]()


def refuse_other_languages(task: Task, backend: Backend) -> None:
    """Raise BackendUnavailable for a task that this backend can neither build nor run."""
    if task.language != "python":
        raise BackendUnavailable(
            f"the {backend.name} backend builds and runs Python tasks only",
            file=str(task.folder / task.code_file),
            remedy="Judge its requirements with 'harness deps'.",
        )
