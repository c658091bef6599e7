"""Uploads: the rules of file paths, and multipart bodies over a real ASGI application."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from harness.server.contents import Contents
from harness.server.errors import ApiError
from harness.server.uploads.forms import pair_files
from harness.server.uploads.multipart import receive_form
from harness.server.uploads.paths import PathsRefused, UnsafePath, check_path, check_paths

FAST = settings(
    deadline=None, database=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MOST_BYTES = 1_000_000
FIELDS = frozenset({"isMajorUpdate", "baseEnvironmentId", "filesToDelete", "filePath"})
FILES = frozenset({"file"})

# Paths


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("custom.py", "custom.py"),
        ("./custom.py", "custom.py"),
        ("lib/deep/util.py", "lib/deep/util.py"),
        (".hidden/..data/x...", ".hidden/..data/x..."),
        ("C:name", "C:name"),
        ("Übung 1/数据\u3000.csv", "Übung 1/数据\u3000.csv"),
        pytest.param("a" * 255, "a" * 255, id="longest-part"),
        pytest.param("/".join(["a" * 127] * 8), "/".join(["a" * 127] * 8), id="1023-bytes"),
    ],
)
def test_paths_that_are_taken(path: str, taken: str) -> None:
    assert check_path(path) == taken


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "is empty."),
        ("./", "is empty."),
        ("/etc/passwd", "is absolute; it must be relative to the task's folder."),
        (".//etc/passwd", "is absolute; it must be relative to the task's folder."),
        ("..", "has a part '..'; it must stay inside the task's folder."),
        ("a/../../b", "has a part '..'; it must stay inside the task's folder."),
        ("a/./b", "has a part '.'."),
        (".", "has a part '.'."),
        ("a//b", "has an empty part."),
        ("a/", "ends with a slash; it must name a file."),
        ("a\\b", "has a backslash; folders are separated by /."),
        ("a\0b", "has a character that cannot be shown: U+0000."),
        ("a\nb", "has a character that cannot be shown: U+000A."),
        ("a\u202eb", "has a character that cannot be shown: U+202E."),
        ("a\ud800b", "is not valid Unicode."),
        pytest.param("a" * 256, "has a part of 256 bytes; at most 255 are allowed.", id="long-part"),
        pytest.param("ü" * 128, "has a part of 256 bytes; at most 255 are allowed.", id="bytes-count"),
        pytest.param("a" * 5000, "has 5,000 bytes; at most 1,024 are allowed.", id="5000-characters"),
        pytest.param("a/" * 512 + "b", "has 1,025 bytes; at most 1,024 are allowed.", id="1025-bytes"),
    ],
)
def test_paths_that_are_refused(path: str, why: str) -> None:
    with pytest.raises(UnsafePath) as refused:
        check_path(path)
    assert str(refused.value) == why


def test_a_set_of_paths_is_judged_together() -> None:
    assert check_paths(["./b", "a/b", "A/b", "a/B"]) == ["b", "a/b", "A/b", "a/B"]
    with pytest.raises(PathsRefused) as refused:
        check_paths(["a/b/c", "../x", "a", "same", "./same", "\ud800", "y/"])
    assert refused.value.problems == {
        "../x": "has a part '..'; it must stay inside the task's folder.",
        "\\ud800": "is not valid Unicode.",
        "y/": "ends with a slash; it must name a file.",
        "same": "is given twice.",
        "a": "is a file, and a folder of a/b/c.",
    }


PATH_LIKE = st.lists(
    st.sampled_from(["..", ".", "/", "//", "\\", "a", "\0", "C:", "~", "\u202e", "…", "\uff0e\uff0e", "%2e%2e", " "])
    | st.text(max_size=4)
).map("".join)


@given(path=PATH_LIKE)
@FAST
def test_a_path_that_is_taken_never_leaves_the_folder(tmp_path: Path, path: str) -> None:
    try:
        taken = check_path(path)
    except UnsafePath:
        return
    folder = tmp_path.resolve()
    target = (folder / taken).resolve()
    assert target.is_relative_to(folder)
    assert target != folder
    assert check_path(taken) == taken


# Forms


class Server:
    """A small application that receives forms, and the folder where it keeps their files."""

    def __init__(self, contents: Contents, most_bytes: int = MOST_BYTES) -> None:
        self.contents = contents
        self.most_bytes = most_bytes
        self.refused = threading.Event()
        self.app = Starlette(routes=[Route("/", self.receive, methods=["POST"])])

    async def receive(self, request: Request) -> JSONResponse:
        try:
            form = await receive_form(request, self.contents, most_bytes=self.most_bytes, fields=FIELDS, files=FILES)
            if request.query_params.get("pair"):
                return JSONResponse({path: self.text(file.content.sha256) for path, file in pair_files(form)})
            return JSONResponse(
                {
                    "fields": form.fields,
                    "files": [[file.field, file.file_name, self.text(file.content.sha256)] for file in form.files],
                    "all": {name: form.all(name) for name in ("filesToDelete", "filePath")},
                    "one": form.one("isMajorUpdate"),
                }
            )
        except ApiError as error:
            self.refused.set()
            return JSONResponse(error.body, error.status)

    def text(self, sha256: str) -> str:
        with self.contents.open(sha256) as file:
            return file.read().decode("latin-1")

    def kept(self) -> int:
        return sum(path.is_file() and path.name != ".lock" for path in self.contents.folder.rglob("*"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Contents(tmp_path / "contents") as contents:
        yield Server(contents)


def send(
    server: Server, body: bytes | list[bytes], headers: dict[str, str] | None = None, query: str = ""
) -> httpx.Response:
    """Post a body, in these pieces where it is a list; without a Content-Length then."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in body if isinstance(body, list) else [body]:
            yield piece

    async def post() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server.app), base_url="http://test") as client:
            content = body if isinstance(body, bytes) else pieces()
            return await client.post(f"/{query}", content=content, headers={**MULTIPART, **(headers or {})})

    return asyncio.run(post())


