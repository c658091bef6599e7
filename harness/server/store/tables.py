"""The schema. Ids are 24 hexadecimal digits; moments are UTC; the order of deletion is the database's business."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_ID = String(24)
_SHA256 = String(64)
_WORD = String(32)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, kept without its zone, which SQLite does not have."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.replace(tzinfo=UTC) if value else None


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        int: BigInteger,
        datetime: Moment,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        list[Any]: JSON,
    }


def _task() -> ForeignKey:
    return ForeignKey("custom_tasks.id", ondelete="CASCADE")


def _version() -> ForeignKey:
    return ForeignKey("task_versions.id", ondelete="CASCADE")


def _project() -> ForeignKey:
    return ForeignKey("projects.id", ondelete="CASCADE")


class Fact(Table):
    """A fact about the database itself: which data folder it belongs to."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(_WORD, primary_key=True)
    value: Mapped[str]


class User(Table):
    """Who may call. Of the token there is only its digest."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    token_sha256: Mapped[str] = mapped_column(_SHA256, unique=True)
    can_create_tasks: Mapped[bool]
    created: Mapped[datetime]


class PageSession(Table):
    """Somebody who has signed in to the pages. Of the secret in the browser's cookie there is only its digest."""

    __tablename__ = "page_sessions"

    secret_sha256: Mapped[str] = mapped_column(_SHA256, primary_key=True)
    user_id: Mapped[str] = mapped_column(_ID, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires: Mapped[datetime]


class CustomTask(Table):
    """latest_version_id: kept here because every list of tasks shows the latest version of each."""

    __tablename__ = "custom_tasks"
    __table_args__ = (Index(None, "created", "id"), Index(None, "updated", "id"))

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    language: Mapped[str]
    target_type: Mapped[str] = mapped_column(_WORD)
    calibrate_predictions: Mapped[bool]
    maximum_memory: Mapped[int | None]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    created_by: Mapped[str]
    latest_version_id: Mapped[str | None] = mapped_column(_ID)


class TaskRole(Table):
    """What a user may do with a task."""

    __tablename__ = "task_roles"

    task_id: Mapped[str] = mapped_column(_ID, _task(), primary_key=True)
    user_id: Mapped[str] = mapped_column(_ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(_WORD)
    can_share: Mapped[bool]


class TaskVersion(Table):
    """dependencies: the records of requirements.txt as JSON; required_metadata: the values by field name."""

    __tablename__ = "task_versions"
    __table_args__ = (UniqueConstraint("task_id", "version_major", "version_minor"),)

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    task_id: Mapped[str] = mapped_column(_ID, _task())
    version_major: Mapped[int]
    version_minor: Mapped[int]
    description: Mapped[str | None]
    created: Mapped[datetime]
    base_environment_id: Mapped[str | None]
    base_environment_version_id: Mapped[str | None]
    maximum_memory: Mapped[int | None]
    outbound_network_policy: Mapped[str] = mapped_column(_WORD)
    required_metadata: Mapped[dict[str, str]]
    is_frozen: Mapped[bool]
    dependencies: Mapped[list[Any]]
    warnings: Mapped[list[Any]]


class VersionItem(Table):
    """A file of a version; the content lies under its digest. position: its place among the files, from 0."""

    __tablename__ = "version_items"
    __table_args__ = (UniqueConstraint("version_id", "file_path"),)

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    version_id: Mapped[str] = mapped_column(_ID, _version())
    position: Mapped[int]
    file_path: Mapped[str]
    sha256: Mapped[str] = mapped_column(_SHA256, index=True)
    size_bytes: Mapped[int]
    created: Mapped[datetime]
    file_source: Mapped[str] = mapped_column(_WORD)
    commit_sha: Mapped[str | None]
    ref: Mapped[str | None]
    repository_file_path: Mapped[str | None]
    repository_location: Mapped[str | None]
    repository_name: Mapped[str | None]


class Job(Table):
    """Something to do that outlives the request that asked for it, and the server's death.

    kind: which of the jobs it is; subject: the id of what it is about, by kind. state: queued, running, done, failed or
    cancelled. message: why it failed. location: the path of what it made. attempts: how often it was begun.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "created"), Index(None, "kind", "subject"))

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    kind: Mapped[str] = mapped_column(_WORD)
    subject: Mapped[str]
    user_id: Mapped[str] = mapped_column(_ID)
    state: Mapped[str] = mapped_column(_WORD)
    payload: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    attempts: Mapped[int]
    message: Mapped[str | None]
    location: Mapped[str | None]


class DependencyBuild(Table):
    """The one build of a version; a new start replaces it. log_sha256: None until it is over. image: what it made."""

    __tablename__ = "dependency_builds"

    version_id: Mapped[str] = mapped_column(_ID, _version(), primary_key=True)
    job_id: Mapped[str] = mapped_column(_ID, unique=True)
    status: Mapped[str] = mapped_column(_WORD)
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
    log_sha256: Mapped[str | None] = mapped_column(_SHA256)
    image: Mapped[str | None] = mapped_column(index=True)


class Repository(Table):
    """A place that versions can be made from."""

    __tablename__ = "repositories"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(_WORD)
    location: Mapped[str]
    created: Mapped[datetime]


class Project(Table):
    """A data set, from `aim` on with a target.

    sha256: the file as it was uploaded; its name says in which format it is. columns: their names as a task sees them.
    stage: aim or modeling; a project without a target that is at modeling is an unsupervised one. class_labels: of a
    binary target the positive and the negative one, else empty. autopilot_mode: the number of the mode that was asked
    for. last_number: of the model jobs so far.
    """

    __tablename__ = "projects"
    __table_args__ = (Index(None, "user_id", "created"),)

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(_ID, ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    description: Mapped[str | None]
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(_SHA256)
    size_bytes: Mapped[int]
    row_count: Mapped[int]
    columns: Mapped[list[Any]]
    featurelist_id: Mapped[str] = mapped_column(_ID)
    created: Mapped[datetime]
    stage: Mapped[str] = mapped_column(_WORD)
    autopilot_mode: Mapped[int | None]
    target: Mapped[str | None]
    target_type: Mapped[str | None] = mapped_column(_WORD)
    class_labels: Mapped[list[Any]]
    metric: Mapped[str | None]
    last_number: Mapped[int]


class UserBlueprint(Table):
    """A blueprint of one custom task version. blueprint_id: 32 hexadecimal digits, what projects know it by."""

    __tablename__ = "user_blueprints"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    blueprint_id: Mapped[str] = mapped_column(_WORD, index=True)
    user_id: Mapped[str] = mapped_column(_ID, ForeignKey("users.id", ondelete="CASCADE"))
    task_id: Mapped[str] = mapped_column(_ID, ForeignKey("custom_tasks.id"), index=True)
    version_id: Mapped[str] = mapped_column(_ID, ForeignKey("task_versions.id"))
    model_type: Mapped[str]
    description: Mapped[str]
    created: Mapped[datetime]


class ProjectBlueprint(Table):
    """A blueprint in a project's menu, where it stays when the user blueprint goes."""

    __tablename__ = "project_blueprints"

    project_id: Mapped[str] = mapped_column(_ID, _project(), primary_key=True)
    blueprint_id: Mapped[str] = mapped_column(_WORD, primary_key=True)
    task_id: Mapped[str] = mapped_column(_ID, _task(), index=True)
    version_id: Mapped[str] = mapped_column(_ID, _version())
    model_type: Mapped[str]
    created: Mapped[datetime]


class Model(Table):
    """A blueprint trained in a project, from the request on. number: the id of its model job, counted by project.

    status: as model jobs spell it: queue, inprogress, error, COMPLETED, ABORTED. seen: the job was looked at once.
    message: why the training failed. report_sha256: the page that shows the training. A task that is deleted takes the
    models along that failed or were cancelled; others keep it from being deleted.
    """

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(_ID, _project())
    number: Mapped[int]
    job_id: Mapped[str] = mapped_column(_ID, unique=True)
    blueprint_id: Mapped[str] = mapped_column(_WORD)
    task_id: Mapped[str] = mapped_column(_ID, _task(), index=True)
    version_id: Mapped[str] = mapped_column(_ID, _version())
    model_type: Mapped[str]
    sample_pct: Mapped[float]
    featurelist_id: Mapped[str] = mapped_column(_ID)
    created: Mapped[datetime]
    status: Mapped[str] = mapped_column(_WORD)
    seen: Mapped[bool]
    message: Mapped[str | None]
    metrics: Mapped[dict[str, Any]]
    logs_sha256: Mapped[str | None] = mapped_column(_SHA256)
    artifact_sha256: Mapped[str | None] = mapped_column(_SHA256)
    report_sha256: Mapped[str | None] = mapped_column(_SHA256)
