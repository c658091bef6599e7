"""Every call below /api/ needs a token, before anything else is looked at; and each is told in one line."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.server.store.database import Database
from harness.server.store.users import Caller, find_caller

PREFIX = "/api/"
# The client says Token, the platform's documents Bearer.
SCHEMES = ("token", "bearer")
# How long a token that was replaced may still be taken for good.
CACHE_SECONDS = 1.0
_log = logging.getLogger("harness.server.requests")


class Authentication:
    """Finds out who calls and notes it in the request's state as `caller`; answers 401 where nobody is known."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app = app
        self._database = database
        self._known: dict[str, tuple[Caller, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        token = _token(Headers(scope=scope))
        caller = await self._find(token) if token else None
        if caller is None:
            message = "The token is not known." if token else "No token: send 'Authorization: Bearer TOKEN'."
            refusal = JSONResponse({"message": message}, 401, {"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _find(self, token: str) -> Caller | None:
        digest = hashlib.sha256(token.encode()).hexdigest()
        known = self._known.get(digest)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        caller = await run_in_threadpool(self._look_up, token)
        if caller is not None:
            self._known[digest] = (caller, time.monotonic() + CACHE_SECONDS)
        return caller

    def _look_up(self, token: str) -> Caller | None:
        with self._database.read() as session:
            return find_caller(session, token)


class RequestLines:
    """Tells each request in one line, without any token that it came with."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def listen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, listen)
        finally:
            milliseconds = (time.perf_counter() - began) * 1000
            _log.info(
                "%s %s %s %d %.0f ms",
                f"{datetime.now(UTC).astimezone():%H:%M:%S}",
                scope["method"],
                _target(scope),
                status,
                milliseconds,
            )


def _token(headers: Headers) -> str | None:
    """Return the one token that a request has; with two headers nobody knows whose request it is."""
    given = headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() or None if scheme.lower() in SCHEMES else None


def _target(scope: Scope) -> str:
    """Return path and query as they were sent, escapes and all, with stars in place of the token."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    text = (path + (b"?" + query if query else b"")).decode("ascii", "backslashreplace")
    token = _token(Headers(scope=scope))
    return text.replace(token, "****") if token else text
