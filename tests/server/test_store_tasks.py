"""Custom tasks in the store, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest
from stored import new_caller, new_task, new_version, opened

from harness.server.errors import Forbidden, NotFound
from harness.server.records.tasks import NewTask, TaskChanges, TaskOrder
from harness.server.store import access, tasks, versions


def test_a_new_task_has_what_was_given_and_no_version(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        new = NewTask.model_validate(
            {"name": "Ridge", "targetType": "Regression", "calibratePredictions": "False", "maximumMemory": 134217728}
        )
        record = tasks.read_tasks(session, [tasks.create_task(session, ana, new)])[0].to_json_dict()
    moments = record.pop("created"), record.pop("updated")
    assert moments[0] == moments[1]
    assert len(record.pop("id")) == 24
    assert record == {
        "name": "Ridge",
        "description": "",
        "language": "",
        "targetType": "Regression",
        "customModelType": "training",
        "calibratePredictions": False,
        "maximumMemory": 134217728,
        "createdBy": "ana@example.com",
        "latestVersion": None,
    }


def test_one_who_may_not_create_tasks_may_not_copy_either(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        ben = new_caller(session, "ben@example.com", can_create_tasks=False)
        with pytest.raises(Forbidden):
            new_task(session, ben)
        with pytest.raises(Forbidden):
            tasks.copy_task(session, ben, new_task(session, ana))


def test_lists_are_ordered_paged_and_searched(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana, ben = new_caller(session, "ana@example.com"), new_caller(session, "ben@example.com")
        first = new_task(session, ana, "First", description="A 100% linear model")
        new_task(session, ana, "Second", language="Python")
        new_task(session, ana, "THIRD")
        new_task(session, ben, "Not yours")
        tasks.change_task(session, first, TaskChanges(description="A 100% linear one"))

        def found(order: TaskOrder | None = None, search: str | None = None, offset: int = 0, limit: int = 9) -> object:
            page, total = tasks.list_tasks(session, ana, order=order, search=search, offset=offset, limit=limit)
            return [task.name for task in page], total

        assert found() == (["THIRD", "Second", "First"], 3)
        assert found(TaskOrder.CREATED) == (["First", "Second", "THIRD"], 3)
        assert found(TaskOrder.UPDATED_LAST_FIRST) == (["First", "THIRD", "Second"], 3)
        assert found(offset=1, limit=1) == (["Second"], 3)
        assert found(search="third") == (["THIRD"], 1)
        assert found(search="PYTHON") == (["Second"], 1)
        assert found(search="100% l") == (["First"], 1)
        assert found(search="%") == (["First"], 1)
        assert found(search="_") == ([], 0)


def test_changes_leave_alone_what_they_do_not_name(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        task = new_task(session, new_caller(session, "ana@example.com"), description="kept", language="python")
        before = task.updated
        tasks.change_task(session, task, TaskChanges.model_validate({"name": "Lasso", "description": None}))
        assert (task.name, task.description, task.language) == ("Lasso", "kept", "python")
        assert task.updated > before


def test_a_copy_outlives_its_original(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        original = new_task(session, ana)
        new_version(session, original, "custom.py")
        latest = new_version(session, original, "custom.py", "lib/util.py")
        copy = tasks.copy_task(session, ana, original)
        tasks.delete_task(session, original)
        record = tasks.read_tasks(session, [copy])[0]
        listed, total = versions.list_versions(session, copy.id, offset=0, limit=10)
        with pytest.raises(NotFound):
            access.get_task(session, ana, original.id)
    assert "Ridge" in record.name
    assert record.latest_version is not None
    assert record.latest_version.id != latest.id
    assert [item.file_path for item in record.latest_version.items] == ["custom.py", "lib/util.py"]
    assert ([version.label for version in listed], total) == (["2.0", "1.0"], 2)


def test_deletion_takes_versions_and_roles_along(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        task = new_task(session, ana)
        version = new_version(session, task, "custom.py")
        tasks.delete_task(session, task)
        session.expunge_all()
        assert versions.read_versions(session, [version.id]) == {}
        assert versions.items_of(session, version.id) == []
        assert access.find_role(session, ana.id, task.id) is None
