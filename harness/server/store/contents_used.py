"""Which file contents something still refers to."""

from __future__ import annotations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from harness.server.store.tables import DependencyBuild, Model, Project, VersionItem

_REFERENCES = (
    VersionItem.sha256,
    DependencyBuild.log_sha256,
    Project.sha256,
    Model.logs_sha256,
    Model.artifact_sha256,
    Model.report_sha256,
)


def used_contents(session: Session) -> set[str]:
    """Return the digests of all contents that are files of versions or projects, logs, artifacts or reports."""
    return set(session.scalars(union(*(select(column).where(column.is_not(None)) for column in _REFERENCES))))
