"""All that a running server consists of, opened once and closed once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakValueDictionary

from harness.server.contents import Contents
from harness.server.environments import Environments
from harness.server.job_queue import JobQueue
from harness.server.settings import ServerSettings
from harness.server.store.database import Database, open_database

CONTENTS = "contents"
WORK = "work"


class Turns:
    """Lets one after the other do what is about the same thing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    @contextmanager
    def of(self, subject: str) -> Iterator[None]:
        """Wait until nobody else is at this subject, and be the only one while the block runs."""
        with self._lock:
            turn = self._of.setdefault(subject, _Turn())
        with turn.lock:
            yield


class _Turn:
    def __init__(self) -> None:
        self.lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ServerState:
    """What routes and jobs work with. new_versions: whose turn it is to make a version of a task."""

    settings: ServerSettings
    database: Database
    contents: Contents
    environments: Environments
    queue: JobQueue
    new_versions: Turns = field(default_factory=Turns)

    @property
    def work_folder(self) -> Path:
        """Return where jobs keep their copies of files."""
        return self.settings.data_folder / WORK


@contextmanager
def open_state(settings: ServerSettings) -> Iterator[ServerState]:
    """Open all of it; jobs begin when `queue.start` is called, and end when the block does."""
    environments = Environments(settings.environments)
    with (
        closing(open_database(settings.data_folder, settings.database_url)) as database,
        Contents(settings.data_folder / CONTENTS) as contents,
    ):
        queue = JobQueue(database, settings.jobs)
        try:
            yield ServerState(settings, database, contents, environments, queue)
        finally:
            queue.stop()
