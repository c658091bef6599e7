"""Dependency builds: one a version, which a new start replaces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from harness.records import BuildStatus
from harness.server import times
from harness.server.errors import Conflict, Invalid
from harness.server.store import jobs
from harness.server.store.tables import DependencyBuild, TaskVersion

KIND = "dependencyBuild"
NOT_STARTED = "The dependency build has not started."
_UNDER_WAY = (BuildStatus.SUBMITTED, BuildStatus.PROCESSING)


def get_build(session: Session, version_id: str) -> DependencyBuild:
    """Return a version's build; raises Invalid where it was never started, or was cancelled."""
    build = session.get(DependencyBuild, version_id)
    if build is None:
        raise Invalid(NOT_STARTED)
    return build


def start_build(session: Session, version: TaskVersion, user_id: str) -> DependencyBuild:
    """Put a build of the version's dependencies into the queue; one that is under way is returned as it is.

    Raises Invalid where there is nothing to build.
    """
    if not version.dependencies:
        raise Invalid("There is nothing to build: the version has no requirements.txt with dependencies.")
    build = session.get(DependencyBuild, version.id, with_for_update=True)
    if build is not None and build.status in _UNDER_WAY:
        return build
    job = jobs.add_job(session, KIND, version.id, user_id)
    values = {"job_id": job.id, "status": BuildStatus.SUBMITTED, "started": job.created, "ended": None}
    if build is None:
        build = DependencyBuild(version_id=version.id, log_sha256=None, **values)
        session.add(build)
    else:
        for name, value in values.items():
            setattr(build, name, value)
        build.log_sha256 = None
    session.flush()
    return build


def note_processing(session: Session, version_id: str, job_id: str) -> TaskVersion | None:
    """Note that the build has begun, and return its version; None where that is gone, or is built by another job."""
    build = session.get(DependencyBuild, version_id)
    if build is None or build.job_id != job_id:
        return None
    build.status = BuildStatus.PROCESSING
    return session.get(TaskVersion, version_id)


def end_build(
    session: Session,
    version_id: str,
    job_id: str,
    *,
    succeeded: bool,
    log_sha256: str | None,
    ended: datetime,
    image: str | None = None,
) -> None:
    """Note how a build ended, where it is still wanted."""
    build = session.get(DependencyBuild, version_id)
    if build is not None and build.job_id == job_id:
        build.status = BuildStatus.SUCCESS if succeeded else BuildStatus.FAILED
        build.log_sha256, build.ended, build.image = log_sha256, ended, image


def note_failure(session: Session, version_id: str, log_sha256: str | None) -> None:
    """Note that the build failed for a reason outside of its log."""
    build = session.get(DependencyBuild, version_id)
    if build is not None and build.status in _UNDER_WAY:
        build.status, build.log_sha256, build.ended = BuildStatus.FAILED, log_sha256, times.now()


def note_submitted(session: Session, version_id: str) -> None:
    """Note that the build waits again."""
    build = session.get(DependencyBuild, version_id)
    if build is not None:
        build.status = BuildStatus.SUBMITTED


def cancel_build(session: Session, version_id: str) -> str:
    """Forget a build that is under way, as if it had never started; return its job, which is to be ended.

    Raises Conflict where it is over, Invalid where it was never started.
    """
    build = get_build(session, version_id)
    if build.status not in _UNDER_WAY:
        raise Conflict(f"The dependency build is over ({build.status}) and cannot be cancelled.")
    jobs.cancel_job(session, build.job_id)
    session.delete(build)
    session.flush()
    return build.job_id


def cancel_builds(session: Session, task_id: str) -> list[str]:
    """Forget every build of a task that is under way; return their jobs, which are to be ended."""
    chosen = (
        select(DependencyBuild.version_id)
        .join(TaskVersion)
        .where(TaskVersion.task_id == task_id, DependencyBuild.status.in_(_UNDER_WAY))
    )
    return [cancel_build(session, version_id) for version_id in session.scalars(chosen).all()]


def images_of(session: Session, task_id: str) -> list[str]:
    """Return the names of the images that builds of a task's versions made."""
    chosen = select(DependencyBuild.image).join(TaskVersion).where(TaskVersion.task_id == task_id)
    return [image for image in session.scalars(chosen.distinct()) if image]


def is_image_used(session: Session, image: str) -> bool:
    """Return whether a build of any version that is there made this image."""
    return session.scalar(select(DependencyBuild.version_id).where(DependencyBuild.image == image).limit(1)) is not None