MULTIPART = {"Content-Type": "multipart/form-data; boundary=b7c1"}


def part(name: str, content: bytes, extra: str = "") -> bytes:
    head = f'--b7c1\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = b"--b7c1--\r\n"
# As the platform's client sends it: parts without Content-Type, each path after its file.
CLIENTS_BODY = (
    part("isMajorUpdate", b"True")
    + part("baseEnvironmentId", b"6628cf000c5f3b2f8e9d0001")
    + part("file", b"def fit(): ...\r\n", '; filename="custom.py"')
    + part("filePath", b"custom.py")
    + part("file", b"ONE = 1\n", '; filename="util.py"')
    + part("filePath", b"lib/util.py")
    + END
)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_clients_body_in_pieces_of_any_size(server: Server, size: int) -> None:
    pieces = [CLIENTS_BODY[start : start + size] for start in range(0, len(CLIENTS_BODY), size)]
    assert send(server, pieces).json() == {
        "fields": [
            ["isMajorUpdate", "True"],
            ["baseEnvironmentId", "6628cf000c5f3b2f8e9d0001"],
            ["filePath", "custom.py"],
            ["filePath", "lib/util.py"],
        ],
        "files": [["file", "custom.py", "def fit(): ...\r\n"], ["file", "util.py", "ONE = 1\n"]],
        "all": {"filesToDelete": [], "filePath": ["custom.py", "lib/util.py"]},
        "one": "True",
    }
    paired = send(server, CLIENTS_BODY, query="?pair=1").json()
    assert paired == {"custom.py": "def fit(): ...\r\n", "lib/util.py": "ONE = 1\n"}
    assert server.kept() == 2


def test_a_file_needs_no_filename_and_a_field_may_have_one(server: Server) -> None:
    body = part("file", b"x") + part("filePath", b"x.py", '; filename="p"\r\nContent-Type: text/plain') + END
    answer = send(server, body).json()
    assert answer["files"] == [["file", None, "x"]]
    assert answer["fields"] == [["filePath", "x.py"]]


