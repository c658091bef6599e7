"""Open the database, bring its schema up to date, and give sessions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from harness.cache import locked, make_folder
from harness.errors import HarnessError
from harness.server import ids
from harness.server.store.tables import Fact

DATABASE_FILE = "server.sqlite3"
MIGRATIONS = Path(__file__).parent / "migrations"
SETTINGS_FILE = "server.json"
# A process beside the server (`harness admin`) waits this long for its turn.
PATIENCE_SECONDS = 30
# One a thread that answers requests, and some for jobs.
MOST_CONNECTIONS = 60
_FOLDER = "data_folder"


class Database:
    """The server's database: sessions that read, and sessions that write one after the other."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(writes=True)
        # SQLite lets one connection write at a time, and lets the others poll; waiting in line is faster.
        self._turn: AbstractContextManager[Any] = threading.Lock() if _is_sqlite(engine.url) else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one state of the database. What it changes is lost."""
        with Session(self.engine, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose changes are all kept when the block ends, or none where it raises."""
        with self._turn, Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()


def open_database(folder: Path, url: str | None = None) -> Database:
    """Return the database of a data folder, its schema made or brought up to date.

    url: a database URL of SQLAlchemy; None for the one that this folder was last opened with, else a SQLite file in it.
    Raises HarnessError where there is no such database, it cannot be reached, or belongs to another data folder.
    """
    make_folder(folder, remedy="Choose another folder with --data-dir.")
    remembered = _remembered_url(folder) if url is None else None
    chosen = _read_url(url or remembered) or URL.create("sqlite", database=str(folder / DATABASE_FILE))
    engine = _engine(chosen)
    try:
        with locked(folder / "migration.lock"):
            with engine.begin() as connection:
                _migrate(connection)
            _claim(engine, folder)
            _remember_url(folder, url)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, SQLAlchemyError):
            place = f"the URL in {folder / SETTINGS_FILE}" if remembered else "--database-url"
            raise _cannot_be_used(chosen, error, place) from error
        raise
    return Database(engine)


def _remembered_url(folder: Path) -> str | None:
    settings = folder / SETTINGS_FILE
    return str(json.loads(settings.read_text(encoding="utf-8"))["databaseUrl"]) if settings.is_file() else None


def _remember_url(folder: Path, url: str | None) -> None:
    """Keep a URL that was given and is good, for those that are not told."""
    if url is not None:
        settings = folder / SETTINGS_FILE
        # It may have a password.
        settings.touch(mode=0o600)
        settings.write_text(json.dumps({"databaseUrl": url}), encoding="utf-8")


def _read_url(text: str | None) -> URL | None:
    if text is None:
        return None
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise HarnessError(
            "the database URL cannot be read", remedy="Write it as postgresql://user@host/database."
        ) from error
    # Without a driver, SQLAlchemy would ask for the one that we do not bring.
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _engine(url: URL) -> Engine:
    try:
        if not _is_sqlite(url):
            return create_engine(url, pool_size=MOST_CONNECTIONS, max_overflow=0, pool_pre_ping=True)
        engine = create_engine(
            url, pool_size=MOST_CONNECTIONS, max_overflow=0, connect_args={"timeout": PATIENCE_SECONDS}
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise HarnessError(
            f"there is no driver for {url.drivername}",
            remedy="Use SQLite or PostgreSQL; for the latter: pip install 'task-harness[postgres]'.",
        ) from error
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up_connection(connection: Any, _record: Any) -> None:
    """Take transactions into our own hands, and let readers go on while one writes."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin as a writer where that is meant: one that begins as a reader may find that another was faster."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise HarnessError(
            "the database was made by a later version of the harness", remedy="Update the harness."
        ) from error


def _claim(engine: Engine, folder: Path) -> None:
    """Let database and data folder know each other: the contents of one are in the other."""
    mark = folder / "id"
    known = mark.read_text(encoding="utf-8").strip() if mark.is_file() else None
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        fact = session.get(Fact, _FOLDER)
        if fact is None:
            # The folder first: if we end in between, the next one finds it and goes on.
            known = known or ids.new_id()
            mark.write_text(known, encoding="utf-8")
            session.add(Fact(name=_FOLDER, value=known))
        elif known != fact.value:
            raise HarnessError(
                f"the database {_shown(engine.url)} belongs to another data folder",
                file=str(folder),
                remedy="Give the folder that it was made with as --data-dir, or another database.",
            )


def _cannot_be_used(url: URL, error: SQLAlchemyError, place: str) -> HarnessError:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return HarnessError(
        f"the database {_shown(url)} cannot be used: {reason[0] if reason else type(error).__name__}",
        remedy=f"Check {place}, and that the database is there and may be written to.",
    )


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
