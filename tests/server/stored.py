"""Records that the store's tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from harness.records import NetworkPolicy
from harness.server.records.tasks import NewTask
from harness.server.store.database import Database, open_database
from harness.server.store.tables import CustomTask, TaskVersion
from harness.server.store.tasks import create_task
from harness.server.store.users import Caller, add_user, find_caller
from harness.server.store.versions import NewItem, NewVersion, create_version

SHA256 = "a" * 64


@contextmanager
def opened(folder: Path, url: str) -> Iterator[Database]:
    with closing(open_database(folder / "data", url)) as database:
        yield database


def new_caller(session: Session, username: str, *, can_create_tasks: bool = True) -> Caller:
    caller = find_caller(session, add_user(session, username, can_create_tasks=can_create_tasks))
    assert caller is not None
    return caller


def new_task(
    session: Session, owner: Caller, name: str = "Ridge", *, description: str = "", language: str = ""
) -> CustomTask:
    new = {"name": name, "targetType": "Regression", "description": description, "language": language}
    return create_task(session, owner, NewTask.model_validate(new))


def new_version(session: Session, task: CustomTask, *paths: str, is_major: bool = True) -> TaskVersion:
    order = NewVersion(
        is_major=is_major,
        base_environment_id="5e8c889607389fe0f466c72d",
        base_environment_version_id="6923a1f07c41b28d5e90f302",
        maximum_memory=None,
        outbound_network_policy=NetworkPolicy.ISOLATED,
        required_metadata={},
        items=[NewItem(path, SHA256, 10) for path in paths],
        dependencies=[
            {
                "packageName": "pandas",
                "constraints": [{"constraintType": ">=", "version": "1.5"}],
                "line": "pandas>=1.5",
                "lineNumber": 1,
            }
        ],
    )
    return create_version(session, task, order)
