"""Errors as pages; for programs, which do not ask for pages, as the API tells them."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from harness.server.error_answers import ErrorAnswer, Fault, reasons_by_field
from harness.server.errors import ApiError
from harness.server.pages.rendering import render
from harness.server.pages.visits import NotSignedIn, sign_in_url

_TITLES = {
    400: "That address cannot be read",
    403: "Not allowed",
    404: "Not found",
    405: "Not like this",
    409: "Not as it stands",
    413: "Too large",
    422: "Not as it is written",
    500: "A fault of the server",
    507: "No room is left",
}


def add_error_pages(pages: FastAPI) -> None:
    """Let the pages answer every error that a view or the framework raises."""
    pages.add_exception_handler(ApiError, _tell_api_error)
    pages.add_exception_handler(RequestValidationError, _tell_invalid_request)
    pages.add_exception_handler(HTTPException, _tell_http_exception)
    pages.add_exception_handler(NotSignedIn, _ask_to_sign_in)


def answer_with(scope: Scope, error: ApiError) -> Response:
    """Return an error as a page, or as JSON for who does not want pages."""
    connection = HTTPConnection(scope)
    if not _wants_a_page(connection):
        return ErrorAnswer(error.body, error.status)
    return _page(connection, error.status, error.message, error.details)


def tell_fault(scope: Scope, fault: Fault) -> Response:
    """Return what is told of a fault of our own."""
    return _page(HTTPConnection(scope), fault.status, fault.message)


def _page(connection: HTTPConnection, status: int, message: str, details: tuple[str, ...] = ()) -> Response:
    return render(
        connection, "error.html", status=status, title=_TITLES.get(status, "Refused"), message=message, details=details
    )


def _tell_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return answer_with(request.scope, error)


def _tell_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    reasons = tuple(f"{field}: {reason}" for field, reason in reasons_by_field(error.errors()).items())
    return _page(request, 400, "The address asks for something that cannot be.", reasons)


def _tell_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not _wants_a_page(request):
        return ErrorAnswer({"message": str(error.detail)}, error.status_code, error.headers)
    message = "There is no page at this address." if error.status_code == 404 else f"{error.detail}."
    return _page(request, error.status_code, message)


def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    """Send the visitor to sign in, and back to the page that was asked for where it was one to look at."""
    target = sign_in_url(request) if request.method == "GET" else "/sign-in/"
    if "hx-request" in request.headers:
        # A part of a page that is renewed: the whole page is to go.
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in/"})
    return RedirectResponse(target, 303)


def _wants_a_page(connection: HTTPConnection) -> bool:
    return "text/html" in connection.headers.get("accept", "") or "hx-request" in connection.headers
