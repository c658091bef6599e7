"""A PostgreSQL server of the tests' own: in a temporary folder, reached by a Unix socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

PREPARE = Path(__file__).parents[2] / "tools" / "prepare_postgres"
SUPERUSER = "harness"
# What is lost in a crash is not missed, and what is not written costs no time.
SETTINGS = "-F -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c autovacuum=off"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; `folder` has its socket."""

    folder: Path

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Give the URL of an empty database, and drop that database afterwards."""
        name = f"test_{uuid.uuid4().hex}"
        self._run("CREATE DATABASE {} TEMPLATE template0", name)
        try:
            yield f"postgresql://{SUPERUSER}@/{name}?host={self.folder}"
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, name: str) -> None:
        with psycopg.connect(f"host={self.folder} user={SUPERUSER} dbname=postgres", autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Make a cluster and run its server while the block lasts; fails with what to do where PostgreSQL is missing."""
    found = subprocess.run([PREPARE, "--find"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.fail(found.stderr.strip(), pytrace=False)
    programs = Path(found.stdout.strip())
    # Not in pytest's own folder, which is only for us, and too long a path for a socket.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = _owner()
    if user:
        shutil.chown(folder, user["user"], user["group"])
    data = folder / "data"
    try:
        options = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        _run([programs / "initdb", "-D", data, *options], folder, user)
        server = f"{SETTINGS} -c listen_addresses='' -k '{folder}'"
        _run([programs / "pg_ctl", "start", "-w", "-s", "-D", data, "-l", folder / "log", "-o", server], folder, user)
        try:
            yield Cluster(folder)
        finally:
            _run([programs / "pg_ctl", "stop", "-m", "immediate", "-s", "-D", data], folder, user)
    finally:
        shutil.rmtree(folder)


def _owner() -> dict[str, Any]:
    """Return whom PostgreSQL's programs run as: it refuses root."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    chosen = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": chosen.pw_uid, "group": chosen.pw_gid, "extra_groups": []}


def _run(command: list[str | Path], folder: Path, user: dict[str, Any]) -> None:
    # The server outlives its starter, and would hold a pipe open.
    with (folder / "said").open("w+", encoding="utf-8") as said:
        done = subprocess.run(command, cwd=folder, stdout=said, stderr=said, check=False, **user)
        said.seek(0)
        assert done.returncode == 0, said.read()
