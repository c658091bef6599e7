"""A small package index on this machine: pages by path, and a note of what it was asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON_TYPE = "application/vnd.pypi.simple.v1+json"


@dataclass
class Page:
    body: bytes
    content_type: str = JSON_TYPE
    status: int = 200
    login: str | None = None
    is_held_back: bool = False


@dataclass
class IndexServer:
    """pages: path -> what is answered; everything else is 404. asked: the paths. held_back: ends the waiting."""

    url: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    held_back: threading.Event = field(default_factory=threading.Event)

    def serve(
        self, name: str, body: str, content_type: str = JSON_TYPE, *, status: int = 200, login: str | None = None
    ) -> Page:
        page = Page(body.encode(), content_type, status, login)
        self.pages[f"/simple/{name}/"] = page
        return page


class Handler(BaseHTTPRequestHandler):
    def __init__(self, index: IndexServer, *arguments: object) -> None:
        self.index = index
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.index.asked.append(self.path)
        page = self.index.pages.get(self.path, Page(b"", "text/plain", 404))
        if page.is_held_back:
            self.index.held_back.wait()
        if page.login and self.headers.get("Authorization") != page.login:
            page = Page(b"", "text/plain", 401)
        body, status = page.body, page.status
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if wanted:
            start = int(wanted[1]) if wanted[1] else max(0, len(body) - int(wanted[2]))
            end = min(int(wanted[2]), len(body) - 1) if wanted[1] and wanted[2] else len(body) - 1
            status = 206
        self.send_response(status)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(body)}")
            body = body[start : end + 1]
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def running_index() -> Iterator[IndexServer]:
    """Give an index that serves nothing yet."""
    index = IndexServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, index))
    index.url = f"http://127.0.0.1:{http.server_address[1]}/simple"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield index
    finally:
        index.held_back.set()
        http.shutdown()
        thread.join()
        http.server_close()
