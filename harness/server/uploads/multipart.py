"""A multipart/form-data body, streamed into the store of contents while it comes in.

The event loop only collects bytes; a thread parses, hashes and writes them, a batch at a time. Files are placed in the
store when the whole body has come and was in order: a refused or broken upload leaves nothing behind.

Source: RFC 7578 and the platform's clients, which send fields and files in any order, names repeated, and parts without
Content-Type.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from harness.server.contents import Contents, ContentWriter
from harness.server.errors import Invalid, TooLarge
from harness.server.uploads.forms import Form, UploadedFile

BATCH_BYTES = 256 * 1024
MOST_PARTS = 10_000
MOST_BYTES_OF_A_FIELD = 64 * 1024
# All text fields together: as many paths as there may be files, of about as many bytes as each may have.
MOST_BYTES_OF_FIELDS = 8 * 1024 * 1024
MOST_CHARACTERS_OF_A_NAME = 255
_PLAIN_ENCODINGS = ("", "7bit", "8bit", "binary")


async def receive_form(
    request: Request, contents: Contents, *, most_bytes: int, fields: frozenset[str], files: frozenset[str]
) -> Form:
    """Receive the form of a request.

    most_bytes: of the whole body. fields, files: the names that are known; the name decides what a part is.
    Raises TooLarge, before anything is read where Content-Length tells; Invalid for everything that the body is not;
    StorageFull.
    """
    _refuse_more_than(most_bytes, _announced_bytes(request))
    receiver = _Receiver(_boundary(request), contents, fields, files)
    try:
        batch = bytearray()
        received_bytes = 0
        async for chunk in request.stream():
            received_bytes += len(chunk)
            _refuse_more_than(most_bytes, received_bytes)
            batch += chunk
            if len(batch) >= BATCH_BYTES:
                await to_thread.run_sync(receiver.feed, bytes(batch))
                batch.clear()
        return await to_thread.run_sync(receiver.finish, bytes(batch))
    except ClientDisconnect as error:
        raise Invalid("The connection ended before the body was complete.") from error
    finally:
        # Not on a thread: where the server is ending, nothing can be waited for any more.
        receiver.close()


def _announced_bytes(request: Request) -> int:
    """Return what Content-Length says; 0 where it says nothing, the bytes are counted in any case."""
    announced = re.fullmatch(r"[0-9]{1,20}", request.headers.get("content-length", ""))
    return int(announced[0]) if announced else 0


def _refuse_more_than(most_bytes: int, size_bytes: int) -> None:
    if size_bytes > most_bytes:
        raise TooLarge(f"The request has more than the {most_bytes:,} bytes that this server takes.")


def _boundary(request: Request) -> bytes:
    content_type, parameters = parse_options_header(request.headers.get("content-type", ""))
    if content_type != b"multipart/form-data":
        raise Invalid("The body must be multipart/form-data, as its Content-Type must say.")
    boundary = parameters.get(b"boundary", b"")
    if not boundary:
        raise Invalid("The Content-Type multipart/form-data has no boundary.")
    return boundary


class _Receiver:
    """What has come of a form so far. Its methods run on threads, one at a time."""

    def __init__(self, boundary: bytes, contents: Contents, fields: frozenset[str], files: frozenset[str]) -> None:
        self._contents = contents
        self._known_fields = fields
        self._known_files = files
        self._fields: list[tuple[str, str]] = []
        self._files: list[tuple[str, str | None, ContentWriter]] = []
        self._part_count = 0
        self._bytes_of_fields = 0
        self._ended = False
        # The part that is being received.
        self._headers: dict[str, str] = {}
        self._header_name = b""
        self._header_value = b""
        self._name = ""
        self._text = bytearray()
        self._writer: ContentWriter | None = None
        with _told_as_invalid():
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_header_name,
                    "on_header_value": self._take_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open_part,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )

    def feed(self, batch: bytes) -> None:
        with _told_as_invalid():
            self._parser.write(batch)

    def finish(self, batch: bytes) -> Form:
        """Take the last bytes, place the files in the store and return the form."""
        self.feed(batch)
        if not self._ended:
            raise Invalid("The multipart body is cut off: its closing boundary is missing.")
        files = [UploadedFile(field, file_name, writer.finish()) for field, file_name, writer in self._files]
        return Form(tuple(self._fields), tuple(files))

    def close(self) -> None:
        """Forget the files that were not placed."""
        for _, _, writer in self._files:
            writer.close()

    def _begin_part(self) -> None:
        self._part_count += 1
        if self._part_count > MOST_PARTS:
            raise Invalid(f"The form has more than {MOST_PARTS:,} parts.")
        self._headers = {}
        self._text = bytearray()
        self._writer = None

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        name = self._header_name.decode("latin-1").lower()
        if name in self._headers:
            raise Invalid(f"A part of the form has the header {name} twice.")
        self._headers[name] = self._header_value.decode("latin-1")
        self._header_name = self._header_value = b""

    def _open_part(self) -> None:
        """Decide by the part's name what it is. A file needs no filename, and a field may have one."""
        _, parameters = parse_options_header(self._headers.get("content-disposition", ""))
        if b"name" not in parameters:
            raise Invalid("A part of the form has no name in its Content-Disposition.")
        self._name = _shown(parameters[b"name"])
        encoding = self._headers.get("content-transfer-encoding", "").strip().lower()
        if encoding not in _PLAIN_ENCODINGS:
            raise Invalid(f"The part {self._name} has the Content-Transfer-Encoding {encoding}; send it as it is.")
        if self._name in self._known_files:
            file_name = parameters.get(b"filename")
            self._writer = self._contents.writer()
            self._files.append((self._name, None if file_name is None else _shown(file_name), self._writer))
        elif self._name not in self._known_fields:
            raise self._unknown(self._name)

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._writer is not None:
            self._writer.write(memoryview(data)[start:end])
            return
        self._text += data[start:end]
        self._bytes_of_fields += end - start
        if len(self._text) > MOST_BYTES_OF_A_FIELD:
            problem = f"has more than {MOST_BYTES_OF_A_FIELD:,} bytes"
            raise Invalid(f"The field {self._name} {problem}.", errors={self._name: problem})
        if self._bytes_of_fields > MOST_BYTES_OF_FIELDS:
            raise Invalid(f"The fields of the form have more than {MOST_BYTES_OF_FIELDS:,} bytes together.")

    def _end_part(self) -> None:
        if self._writer is not None:
            self._writer.seal()
            return
        try:
            self._fields.append((self._name, self._text.decode()))
        except UnicodeDecodeError as error:
            raise Invalid(f"The field {self._name} is not UTF-8.", errors={self._name: "is not UTF-8"}) from error

    def _end(self) -> None:
        self._ended = True

    def _unknown(self, name: str) -> Invalid:
        known = {known.lower(): known for known in sorted(self._known_fields | self._known_files)}
        nearest = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f"did you mean {known[nearest[0]]}?" if nearest else f"known are {', '.join(known.values())}."
        return Invalid(f"The form has an unknown field {name}; {hint}", errors={name: f"is not known; {hint}"})


def _shown(name: bytes) -> str:
    """Return a name of a part or file as text that a message can carry."""
    return name.decode("utf-8", "replace")[:MOST_CHARACTERS_OF_A_NAME]


@contextmanager
def _told_as_invalid() -> Iterator[None]:
    """Raise Invalid for what the parser cannot read: broken boundaries, headers too long or too many."""
    try:
        yield
    except FormParserError as error:
        raise Invalid(f"The multipart body cannot be read: {error}.") from error
