"""All that a running server consists of, opened once and closed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.server.contents import Contents
from harness.server.environments import Environments
from harness.server.job_queue import JobQueue
from harness.server.settings import ServerSettings
from harness.server.store.database import Database, open_database

CONTENTS = "contents"
WORK = "work"


@dataclass(frozen=True, slots=True)
class ServerState:
    """What routes and jobs work with."""

    settings: ServerSettings
    database: Database
    contents: Contents
    environments: Environments
    queue: JobQueue

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
