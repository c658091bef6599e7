"""JSON bodies are small: what is larger is refused before it is read whole. Uploads have limits of their own."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_JSON_BYTES = 8 * 1024**2
UPLOADS = "multipart/form-data"


class BodyLimits:
    """Answers 413 where a body that is no upload has more than 8 MiB, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if headers.get("content-type", "").lower().startswith(UPLOADS):
            await self._app(scope, receive, send)
            return
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > LARGEST_JSON_BYTES:
            await _refuse(scope, receive, send)
            return
        taken = 0
        body = bytearray()
        # Read whole before anything is done with it, so that a longer one can still be refused.
        while True:
            message = await receive()
            if message["type"] != "http.request":
                # Who has gone before the end waits for no answer.
                return
            taken += len(message.get("body", b""))
            if taken > LARGEST_JSON_BYTES:
                await _refuse(scope, receive, send)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        given = False

        async def give() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, give, send)


class UnreadBodies:
    """Ends the connection after an answer that did not wait for the whole body.

    What still comes, or never comes, would else be taken for the next request: the platform's client announces a body
    and leaves it out when it repeats an upload.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        is_read = False

        async def listen() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = is_read or not message.get("more_body")
            return message

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_read:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, listen, tell)


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = JSONResponse({"message": f"The body has more than {LARGEST_JSON_BYTES:,} bytes."}, 413)
    await refusal(scope, receive, send)
