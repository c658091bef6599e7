"""What the tests of the server share: databases, running servers, and the platform's real clients."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from postgres_cluster import Cluster, running_cluster
from real_clients import Clients, install_clients
from started_programs import PATIENCE_SECONDS, Served, started_server

TOKEN = "a-token-that-only-the-tests-know"

Serve = Callable[..., Served]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Give a PostgreSQL server."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/database.sqlite3"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """Give a venv with the newest `datarobot` and `datarobot-drum`."""
    return install_clients(tmp_path_factory.mktemp("clients") / "venv")


@pytest.fixture(scope="session")
def silence() -> Iterator[str]:
    """Give the URL of a server that takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/simple/"


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Give a function that starts `harness serve` and returns it once it listens.

    options: as on the command line. data_dir: None for a new one. variables: added to the environment. Every server is
    stopped after the module's tests.
    """
    with ExitStack() as started:

        def start(
            *options: str,
            data_dir: Path | None = None,
            token: str = TOKEN,
            backend: str = "venv",
            variables: Mapping[str, str] | None = None,
        ) -> Served:
            folder = data_dir or tmp_path_factory.mktemp("served") / "data"
            running = started_server(folder, *options, token=token, backend=backend, variables=variables or {})
            return started.enter_context(running)

        yield start


@pytest.fixture(scope="module")
def server(serve: Serve) -> Served:
    """Give a server that the tests of a module share: SQLite, venv backend."""
    return serve()


@pytest.fixture(scope="module")
def api(server: Served) -> Iterator[httpx.Client]:
    """Give a client of `server`: `api.get("customTasks/")`."""
    with api_client(server) as client:
        yield client


def api_client(served: Served) -> httpx.Client:
    """Return a client of any server, to be closed."""
    headers = {"Authorization": f"Bearer {served.token}"}
    return httpx.Client(base_url=served.url, headers=headers, timeout=PATIENCE_SECONDS)
