"""Task versions: their numbers, files and metadata."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from harness.records import Dependency, NetworkPolicy
from harness.server import ids, times
from harness.server.errors import Invalid, NotFound
from harness.server.ids import is_id
from harness.server.records.common import RequiredMetadataValue
from harness.server.records.versions import LOCAL, Item, Version
from harness.server.store.tables import CustomTask, TaskVersion, VersionItem
from harness.server.uploads.paths import PathsRefused, check_paths

VERSION_NOT_FOUND = "Custom task version not found."


@dataclass(frozen=True, slots=True)
class NewItem:
    """A file for a version. What begins with repository, commit_sha and ref: None for files that were uploaded."""

    file_path: str
    sha256: str
    size_bytes: int
    file_source: str = LOCAL
    commit_sha: str | None = None
    ref: str | None = None
    repository_file_path: str | None = None
    repository_location: str | None = None
    repository_name: str | None = None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """All that a new version is made of. items: the files sent, and those kept from the version before."""

    is_major: bool
    base_environment_id: str
    base_environment_version_id: str
    maximum_memory: int | None
    outbound_network_policy: NetworkPolicy
    required_metadata: Mapping[str, str]
    items: Sequence[NewItem | VersionItem]
    dependencies: list[Any] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def get_version(session: Session, task_id: str, version_id: str) -> TaskVersion:
    """Return a version of that task; raises NotFound, also for a version of another task."""
    version = session.get(TaskVersion, version_id) if is_id(version_id) else None
    if version is None or version.task_id != task_id:
        raise NotFound(VERSION_NOT_FOUND)
    return version


def latest_version(session: Session, task: CustomTask) -> TaskVersion | None:
    return session.get(TaskVersion, task.latest_version_id) if task.latest_version_id else None


def items_of(session: Session, version_id: str) -> Sequence[VersionItem]:
    """Return a version's files in the order in which they came."""
    chosen = select(VersionItem).where(VersionItem.version_id == version_id).order_by(VersionItem.position)
    return session.scalars(chosen).all()


def list_versions(session: Session, task_id: str, *, offset: int, limit: int) -> tuple[list[Version], int]:
    """Return one page of a task's versions, the latest first, and how many there are."""
    mine = TaskVersion.task_id == task_id
    total = session.scalar(select(func.count()).where(mine)) or 0
    order = (TaskVersion.version_major.desc(), TaskVersion.version_minor.desc())
    chosen = session.scalars(select(TaskVersion.id).where(mine).order_by(*order).offset(offset).limit(limit)).all()
    records = read_versions(session, chosen)
    return [records[version_id] for version_id in chosen], total


def read_version(session: Session, version_id: str) -> Version:
    return read_versions(session, [version_id])[version_id]


def read_versions(session: Session, version_ids: Sequence[str]) -> dict[str, Version]:
    """Return the records of versions by id: two queries, however many there are."""
    # Rows in place of objects: a page of tasks has thousands of files.
    items = VersionItem.__table__.c
    files: dict[str, list[Item]] = defaultdict(list)
    for row in session.execute(
        select(*items).where(items.version_id.in_(version_ids)).order_by(items.version_id, items.position)
    ):
        files[row.version_id].append(_item(row))
    versions = session.execute(select(*TaskVersion.__table__.c).where(TaskVersion.id.in_(version_ids)))
    return {row.id: _version(row, files[row.id]) for row in versions}


def create_version(session: Session, task: CustomTask, new: NewVersion) -> TaskVersion:
    """Add a version under the next number and make it the task's latest. The caller holds the task's row."""
    before = latest_version(session, task)
    major, minor = next_number((before.version_major, before.version_minor) if before else None, is_major=new.is_major)
    moment = times.now()
    version = TaskVersion(
        id=ids.new_id(),
        task_id=task.id,
        version_major=major,
        version_minor=minor,
        description=None,
        created=moment,
        base_environment_id=new.base_environment_id,
        base_environment_version_id=new.base_environment_version_id,
        maximum_memory=new.maximum_memory,
        outbound_network_policy=new.outbound_network_policy,
        required_metadata=dict(new.required_metadata),
        is_frozen=False,
        dependencies=new.dependencies,
        warnings=new.warnings,
    )
    session.add(version)
    session.flush()
    session.add_all(_new_item(version.id, place, item, moment) for place, item in enumerate(new.items))
    task.latest_version_id = version.id
    task.updated = moment
    session.flush()
    return version


def next_number(before: tuple[int, int] | None, *, is_major: bool) -> tuple[int, int]:
    """Return the number that follows the latest version's: 1.0, 1.1, 2.0. A first minor version is 0.1."""
    major, minor = before or (0, 0)
    return (major + 1, 0) if is_major else (major, minor + 1)


def merge_items(
    before: Iterable[VersionItem], sent: Iterable[NewItem], delete: Iterable[str] = ()
) -> list[NewItem | VersionItem]:
    """Return a version's files: those of the version before less the deleted, and those sent, which replace by path.

    delete: ids of items. Raises Invalid for one that is no item of the version before, and where a path would be a
    file and a folder at once.
    """
    kept = {item.id: item for item in before}
    unknown = [item_id for item_id in delete if item_id not in kept]
    if unknown:
        errors = {"filesToDelete": f"no files of the latest version: {', '.join(unknown[:5])}"}
        raise Invalid("Invalid request.", errors=errors)
    for item_id in set(delete):
        del kept[item_id]
    merged: dict[str, NewItem | VersionItem] = {item.file_path: item for item in kept.values()}
    merged.update((item.file_path, item) for item in sent)
    try:
        check_paths(merged)
    except PathsRefused as refused:
        raise Invalid("These files cannot lie beside each other.", errors=dict(refused.problems)) from refused
    return list(merged.values())


def _new_item(version_id: str, place: int, item: NewItem | VersionItem, moment: datetime) -> VersionItem:
    return VersionItem(
        id=ids.new_id(),
        version_id=version_id,
        position=place,
        file_path=item.file_path,
        sha256=item.sha256,
        size_bytes=item.size_bytes,
        created=item.created if isinstance(item, VersionItem) else moment,
        file_source=item.file_source,
        commit_sha=item.commit_sha,
        ref=item.ref,
        repository_file_path=item.repository_file_path,
        repository_location=item.repository_location,
        repository_name=item.repository_name,
    )


def _item(row: Any) -> Item:
    return Item(
        id=row.id,
        file_name=PurePosixPath(row.file_path).name,
        file_path=row.file_path,
        file_source=row.file_source,
        created=row.created,
        commit_sha=row.commit_sha,
        ref=row.ref,
        repository_file_path=row.repository_file_path,
        repository_location=row.repository_location,
        repository_name=row.repository_name,
    )


def _version(row: Any, items: list[Item]) -> Version:
    return Version(
        id=row.id,
        custom_task_id=row.task_id,
        custom_model_id=row.task_id,
        created=row.created,
        description=row.description,
        label=f"{row.version_major}.{row.version_minor}",
        version_major=row.version_major,
        version_minor=row.version_minor,
        is_frozen=row.is_frozen,
        base_environment_id=row.base_environment_id,
        base_environment_version_id=row.base_environment_version_id,
        maximum_memory=row.maximum_memory,
        outbound_network_policy=NetworkPolicy(row.outbound_network_policy),
        required_metadata=row.required_metadata,
        required_metadata_values=[
            RequiredMetadataValue(field_name=name, value=value) for name, value in row.required_metadata.items()
        ],
        dependencies=[Dependency.model_validate(dependency) for dependency in row.dependencies],
        items=items,
        warning=row.warnings,
    )
