"""HTTP connections that end politely: whoever still sends a body can read the answer, and a refusal is JSON.

A connection that is closed while the client sends is reset by the system, and the client loses the answer that was on
its way. Here the server first says that it will write no more, then throws away what still comes, for a while.
Source: RFC 9112, section 9.6.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# Who has been silent for so long does not send the body that was announced.
SILENCE_SECONDS = 2.0
LONGEST_SECONDS = 30.0
_UNREADABLE = "This is no HTTP request that can be read: its first line, its headers or its body's lengths are wrong."


class PoliteProtocol(H11Protocol):
    """uvicorn's HTTP, with an orderly close where not all of a request was read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", _PoliteTransport(transport, self)))

    def has_unread_request(self) -> bool:
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - named so by uvicorn
        """Answer what is no HTTP; and let who works on its beginning know that nothing more will come."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps({"message": _UNREADABLE}).encode()
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _PoliteTransport:
    """The transport of one connection; `close` waits for the client's side where it may still be sending."""

    def __init__(self, transport: asyncio.Transport, protocol: PoliteProtocol) -> None:
        self._transport = transport
        self._protocol = protocol
        self._is_closing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._is_closing or self._transport.is_closing()

    def close(self) -> None:
        if self.is_closing() or not self._transport.can_write_eof() or not self._protocol.has_unread_request():
            self._transport.close()
            return
        self._is_closing = True
        self._transport.set_protocol(_Listener(self._transport, self._protocol))
        try:
            self._transport.write_eof()
            self._transport.resume_reading()
        except OSError:
            # The client has gone already.
            self._transport.close()


class _Listener(asyncio.Protocol):
    """Takes what a client still sends, until it has read the answer and closes, is silent, or takes too long."""

    def __init__(self, transport: asyncio.Transport, before: PoliteProtocol) -> None:
        self._transport = transport
        self._before = before
        self._loop = before.loop
        self._heard = self._loop.time()
        self._deadline = self._heard + LONGEST_SECONDS
        self._timer = self._loop.call_later(SILENCE_SECONDS, self._look)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - thrown away
        self._heard = self._loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._before.connection_lost(exc)

    def _look(self) -> None:
        end = min(self._heard + SILENCE_SECONDS, self._deadline)
        if self._loop.time() >= end:
            self._transport.close()
        else:
            self._timer = self._loop.call_at(end, self._look)
