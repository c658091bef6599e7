"""Which kinds of jobs there are."""

from __future__ import annotations

from harness.server.job_queue import JobKind
from harness.server.jobs.builds import build_kind
from harness.server.jobs.imports import KIND as IMPORT
from harness.server.jobs.imports import import_kind
from harness.server.jobs.sweeping import KIND as SWEEP
from harness.server.jobs.sweeping import sweep_kind
from harness.server.jobs.trainings import training_kind
from harness.server.state import ServerState
from harness.server.store import builds, trainings


def job_kinds(state: ServerState) -> dict[str, JobKind]:
    """Return what each kind of job does on this server, by its name in the database."""
    return {
        builds.KIND: build_kind(state),
        trainings.KIND: training_kind(state),
        IMPORT: import_kind(state),
        SWEEP: sweep_kind(state),
    }
