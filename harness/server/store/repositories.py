"""Remote repositories: places that versions can be made from."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from harness.errors import HarnessError
from harness.server import ids, times
from harness.server.ids import is_id
from harness.server.records.environments import RemoteRepository
from harness.server.sources import describe_location, without_credentials
from harness.server.store.tables import Repository


def add_repository(session: Session, name: str, location: str) -> Repository:
    """Add a repository: a git URL, a folder with or without git, or an archive.

    Raises HarnessError where the name is taken, or the location is none of these.
    """
    if not name.strip() or not name.isprintable():
        raise HarnessError(f"{name!r} cannot be a repository's name", remedy="Give a name that can be read.")
    if session.scalar(select(Repository.id).where(Repository.name == name)):
        raise HarnessError(f"there is a repository {name!r} already", remedy="Choose another name.")
    found = describe_location(location)
    repository = Repository(id=ids.new_id(), name=name, kind=found.kind, location=found.location, created=times.now())
    session.add(repository)
    session.flush()
    return repository


def find_repository(session: Session, repository_id: str) -> Repository | None:
    return session.get(Repository, repository_id) if is_id(repository_id) else None


def list_repositories(session: Session, *, offset: int, limit: int) -> tuple[list[RemoteRepository], int]:
    """Return one page of the repositories by name, and how many there are."""
    total = session.scalar(select(func.count()).select_from(Repository)) or 0
    rows = session.scalars(select(Repository).order_by(Repository.name).offset(offset).limit(limit))
    return [read_repository(row) for row in rows], total


def read_repository(row: Repository) -> RemoteRepository:
    """Return the record, without the credentials that a URL may have."""
    return RemoteRepository(
        id=row.id,
        name=row.name,
        location=without_credentials(row.location),
        source_type=row.kind,
        created=row.created,
    )
