"""What holds for every answer of the pages, and for every request that would change something."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.server.errors import Forbidden
from harness.server.pages.error_pages import answer_with

# Where styles and scripts are; they hold nothing private and change with the version alone.
ASSETS = "/assets/"
_READING = ("GET", "HEAD")
_OWN_SOURCES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _OWN_SOURCES,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer a browser would send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FOREIGN = "This came from another site, or from a program that does not say where it comes from. Nothing was done."


class Protection:
    """Sets the headers that no answer is to be without, and refuses changes that another site has asked for.

    Every change is asked for by a form of ours, and browsers say with each form where it comes from. The forms have a
    token besides: see `visits`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if scope["type"] == "http" and scope["method"] not in _READING and not _is_from_here(Headers(scope=scope)):
            await answer_with(scope, Forbidden(FOREIGN))(scope, receive, tell)
            return
        await self._app(scope, receive, tell)


def _complete(headers: MutableHeaders, path: str) -> None:
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-cache" if path.startswith(ASSETS) else "no-store")


def _is_from_here(headers: Headers) -> bool:
    """Return whether the request has one origin, whose host is the one that was asked.

    The scheme is left out: where a proxy ends TLS, the browser knows of it and we may not.
    """
    origins = headers.getlist("origin")
    return len(origins) == 1 and urlsplit(origins[0]).netloc.lower() == headers.get("host", "").lower() != ""
