"""How errors are told: one JSON object with a `message`, of the type `application/json` and no other."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.server.errors import ApiError

_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What a place has besides: of a value that may be of several types, which of them was tried.
_NAME_OF_A_FIELD = re.compile(r"(?!(?:str|int|bool|float|list|dict|none)$)[A-Za-z][A-Za-z0-9]*")
_log = logging.getLogger(__name__)


class ErrorAnswer(JSONResponse):
    """An error as JSON. What it repeats of a request may be no valid Unicode, and has question marks then."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def add_error_answers(app: FastAPI) -> None:
    """Let the application answer every error that a route or the framework raises."""
    app.add_exception_handler(ApiError, _tell_api_error)
    app.add_exception_handler(RequestValidationError, _tell_invalid_request)
    app.add_exception_handler(HTTPException, _tell_http_exception)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is told of a fault. number: what the server's log has it under, None where there is nothing more to know."""

    status: int
    message: str
    number: str | None = None


class Faults:
    """Answers 500 for a fault of our own, with a number that finds it in the server's log; 507 for a full disk.

    tell: makes the answer of it.
    """

    def __init__(self, app: ASGIApp, tell: Callable[[Scope, Fault], Response] | None = None) -> None:
        self._app = app
        self._tell = tell or _tell_fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def listen(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, listen)
        except asyncio.CancelledError:
            # The server is ending, and this request has taken longer than it waits.
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on
            answer = self._tell(scope, _note_fault(scope, error))
            # What has begun cannot be taken back: uvicorn cuts it off.
            if not has_begun:
                await answer(scope, receive, send)


def _tell_api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return ErrorAnswer(error.body, error.status)


def _tell_invalid_request(_request: Request, error: Exception) -> Response:
    """Answer 404 for ids of the wrong form, 400 for a bad query, 422 for a bad body, with a text for each field."""
    assert isinstance(error, RequestValidationError)
    places = {str(fault["loc"][0]) for fault in error.errors()}
    if "path" in places:
        return ErrorAnswer({"message": "There is nothing of this id."}, 404)
    return _invalid(reasons_by_field(error.errors()), 400 if "query" in places else 422)


def reasons_by_field(faults: Iterable[Any]) -> dict[str, str]:
    """Return what is wrong with a request, a text for each field. faults: pydantic's, each place after its part."""
    return {_field(fault): _reason(fault) for fault in faults}


def _invalid(errors: Mapping[str, str], status: int) -> Response:
    told = "; ".join(f"{field}: {reason}" for field, reason in errors.items())
    return ErrorAnswer({"message": f"Invalid request: {told}", "errors": errors}, status)


def _field(fault: Any) -> str:
    if fault["type"] == "json_invalid":
        return "body"
    where = fault["loc"][1:]
    if fault["type"] != "extra_forbidden":
        where = [part for part in where if isinstance(part, int) or _NAME_OF_A_FIELD.fullmatch(part)]
    return ".".join(str(part) for part in where) or str(fault["loc"][0])


def _reason(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such field"
    if fault["type"] == "json_invalid":
        return f"is no JSON, at character {fault['loc'][-1]}: {fault['ctx']['error']}"
    if fault["type"] in ("too_short", "too_long"):
        unit = "entries" if isinstance(fault["input"], list | dict) else "characters"
        bound = (
            f"at least {fault['ctx'].get('min_length')}"
            if fault["type"] == "too_short"
            else (f"at most {fault['ctx'].get('max_length')}")
        )
        return f"must have {bound} {unit}"
    reason = str(fault["msg"])
    return reason[:1].lower() + reason[1:]


def _tell_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400 and error.__cause__ is not None:
        # FastAPI's answer to bodies that Python's JSON gives up on: no UTF-8, nested too deeply, numbers too long.
        return _invalid({"body": f"cannot be read: {_why_unreadable(error.__cause__)}"}, 422)
    if error.status_code == 405:
        allowed = ", ".join(_allowed_methods(request))
        return ErrorAnswer({"message": f"Here one may only {allowed}."}, 405, {"Allow": allowed})
    return ErrorAnswer({"message": str(error.detail)}, error.status_code, error.headers)


def _allowed_methods(request: Request) -> list[str]:
    """Return what may be asked of this path. The framework itself names only the first route's methods."""
    return [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


def _why_unreadable(cause: BaseException) -> str:
    if isinstance(cause, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(cause, RecursionError):
        return "it is nested too deeply"
    return "it has a number of too many digits" if isinstance(cause, ValueError) else type(cause).__name__


def _note_fault(scope: Scope, error: Exception) -> Fault:
    if _is_full(error):
        return Fault(507, "No room is left on the server's disk; nothing was kept.")
    number = secrets.token_hex(6)
    _log.error("fault %s in %s %s", number, scope["method"], scope["path"], exc_info=error)
    message = f"The server could not do this, by a fault of its own. Its log has more, under {number}."
    return Fault(500, message, number)


def _tell_fault(_scope: Scope, fault: Fault) -> Response:
    return ErrorAnswer({"message": fault.message}, fault.status, {"x-request-id": fault.number} if fault.number else {})


def _is_full(error: Exception) -> bool:
    """Return whether it is the disk, or the database's disk, that has no room left."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    return isinstance(error, OperationalError) and any(
        sign in str(error.orig) for sign in ("disk is full", "No space left")
    )
