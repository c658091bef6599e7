"""Opening the database: its schema, whose it is, and what is said when it cannot be used."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from harness.errors import HarnessError
from harness.server.store.database import open_database
from harness.server.store.tables import Table
from harness.server.store.users import add_user, find_caller


def test_the_migrations_make_the_schema_that_the_code_expects(database_url: str, tmp_path: Path) -> None:
    database = open_database(tmp_path / "data", database_url)
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    database.close()
    assert differences == []


def test_what_is_written_is_there_after_it_is_opened_again(database_url: str, tmp_path: Path) -> None:
    first = open_database(tmp_path / "data", database_url)
    with first.write() as session:
        token = add_user(session, "ana@example.com")
    first.close()
    again = open_database(tmp_path / "data")
    with again.read() as session:
        caller = find_caller(session, token)
    again.close()
    assert caller is not None
    assert caller.username == "ana@example.com"


def test_nothing_of_a_block_that_fails_is_kept(database_url: str, tmp_path: Path) -> None:
    database = open_database(tmp_path / "data", database_url)

    def add_twice() -> None:
        with database.write() as session:
            add_user(session, "ana@example.com", token="token-of-ana")
            add_user(session, "ana@example.com", token="token-of-ana")

    with pytest.raises(HarnessError):
        add_twice()
    with database.read() as session:
        assert find_caller(session, "token-of-ana") is None
    database.close()


def test_a_database_is_refused_by_another_data_folder(database_url: str, tmp_path: Path) -> None:
    open_database(tmp_path / "first", database_url).close()
    with pytest.raises(HarnessError, match="belongs to another data folder"):
        open_database(tmp_path / "second", database_url)


def test_the_url_is_remembered_where_only_the_owner_can_read_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere.sqlite3"
    open_database(tmp_path / "data", url).close()
    remembered = tmp_path / "data" / "server.json"
    assert json.loads(remembered.read_text()) == {"databaseUrl": url}
    assert stat.S_IMODE(remembered.stat().st_mode) == 0o600


def test_a_url_that_was_no_good_is_not_remembered(tmp_path: Path) -> None:
    with pytest.raises(HarnessError):
        open_database(tmp_path / "data", "postgresql://ana@127.0.0.1:1/tasks")
    open_database(tmp_path / "data").close()
    assert (tmp_path / "data" / "server.sqlite3").is_file()


def test_a_remembered_url_that_is_no_good_any_more_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "server.json").write_text('{"databaseUrl": "postgresql://ana@127.0.0.1:1/tasks"}')
    with pytest.raises(HarnessError) as refused:
        open_database(tmp_path / "data")
    assert "server.json" in refused.value.finding.remedy


def test_sqlite_lets_readers_go_on_while_one_writes(tmp_path: Path) -> None:
    database = open_database(tmp_path / "data")
    with database.write() as writing:
        token = add_user(writing, "ana@example.com")
        with database.read() as reading:
            assert reading.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert find_caller(reading, token) is None
    database.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("no url", "cannot be read", id="not-a-url"),
        pytest.param("mysql://localhost/tasks", "there is no driver", id="without-driver"),
        pytest.param("postgresql://ana:secret@127.0.0.1:1/tasks", "cannot be used", id="nobody-there"),
        pytest.param("sqlite:////proc/none/tasks.sqlite3", "cannot be used", id="no-such-folder"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=message) as refused:
        open_database(tmp_path / "data", url)
    assert refused.value.finding.remedy
    assert "secret" not in str(refused.value)


def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    database = open_database(tmp_path / "data")
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(HarnessError, match="later version"):
        open_database(tmp_path / "data")
