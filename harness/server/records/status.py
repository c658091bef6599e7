"""How an asynchronous job stands, on the wire. Source: what the platform's client waits for."""

from __future__ import annotations

from enum import StrEnum

from harness.server.records.common import Answer, Id, Moment


class JobStatus(StrEnum):
    """COMPLETED comes with status 303 and the place of what was made."""

    INITIALIZED = "INITIALIZED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    ABORTED = "ABORTED"


class Status(Answer):
    """message: why it failed; code: 1 then, else 0."""

    status_id: Id
    status: JobStatus
    message: str
    code: int
    created: Moment
