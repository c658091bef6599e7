"""The web application: routes, who may call them, and how errors are told."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from harness.server.authentication import Authentication, RequestLines
from harness.server.body_limits import BodyLimits
from harness.server.errors import ApiError
from harness.server.requests import BASE
from harness.server.routes import ROUTERS
from harness.server.state import ServerState
from harness.version import __version__

DESCRIPTION = "The Custom Tasks API of the platform, with builds and trainings on this machine."
_log = logging.getLogger(__name__)


def create_app(state: ServerState) -> FastAPI:
    """Return the application. Its OpenAPI document is at /openapi.json, with a page at /docs; both need no token."""
    app = FastAPIOffline(
        title="Custom Tasks, served by the task harness",
        description=DESCRIPTION,
        version=__version__,
        redirect_slashes=False,
    )
    app.state.server = state
    api = APIRouter(prefix=BASE)
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.add_middleware(BodyLimits)
    app.add_middleware(Authentication, database=state.database)
    app.add_middleware(RequestLines)
    app.add_exception_handler(ApiError, _tell_api_error)
    app.add_exception_handler(RequestValidationError, _tell_invalid_request)
    app.add_exception_handler(HTTPException, _tell_http_exception)
    app.add_exception_handler(OperationalError, _tell_database_error)
    app.add_exception_handler(Exception, _tell_fault)
    return app


def _tell_api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body, error.status)


def _tell_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    """Answer 404 for ids of the wrong form, 400 for a bad query, 422 for a bad body, with a text for each field."""
    assert isinstance(error, RequestValidationError)
    places = {str(fault["loc"][0]) for fault in error.errors()}
    if "path" in places:
        return JSONResponse({"message": "There is nothing of this id."}, 404)
    errors = {_field(fault): _reason(fault) for fault in error.errors()}
    told = "; ".join(f"{field}: {reason}" for field, reason in errors.items())
    return JSONResponse({"message": f"Invalid request: {told}", "errors": errors}, 400 if "query" in places else 422)


def _field(fault: Any) -> str:
    if fault["type"] == "json_invalid":
        return "body"
    return ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0])


def _reason(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such field"
    if fault["type"] == "json_invalid":
        return f"is no JSON, at character {fault['loc'][-1]}: {fault['ctx']['error']}"
    reason = str(fault["msg"])
    return reason[:1].lower() + reason[1:]


def _tell_http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"message": str(error.detail)}, error.status_code, error.headers)


def _tell_database_error(request: Request, error: Exception) -> JSONResponse:
    """Answer 507 where the database has no room left, which is no fault of the request."""
    if "disk is full" in str(error) or "No space left" in str(error):
        return JSONResponse({"message": "No room is left on the server's disk; nothing was kept."}, 507)
    return _tell_fault(request, error)


def _tell_fault(request: Request, error: Exception) -> JSONResponse:
    """Answer 500 with a number that finds the fault in the server's log."""
    number = secrets.token_hex(6)
    _log.error("fault %s in %s %s", number, request.method, request.url.path, exc_info=error)
    message = f"The server could not do this, by a fault of its own. Its log has more, under {number}."
    return JSONResponse({"message": message}, 500, {"x-request-id": number})
