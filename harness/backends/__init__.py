"""Where builds and runs happen: one small Protocol, a module a backend, a dict from name to function."""

from __future__ import annotations

from collections.abc import Callable

from harness.backends.base import Backend, Job, Worker
from harness.backends.cancellation import Cancellation
from harness.docker_presence import refuse_without_engine
from harness.errors import BackendUnavailable
from harness.progress import Progress, Silent
from harness.tasks.model import Task

__all__ = ["AUTO", "BACKENDS", "Backend", "Cancellation", "Job", "Worker", "open_backend", "refuse_other_languages"]

AUTO = "auto"
LESS_FAITHFUL = "The venv backend is used: it has this machine's system libraries in place of the image's."


def _docker() -> Backend:
    refuse_without_engine()
    from harness.backends.docker import DockerBackend

    return DockerBackend()


def _venv() -> Backend:
    from harness.backends.venv import VenvBackend

    return VenvBackend()


BACKENDS: dict[str, Callable[[], Backend]] = {"docker": _docker, "venv": _venv}


def open_backend(name: str, progress: Progress | None = None) -> Backend:
    """Return the backend of that name; `auto` takes Docker where an engine answers, else venv, and tells so.

    Raises BackendUnavailable where there is none of that name, or it cannot be used.
    """
    if name == AUTO:
        try:
            return BACKENDS["docker"]()
        except BackendUnavailable as unavailable:
            (progress or Silent()).note(f"{unavailable.finding.message}. {LESS_FAITHFUL}")
            return BACKENDS["venv"]()
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
