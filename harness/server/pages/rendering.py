"""Templates to answers. Everything that a template shows is escaped unless it is markup of our own making."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from harness.checks.wording import size_text
from harness.reports.page.templating import template_environment
from harness.server.errors import ApiError

ROOM = Path(__file__).parent
_STATUS_CLASSES = {
    "submitted": "running",
    "processing": "running",
    "success": "passed",
    "failed": "failed",
    "queue": "running",
    "inprogress": "running",
    "COMPLETED": "passed",
    "error": "failed",
    "ABORTED": "skipped",
}
_STATUS_WORDS = {"queue": "waiting", "submitted": "waiting", "inprogress": "training", "processing": "building"}
_STATUS_WORDS |= {"success": "succeeded", "COMPLETED": "trained", "error": "failed", "ABORTED": "cancelled"}


def render(
    connection: HTTPConnection, template: str, *, status: int = 200, refused: ApiError | None = None, **values: Any
) -> HTMLResponse:
    """Return a page. refused: why what was sent was not done; the page is shown once more then, with its status."""
    page = (
        _environment()
        .get_template(template)
        .render(
            visit=getattr(connection.state, "visit", None),
            path=connection.url.path,
            refused=refused,
            errors=refused.more.get("errors", {}) if refused else {},
            **values,
        )
    )
    return HTMLResponse(page, refused.status if refused else status)


@cache
def _environment() -> Environment:
    environment = template_environment(ROOM)
    environment.filters.update(_FILTERS)
    return environment


def go_to(path: str) -> Response:
    """Send the browser to another page, after something was done."""
    return RedirectResponse(path, 303)


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return ""
    utc = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(), f"{utc:%Y-%m-%d %H:%M} UTC")


def _status(status: str) -> str:
    """Return a status as a sign and a word; its name as the API has it is the title."""
    kind, word = _STATUS_CLASSES.get(status, "skipped"), _STATUS_WORDS.get(status, status)
    return Markup('<span class="status status-{}" title="{}">{}</span>').format(kind, status, word)


def _number(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:,.5g}"


def _path(text: str) -> str:
    return quote(text, safe="/")


_FILTERS = {"moment": _moment, "status": _status, "size": size_text, "number": _number, "path": _path}
