"""Streams onto this disk: not more than was announced, and no longer than anybody waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError, Interrupted
from harness.server.sources.tree import File, quoted

CHUNK_BYTES = 256 * 1024


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def copy_stream(stream: Readable, file: File, place: Path, cancellation: Cancellation) -> None:
    """Write the next `file.size_bytes` of a stream to a new file, and its folders.

    Raises HarnessError where the stream ends before, Interrupted where the cancellation is asked for.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    left = file.size_bytes
    with place.open("xb") as written:
        while left:
            refuse_if_cancelled(cancellation)
            chunk = stream.read(min(left, CHUNK_BYTES))
            if not chunk:
                # What was cancelled while it was read from ends like this.
                refuse_if_cancelled(cancellation)
                raise HarnessError(
                    f"{quoted(file.path)} has fewer bytes than it should have", remedy="Try again, or repair the file."
                )
            written.write(chunk)
            left -= len(chunk)


def refuse_if_cancelled(cancellation: Cancellation) -> None:
    if cancellation.requested:
        raise Interrupted("the repository's files were not fetched: it was cancelled")
