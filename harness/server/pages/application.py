"""The pages as an application of their own, beside the API's and no part of its document."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp

from harness.reports.page.templating import static_file
from harness.server.error_answers import Faults
from harness.server.errors import NotFound
from harness.server.pages.error_pages import add_error_pages, tell_fault
from harness.server.pages.protection import ASSETS, Protection
from harness.server.pages.rendering import ROOM, go_to
from harness.server.pages.views import VIEWS
from harness.server.state import ServerState


def create_pages(state: ServerState) -> ASGIApp:
    """Return the application that answers every path outside of the API."""
    pages = FastAPI(openapi_url=None)
    pages.state.server = state
    pages.add_api_route("/", lambda: go_to("/tasks/"), methods=["GET"])
    pages.add_api_route(f"{ASSETS}{{name}}", send_asset, methods=["GET"], response_class=Response)
    for view in VIEWS:
        pages.include_router(view)
    add_error_pages(pages)
    pages.add_middleware(Faults, tell=tell_fault)
    return Protection(pages)


def send_asset(name: str) -> FileResponse:
    """Send a style or a script, our own or somebody else's."""
    try:
        return FileResponse(static_file(name, ROOM))
    except KeyError:
        raise NotFound("There is no such file.") from None
