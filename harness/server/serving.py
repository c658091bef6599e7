"""Serve until somebody stops it: one server a data folder, a line a request, and an orderly end."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer
import uvicorn

from harness.backends import open_backend
from harness.cache import make_folder
from harness.errors import HarnessError
from harness.server.app import create_app
from harness.server.connections import PoliteProtocol
from harness.server.jobs.kinds import job_kinds
from harness.server.jobs.sweeping import ask_for_sweep
from harness.server.requests import BASE
from harness.server.settings import ServerSettings
from harness.server.state import ServerState, open_state
from harness.server.store.users import see_to_first_user

LOCK_FILE = "server.lock"
# Connections that wait to be taken.
BACKLOG = 2048
# Requests that are under way may take this long once the server is told to end.
PATIENCE_SECONDS = 5
# The platform's client looks at a job every 5 s, on one connection; one that ended just then would be an error to it.
KEEP_ALIVE_SECONDS = 75
# The first line and the headers of a request, in bytes. What is longer may be refused, however it arrives.
LONGEST_HEAD = 64 * 1024


def serve(settings: ServerSettings) -> None:
    """Serve the API until SIGTERM comes, or SIGINT, which becomes KeyboardInterrupt when all has ended.

    The first user's token goes to stdout, when it is new; all else to stderr. Raises HarnessError where the data
    folder is another server's, the address is taken, or the backend is not there.
    """
    open_backend(settings.backend)
    with (
        suppress(_Terminated),
        _terminations_raised(),
        only_server_of(settings.data_folder),
        listen(settings.host, settings.port) as (listener, host),
        open_state(settings) as state,
    ):
        shutil.rmtree(state.work_folder, ignore_errors=True)
        _set_up(state)
        _log_to_stderr()
        state.queue.start(job_kinds(state))
        address = f"http://{host}:{listener.getsockname()[1]}"
        typer.echo(f"Serving on {address}{BASE}", err=True)
        typer.echo(f"Pages at {address}/", err=True)
        _run(state, listener)


@contextmanager
def only_server_of(folder: Path) -> Iterator[None]:
    """Hold the data folder while the block runs; raises HarnessError where another server holds it."""
    make_folder(folder, remedy="Choose another folder with --data-dir.")
    with (folder / LOCK_FILE).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip()
            raise HarnessError(
                f"another server uses this data folder{f' (process {holder})' if holder else ''}",
                file=str(folder),
                remedy="Stop it, or choose another folder with --data-dir.",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def listen(host: str, port: int) -> Iterator[tuple[socket.socket, str]]:
    """Give a socket on that address, and the host as it stands in a URL; port 0 takes a free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise HarnessError(f"{host!r} is no address of this machine", remedy="Give another --host.") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise HarnessError(
                f"cannot listen on {host}, port {port}: {(error.strerror or str(error)).lower()}",
                remedy="Give another --port, or --port 0 for a free one.",
            ) from error
        # From here on, clients that are told of the server are kept waiting and not turned away.
        listener.listen(BACKLOG)
        yield listener, f"[{host}]" if family == socket.AF_INET6 else host


def _run(state: ServerState, listener: socket.socket) -> None:
    config = uvicorn.Config(
        create_app(state),
        http=PoliteProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        h11_max_incomplete_event_size=LONGEST_HEAD,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


class _Terminated(BaseException):
    """SIGTERM came; where requests were under way, they have been answered."""


@contextmanager
def _terminations_raised() -> Iterator[None]:
    """Let the signal unwind our stack in place of killing us: uvicorn sends it again once it has ended.

    What comes while all is being ended changes nothing.
    """

    def end(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _set_up(state: ServerState) -> None:
    """See to the first user, and to what an earlier server has left in the store."""
    with state.database.write() as session:
        first = see_to_first_user(session, state.settings.token)
        ask_for_sweep(session)
    if first is not None:
        username, token = first
        # Who gave the token knows it.
        typer.echo(f"User {username}" if state.settings.token else f"User {username}, token {token}")
        sys.stdout.flush()


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("harness.server", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
    logging.getLogger("harness.server").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # What it finds wrong with a body is in the answer.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
