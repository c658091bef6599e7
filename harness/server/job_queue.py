"""Threads that take jobs from the database, one after the other, until they are told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError
from harness.findings import Finding
from harness.server.errors import ApiError
from harness.server.store import jobs
from harness.server.store.database import Database
from harness.server.store.tables import Job

_log = logging.getLogger(__name__)
# How long a shutdown waits for what it has cancelled; what takes longer is begun again by the next server.
PATIENCE_SECONDS = 20
# What could not be written is tried again so much later.
RETRY_SECONDS = 2.0
_T = TypeVar("_T")
BROKE_DOWN = "The server could not do this, by a fault of its own; its log tells more."


@dataclass(frozen=True, slots=True)
class Work:
    """A job that is being done. cancellation: somebody does not want it any more, or the server shuts down."""

    job_id: str
    subject: str
    user_id: str
    payload: Mapping[str, Any]
    cancellation: Cancellation


@dataclass(frozen=True, slots=True)
class JobKind:
    """What one kind of job does.

    do: does it and returns the path of what it made; an error that it raises is why it failed.
    failed: notes a failure in the record that the job is about, in the given session. begun_again: likewise, that it
    is queued once more.
    """

    do: Callable[[Work], str | None]
    failed: Callable[[Any, str, str], None]
    begun_again: Callable[[Any, str], None]


def _told(finding: Finding) -> str:
    """Return an error as a sentence, with the remedy as another."""
    text = str(replace(finding, remedy=""))
    return f"{text}{'' if text.endswith(('.', '!', '?')) else '.'} {finding.remedy}".rstrip()


def nothing_to_note(_session: Any, _subject: str, _message: str = "") -> None:
    """Leave it at the job's own state: no other record waits for this."""


@dataclass(slots=True)
class JobQueue:
    """The jobs of one server. They outlive it: what was running when it died is begun again by the next one."""

    database: Database
    threads: int
    _kinds: dict[str, JobKind] = field(default_factory=dict)
    _wanted: threading.Condition = field(default_factory=threading.Condition)
    _running: dict[str, Cancellation] = field(default_factory=dict)
    _workers: list[threading.Thread] = field(default_factory=list)
    _stopping: bool = False
    _news: bool = False

    def start(self, kinds: Mapping[str, JobKind]) -> None:
        """Take up what an earlier server left, and begin."""
        self._kinds.update(kinds)
        with self.database.write() as session:
            again, given_up = jobs.interrupted_jobs(session)
            for job in again:
                self._kinds[job.kind].begun_again(session, job.subject)
            for job in given_up:
                self._kinds[job.kind].failed(session, job.subject, job.message or "")
        for number in range(self.threads):
            worker = threading.Thread(target=self._work, name=f"jobs-{number}", daemon=True)
            self._workers.append(worker)
            worker.start()

    def wake(self) -> None:
        """Tell the threads that there is a new job; call it after the transaction that added it."""
        with self._wanted:
            self._news = True
            self._wanted.notify()

    def cancel(self, job_id: str) -> None:
        """End a job that runs; call it after the transaction that marked it as cancelled."""
        with self._wanted:
            cancellation = self._running.get(job_id)
        if cancellation is not None:
            cancellation.cancel()

    def stop(self) -> None:
        """End the jobs that run, to be begun again by the next server, and wait until they have ended."""
        with self._wanted:
            self._stopping = True
            running = list(self._running.values())
            self._wanted.notify_all()
        for cancellation in running:
            cancellation.cancel()
        for worker in self._workers:
            worker.join(PATIENCE_SECONDS)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._do(job)

    def _next(self) -> Job | None:
        """Return the next job as soon as there is one; None when the server stops."""
        while True:
            with self._wanted:
                if self._stopping:
                    return None
                self._news = False
            job = self._persist(self._take)
            if job is not None:
                return job
            with self._wanted:
                self._wanted.wait_for(lambda: self._stopping or self._news)

    def _take(self) -> Job | None:
        with self.database.write() as session:
            job = jobs.take_next(session)
        if job is not None:
            with self._wanted:
                self._running[job.id] = Cancellation()
                # Where more than one has come, the others are not to sleep.
                self._news = True
                self._wanted.notify()
        return job

    def _do(self, job: Job) -> None:
        with self._wanted:
            cancellation = self._running[job.id]
            if self._stopping:
                cancellation.cancel()
        message = location = None
        try:
            kind = self._kinds[job.kind]
            with self.database.read() as session:
                # Cancelled after it was taken, and before there was something to cancel.
                if not jobs.is_running(session, job.id):
                    cancellation.cancel()
            location = kind.do(Work(job.id, job.subject, job.user_id, job.payload, cancellation))
        except HarnessError as error:
            message = _told(error.finding)
        except ApiError as error:
            message = " ".join([error.message, *error.details])
        except Exception:  # noqa: BLE001 - a fault in one job must not end the others
            _log.exception("the job %s (%s) broke down", job.id, job.kind)
            message = BROKE_DOWN
        finally:
            with self._wanted:
                del self._running[job.id]
        self._persist(lambda: self._end(job, cancellation, message, location))

    def _end(self, job: Job, cancellation: Cancellation, message: str | None, location: str | None) -> None:
        with self.database.write() as session:
            if cancellation.requested and self._stopping and message is not None:
                jobs.requeue(session, job.id)
            elif message is None:
                jobs.end_job(session, job.id, jobs.DONE, location=location)
            elif jobs.end_job(session, job.id, jobs.FAILED, message=message):
                self._kinds[job.kind].failed(session, job.subject, message)

    def _persist(self, write: Callable[[], _T]) -> _T | None:
        """Return what `write` returns, tried again for as long as it cannot be written; None when the server stops.

        A full disk or a database that is away must not end the threads, nor leave a job as it is for ever.
        """
        is_told = False
        while True:
            try:
                return write()
            except Exception as error:  # noqa: BLE001 - whatever keeps it from being written
                if not is_told:
                    reason = next(iter(str(error).splitlines()), type(error).__name__)
                    _log.warning("the queue of jobs cannot be written, and is tried again: %s", reason)
                is_told = True
            with self._wanted:
                if self._wanted.wait_for(lambda: self._stopping, RETRY_SECONDS):
                    return None
