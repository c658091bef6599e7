"""`harness admin`: what the platform's API itself cannot set up. Works beside a running server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import JsonOption
from harness.cli.serve import DatabaseOption, DataFolderOption
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.server.contents import Contents
    from harness.server.store.database import Database

admin = typer.Typer(
    name="admin", help="Users, repositories and projects of a server, running or not.", no_args_is_help=True
)
UserOption = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="Whose it is; the first user's unless given.")
]


@admin.command()
def user(
    name: Annotated[str, typer.Argument(help="The user's name, like ana@example.com.")],
    *,
    no_create_tasks: Annotated[
        bool, typer.Option("--no-create-tasks", help="The user may not create custom tasks.")
    ] = False,
    new_token: Annotated[bool, typer.Option("--new-token", help="Give a user who is there another token.")] = False,
    data_dir: DataFolderOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a user, and print the name and the token, which is shown this once."""
    from harness.server.store import users

    with _database(data_dir, database_url) as database, database.write() as session:
        if new_token:
            token = users.replace_token(session, name)
        else:
            token = users.add_user(session, name, can_create_tasks=not no_create_tasks)
        added = users.find_user(session, name)
        assert added is not None
        record = {
            "id": added.id,
            "username": added.username,
            "token": token,
            "canCreateTasks": added.can_create_tasks,
        }
    _tell(record, f"User {name}, token {token}", as_json=as_json)


@admin.command()
def repository(
    name: Annotated[str, typer.Argument(help="The name that the repository has on the server.")],
    location: Annotated[str, typer.Argument(metavar="PATH_OR_URL", help="A git URL, a folder or an archive.")],
    *,
    data_dir: DataFolderOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a repository that versions can be made from, and print its id."""
    from harness.server.store.repositories import add_repository, read_repository

    with _database(data_dir, database_url) as database, database.write() as session:
        record = read_repository(add_repository(session, name, location)).to_json_dict()
    _tell(record, record["id"], as_json=as_json)


@admin.command()
def project(
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="The data set: CSV, Parquet, Arrow.")],
    *,
    target: Annotated[
        str | None, typer.Option(metavar="NAME", help="The target column; none for anomaly detection.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The project's name; the file's unless given.")] = None,
    owner: UserOption = None,
    data_dir: DataFolderOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a project, a data set with a target to train models on, and print its id."""
    from harness.data.files import check_file
    from harness.server.store import projects, users

    with _database(data_dir, database_url) as database, _contents(data_dir) as contents, database.write() as session:
        belongs_to = users.find_user(session, owner or users.FIRST_USER)
        if belongs_to is None:
            raise HarnessError(
                f"there is no user {owner or users.FIRST_USER!r}",
                remedy="Make one with 'harness admin user', or start the server once.",
            )
        check_file(data, "--data")
        content = contents.put_file(data)
        added = projects.add_project(session, belongs_to, name or data.stem, data, content, target)
        record = projects.read_project(added).to_json_dict()
    _tell(record, record["id"], as_json=as_json)


@contextmanager
def _contents(data_dir: Path | None) -> Iterator[Contents]:
    from harness.server.contents import Contents
    from harness.server.errors import StorageFull
    from harness.server.settings import default_data_folder
    from harness.server.state import CONTENTS

    folder = (data_dir or default_data_folder()).absolute() / CONTENTS
    try:
        with Contents(folder) as contents:
            yield contents
    except StorageFull as full:
        raise HarnessError(full.message, file=str(folder), remedy="Make room on that disk.") from full


@contextmanager
def _database(data_dir: Path | None, database_url: str | None) -> Iterator[Database]:
    from harness.server.settings import default_data_folder
    from harness.server.store.database import open_database

    with closing(open_database((data_dir or default_data_folder()).absolute(), database_url)) as database:
        yield database


def _tell(record: dict[str, Any], line: str, *, as_json: bool) -> None:
    import json

    typer.echo(json.dumps(record, indent=2) if as_json else line)
