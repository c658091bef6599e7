"""The web application: routes, who may call them, and how errors are told."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline

from harness.server.authentication import Authentication, RequestLines
from harness.server.body_limits import BodyLimits, UnreadBodies
from harness.server.document import complete_document
from harness.server.error_answers import Faults, add_error_answers
from harness.server.pages import Entrance, create_pages
from harness.server.requests import BASE
from harness.server.routes import ROUTERS
from harness.server.state import ServerState
from harness.version import __version__

DESCRIPTION = "The Custom Tasks API of the platform, with builds and trainings on this machine."


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
    app.add_middleware(Entrance, pages=create_pages(state))
    app.add_middleware(BodyLimits)
    app.add_middleware(Authentication, database=state.database)
    app.add_middleware(Faults)
    app.add_middleware(UnreadBodies)
    app.add_middleware(RequestLines)
    add_error_answers(app)
    complete_document(app)
    return app