def test_repeated_fields_or_a_json_list(server: Server) -> None:
    body = (
        part("filesToDelete", b"1")
        + part("filesToDelete", b"2")
        + part("filePath", b'["a.py", "b/c.py"]')
        + part("filePath", b"[draft].py")
        + part("filePath", b"[1]")
        + part("filePath", b"[" * 60_000)
        + END
    )
    answer = send(server, body).json()
    assert answer["all"] == {
        "filesToDelete": ["1", "2"],
        "filePath": ["a.py", "b/c.py", "[draft].py", "[1]", "[" * 60_000],
    }


def test_an_empty_form(server: Server) -> None:
    assert send(server, END).json()["fields"] == []


def refusal(body: bytes | list[bytes], message: str, errors: object = None, **more: Any) -> Any:
    return pytest.param(body, more, message, errors, id=message[:50])


@pytest.mark.parametrize(
    ("body", "more", "message", "errors"),
    [
        refusal(
            b"{}",
            "The body must be multipart/form-data, as its Content-Type must say.",
            headers={"Content-Type": "application/json"},
        ),
        refusal(
            CLIENTS_BODY,
            "The Content-Type multipart/form-data has no boundary.",
            headers={"Content-Type": "multipart/form-data"},
        ),
        refusal(CLIENTS_BODY[:-8], "The multipart body is cut off: its closing boundary is missing."),
        refusal(
            part("filepath", b"a") + END,
            "The form has an unknown field filepath; did you mean filePath?",
            {"filepath": "is not known; did you mean filePath?"},
        ),
        refusal(
            part("file", b"kept?") + part("xyz", b"a") + END,
            "The form has an unknown field xyz; known are baseEnvironmentId, file, filePath, filesToDelete,"
            " isMajorUpdate.",
            {"xyz": "is not known; known are baseEnvironmentId, file, filePath, filesToDelete, isMajorUpdate."},
        ),
        refusal(
            part("isMajorUpdate", b"True") * 2 + END,
            "The field isMajorUpdate is given 2 times.",
            {"isMajorUpdate": "must be given once"},
        ),
        refusal(
            part("isMajorUpdate", b"x" * 65_537) + END,
            "The field isMajorUpdate has more than 65,536 bytes.",
            {"isMajorUpdate": "has more than 65,536 bytes"},
        ),
        refusal(
            part("isMajorUpdate", b"\xff") + END,
            "The field isMajorUpdate is not UTF-8.",
            {"isMajorUpdate": "is not UTF-8"},
        ),
        refusal(
            b"--b7c1\r\nContent-Type: text/plain\r\n\r\nx\r\n" + END,
            "A part of the form has no name in its Content-Disposition.",
        ),
        refusal(
            part("file", b"eA==", "\r\nContent-Transfer-Encoding: base64") + END,
            "The part file has the Content-Transfer-Encoding base64; send it as it is.",
        ),
        refusal(
            part("file", b"", '\r\nContent-Disposition: form-data; name="filePath"') + END,
            "A part of the form has the header content-disposition twice.",
        ),
        refusal(
            part("file", b"x", f'; filename="{"a" * 5000}"') + END,
            "The multipart body cannot be read: Maximum header size exceeded.",
        ),
        refusal(
            part("file", b"x", "".join(f"\r\nA{n}: b" for n in range(9))) + END,
            "The multipart body cannot be read: Maximum header count exceeded.",
        ),
        refusal(
            b"garbage",
            "The multipart body cannot be read: Expected boundary character 45, got 103 at index 2.",
        ),
        refusal(
            CLIENTS_BODY,
            "The multipart body cannot be read: Boundary length 300 exceeds maximum of 256.",
            headers={"Content-Type": f"multipart/form-data; boundary={'b' * 300}"},
        ),
        refusal(part("filePath", b"") * 10_001 + END, "The form has more than 10,000 parts."),
        refusal(
            part("file", b"x") + part("filePath", b"a") * 2 + END,
            "The form has 1 file and 2 filePath fields; each file needs its path.",
            {"filePath": "must come once for each file"},
            query="?pair=1",
        ),
        refusal(
            part("file", b"x") * 3 + part("filePath", b'["../a", "b", "b/c"]') + END,
            "These file paths cannot be used: ../a, b.",
            {
                "../a": "has a part '..'; it must stay inside the task's folder.",
                "b": "is a file, and a folder of b/c.",
            },
            query="?pair=1",
        ),
    ],
)
def test_refused_forms(server: Server, body: bytes, more: dict[str, Any], message: str, errors: object) -> None:
    answer = send(server, body, **more)
    assert answer.status_code == 422
    assert answer.json() == {"message": message} if errors is None else {"message": message, "errors": errors}
    if "query" not in more and "2 times" not in message:
        assert server.kept() == 0


