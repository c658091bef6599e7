"""A build log from a file as people have it: plain, compressed, or in the archive of a run."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import zlib
from pathlib import Path
from typing import IO

from harness.errors import HarnessError

STANDARD_INPUT = "-"
MOST_BYTES = 1_000_000_000
_GZIP = b"\x1f\x8b"
_NAMES = ("build", "depend", "install", "log")


def read_log(source: str) -> bytes:
    """Return the bytes of the log: a file's, standard input's for `-`, or the build log's within an archive.

    Raises HarnessError where it cannot be read.
    """
    try:
        if source == STANDARD_INPUT:
            content = _all_of(sys.stdin.buffer, source)
        else:
            with Path(source).open("rb") as stream:
                content = _all_of(stream, source)
    except OSError as error:
        raise HarnessError(
            f"the log cannot be read: {error.strerror or error}",
            file=source,
            remedy="Name a file with the output of the build, or - for standard input.",
        ) from error
    return _unpacked(content, source)


def _unpacked(content: bytes, source: str) -> bytes:
    try:
        if content.startswith(_GZIP):
            with gzip.open(io.BytesIO(content)) as stream:
                content = _all_of(stream, source)
        if _is_archive(content):
            return _build_log_in(content, source)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise HarnessError(
            f"the archive is damaged: {error}", file=source, remedy="Fetch it again, or unpack it yourself."
        ) from error
    return content


def _is_archive(content: bytes) -> bool:
    return content[257:262] == b"ustar"


def _build_log_in(content: bytes, source: str) -> bytes:
    """Return the member that is the build log by its name; of several such, the largest."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = [member for member in archive if member.isfile()]
        members.sort(key=lambda member: (_rank(member.name), -member.size))
        stream = archive.extractfile(members[0]) if members else None
        if stream is None:
            raise HarnessError("the archive holds no log", file=source, remedy="Name the archive with the build log.")
        return _all_of(stream, source)


def _rank(name: str) -> int:
    plain = Path(name).name.lower()
    return next((rank for rank, word in enumerate(_NAMES) if word in plain), len(_NAMES))


def _all_of(stream: IO[bytes] | gzip.GzipFile, source: str) -> bytes:
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise HarnessError(
            f"the log has more than {MOST_BYTES:,} bytes", file=source, remedy="Give its last part, made with tail -c."
        )
    return content
