"""Where a request goes: to the API and its document, or to the pages."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

# What the application itself answers; its OpenAPI document and the pages to try it are there without a token.
_OF_THE_API = ("/api", "/docs", "/redoc", "/openapi.json", "/static-offline-docs")


class Entrance:
    """Gives every path outside of the API to the pages, which are an application of their own."""

    def __init__(self, app: ASGIApp, pages: ASGIApp) -> None:
        self._api = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        to_pages = scope["type"] == "http" and not _is_of_the_api(scope["path"])
        await (self._pages if to_pages else self._api)(scope, receive, send)


def _is_of_the_api(path: str) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in _OF_THE_API)