def test_all_fields_together_are_bounded(tmp_path: Path) -> None:
    with Contents(tmp_path) as contents:
        answer = send(Server(contents, most_bytes=1 << 40), part("filePath", b"x" * 65_000) * 130 + END)
    assert answer.json() == {"message": "The fields of the form have more than 8,388,608 bytes together."}


TOO_LARGE = {"message": "The request has more than the 1,000,000 bytes that this server takes."}


def receive_from(messages: Callable[[], Awaitable[dict[str, Any]]], server: Server, headers: dict[str, str]) -> Any:
    """Call the application as a server would; return the status and the body of its answer."""
    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in {**MULTIPART, **headers}.items()],
    }

    async def call() -> None:
        await server.app(scope, messages, take)

    asyncio.run(call())
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_an_announced_length_is_refused_before_anything_is_read(server: Server) -> None:
    async def unread() -> dict[str, Any]:
        raise AssertionError("the body was read")

    for length in ("1000001", "99999999999999999999"):
        assert receive_from(unread, server, {"Content-Length": length}) == (413, TOO_LARGE)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Length": "10"}, {"Content-Length": "ten"}, {"Content-Length": "9" * 5000}],
    ids=["none", "lying", "no-number", "absurd"],
)
def test_a_body_that_goes_over_is_refused_whatever_was_announced(server: Server, headers: dict[str, str]) -> None:
    pieces = iter([part("file", b"")[:-2], *[bytes(100_000)] * 10, b"\r\n" + END])
    read = 0

    async def next_piece() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": next(pieces), "more_body": True}

    assert receive_from(next_piece, server, headers) == (413, TOO_LARGE)
    assert read == 11
    assert server.kept() == 0


def test_exactly_as_many_bytes_as_allowed(server: Server) -> None:
    frame = len(part("file", b"") + END)
    assert send(server, part("file", bytes(MOST_BYTES - frame)) + END).status_code == 200
    assert send(server, part("file", bytes(MOST_BYTES - frame + 1)) + END).status_code == 413


def test_a_client_that_goes_away_leaves_nothing(server: Server) -> None:
    messages: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": part("file", b"whole") + part("file", bytes(700_000))[:-2]},
            {"type": "http.disconnect"},
        ]
    )

    async def next_message() -> dict[str, Any]:
        return {"more_body": True, **next(messages)}

    gone = {"message": "The connection ended before the body was complete."}
    assert receive_from(next_message, server, {}) == (422, gone)
    assert server.kept() == 0


def test_a_cancelled_request_leaves_nothing(server: Server) -> None:
    async def cancelled() -> None:
        waits = asyncio.Event()
        pieces = iter([part("file", bytes(700_000))])

        async def next_message() -> dict[str, Any]:
            for piece in pieces:
                return {"type": "http.request", "body": piece, "more_body": True}
            waits.set()
            await asyncio.Event().wait()
            raise AssertionError

        scope = {"type": "http", "method": "POST", "headers": [(b"content-type", MULTIPART["Content-Type"].encode())]}
        task = asyncio.create_task(server.receive(Request(scope, next_message)))
        await waits.wait()
        assert server.kept() == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert server.kept() == 0


def encoded(boundary: bytes, parts: list[tuple[bool, bytes]]) -> bytes:
    """Write a body by the book (RFC 7578): files and fields in their order."""
    pieces = []
    for is_file, content in parts:
        head = b'name="file"; filename="f"' if is_file else b'name="filePath"'
        pieces.append(
            b"--" + boundary + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + content + b"\r\n"
        )
    return b"".join(pieces) + b"--" + boundary + b"--\r\n"


