"""Task versions in the store, on each database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from stored import SHA256, new_caller, new_task, new_version, opened

from harness.server.errors import Invalid, NotFound
from harness.server.store import versions
from harness.server.store.access import get_task
from harness.server.store.versions import NewItem


@pytest.mark.parametrize(
    ("majors", "label"),
    [
        pytest.param([True], "1.0", id="first-major"),
        pytest.param([False], "0.1", id="first-minor"),
        pytest.param([True, False, False], "1.2", id="minors"),
        pytest.param([True, False, True], "2.0", id="major-after-minor"),
        pytest.param([False, True, False], "1.1", id="minor-after-major"),
    ],
)
def test_numbers_go_on_from_the_latest(majors: list[bool], label: str, database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        task = new_task(session, new_caller(session, "ana@example.com"))
        made = [new_version(session, task, "custom.py", is_major=major) for major in majors]
        assert versions.read_version(session, made[-1].id).label == label
        assert task.latest_version_id == made[-1].id


def test_a_version_on_the_wire(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        task = new_task(session, new_caller(session, "ana@example.com"))
        version = new_version(session, task, "lib/util.py")
        record = versions.read_version(session, version.id).to_json_dict()
    (item,) = record.pop("items")
    assert len(item.pop("id")) == 24
    assert item.pop("created") == record.pop("created")
    assert item == {
        "fileName": "util.py",
        "filePath": "lib/util.py",
        "fileSource": "local",
        "commitSha": None,
        "ref": None,
        "repositoryFilePath": None,
        "repositoryLocation": None,
        "repositoryName": None,
    }
    assert record == {
        "id": version.id,
        "customTaskId": task.id,
        "customModelId": task.id,
        "description": None,
        "label": "1.0",
        "versionMajor": 1,
        "versionMinor": 0,
        "isFrozen": False,
        "baseEnvironmentId": "5e8c889607389fe0f466c72d",
        "baseEnvironmentVersionId": "6923a1f07c41b28d5e90f302",
        "maximumMemory": None,
        "outboundNetworkPolicy": "ISOLATED",
        "requiredMetadata": {},
        "requiredMetadataValues": [],
        "dependencies": [
            {
                "packageName": "pandas",
                "constraints": [{"constraintType": ">=", "version": "1.5"}],
                "line": "pandas>=1.5",
                "lineNumber": 1,
            }
        ],
        "warning": [],
    }


def test_many_at_once_get_a_number_each(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database:
        with database.write() as session:
            ana = new_caller(session, "ana@example.com")
            task_id = new_task(session, ana).id

        def add(_number: int) -> str:
            with database.write() as session:
                version = new_version(session, get_task(session, ana, task_id, lock=True), "custom.py", is_major=False)
                return f"{version.version_major}.{version.version_minor}"

        with ThreadPoolExecutor(8) as pool:
            labels = list(pool.map(add, range(24)))
    assert sorted(labels) == sorted(f"0.{number}" for number in range(1, 25))


def test_a_version_of_another_task_is_not_found(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        one, other = new_task(session, ana, "One"), new_task(session, ana, "Other")
        version = new_version(session, one, "custom.py")
        for task_id, version_id in ((other.id, version.id), (one.id, one.id), (one.id, "no id")):
            with pytest.raises(NotFound):
                versions.get_version(session, task_id, version_id)


def test_files_are_kept_replaced_deleted_and_added(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        task = new_task(session, new_caller(session, "ana@example.com"))
        before = versions.items_of(session, new_version(session, task, "custom.py", "old.py", "kept.py").id)
        by_path = {item.file_path: item for item in before}
        sent = [NewItem("custom.py", "b" * 64, 20), NewItem("new.py", "c" * 64, 30)]
        merged = versions.merge_items(before, sent, [by_path["old.py"].id])
    assert {item.file_path: item.sha256[0] for item in merged} == {"custom.py": "b", "kept.py": "a", "new.py": "c"}


@pytest.mark.parametrize(
    ("paths", "delete", "field"),
    [
        pytest.param([], ["0123456789abcdef01234567"], "filesToDelete", id="deletes-what-is-not-there"),
        pytest.param(["custom.py/inner.py"], [], "custom.py", id="a-file-becomes-a-folder"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    paths: list[str], delete: list[str], field: str, database_url: str, tmp_path: Path
) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        task = new_task(session, new_caller(session, "ana@example.com"))
        before = versions.items_of(session, new_version(session, task, "custom.py").id)
        with pytest.raises(Invalid) as refused:
            versions.merge_items(before, [NewItem(path, SHA256, 1) for path in paths], delete)
    assert any(field in name for name in refused.value.body["errors"])