# What looks almost like the boundary is where parsers lose bytes.
TRICKY = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b"\r\n--B", b"--Bo", b"Bo--", b"\0", b"x"])
    | st.binary(max_size=8)
).map(b"".join)


@given(
    parts=st.lists(st.tuples(st.booleans(), TRICKY), max_size=5),
    cuts=st.lists(st.integers(min_value=1, max_value=40), max_size=60),
)
@example(parts=[(True, b"\r\n--B\r\n--Bo-")], cuts=[1] * 60)
@FAST
def test_every_body_comes_back_however_it_is_cut(
    server: Server, parts: list[tuple[bool, bytes]], cuts: list[int]
) -> None:
    parts = [
        (is_file, content if is_file else content.decode("latin-1").encode())
        for is_file, content in parts
        if b"\r\n--Bo" not in b"\r\n" + content
    ]
    body = encoded(b"Bo", parts)
    pieces = []
    for cut in cuts:
        pieces.append(body[:cut])
        body = body[cut:]
    answer = send(server, [*pieces, body], {"Content-Type": 'multipart/form-data; boundary="Bo"'})
    assert answer.status_code == 200
    assert answer.json()["files"] == [["file", "f", content.decode("latin-1")] for is_file, content in parts if is_file]
    assert answer.json()["fields"] == [["filePath", content.decode()] for is_file, content in parts if not is_file]


@given(
    garbage=st.lists(
        st.binary(max_size=30)
        | st.sampled_from([b"--b7c1", b"\r\n", b"--", b"Content-Disposition: form-data; name=", b'"file"', b":", b";"])
    ).map(b"".join),
    content_type=st.sampled_from(list(MULTIPART.values()))
    | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    from_here=st.booleans(),
)
@FAST
def test_garbage_is_refused_and_nothing_else(
    server: Server, garbage: bytes, content_type: str, from_here: bool
) -> None:
    before = server.kept()
    body = part("file", garbage)[:-2] + garbage if from_here else garbage
    answer = send(server, body, {"Content-Type": content_type.strip()})
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert answer.json()["message"]
        assert server.kept() == before


@given(length=st.integers(min_value=0, max_value=len(CLIENTS_BODY) - 5))
@FAST
def test_a_body_cut_off_anywhere_is_refused(server: Server, length: int) -> None:
    assert send(server, CLIENTS_BODY[:length]).status_code == 422
    assert server.kept() == 0


# Over real connections


@contextmanager
def listening(server: Server) -> Iterator[int]:
    """Serve on a free port, on a thread; give the port."""
    started = threading.Event()

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Announcing(uvicorn.Config(server.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert started.wait(30)
            yield listener.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join()


def test_many_clients_at_once(tmp_path: Path) -> None:
    async def upload(client: httpx.AsyncClient, number: int) -> Any:
        files = [("file", (f"{number}.txt", f"{number % 10}".encode() * 200_000))]
        answer = await client.post("/?pair=1", files=files, data={"filePath": f"{number}.txt"})
        return {path: (len(text), text[0]) for path, text in answer.json().items()}

    async def upload_all(port: int) -> list[Any]:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            return await asyncio.gather(*(upload(client, number) for number in range(60)))

    with Contents(tmp_path) as contents:
        server = Server(contents)
        with listening(server) as port:
            answers = asyncio.run(upload_all(port))
        assert answers == [{f"{number}.txt": (200_000, f"{number % 10}")} for number in range(60)]
        assert server.kept() == 10


def test_a_connection_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    with Contents(tmp_path) as contents:
        server = Server(contents)
        with listening(server) as port, socket.create_connection(("127.0.0.1", port)) as connection:
            head = (
                f"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: {MULTIPART['Content-Type']}\r\nContent-Length: 900000\r\n"
            )
            connection.sendall(head.encode() + b"\r\n" + part("file", b"whole") + part("file", bytes(600_000)))
            connection.shutdown(socket.SHUT_RDWR)
            assert server.refused.wait(30)
        assert server.kept() == 0
