"""A version's files as a zip that is made while it is sent.

The members are stored as they are, so the size of the whole is known before the first byte. The same files with the
same dates give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zipfile import ZIP64_LIMIT, ZIP_FILECOUNT_LIMIT, ZIP_STORED, ZipFile, ZipInfo

from harness.server.contents import Contents
from harness.zip_members import zip_member

CHUNK_BYTES = 256 * 1024

# From this size on a member has the ZIP64 form; a little below the size that asks for it.
_LARGE_BYTES = 2_000_000_000

# Source of the sizes: the ZIP format (APPNOTE 6.3, sections 4.3.7 to 4.3.16).
_SIZES_FOLLOW = 0x08
_FIXED_LOCAL_HEADER = 30
_FIXED_CENTRAL_HEADER = 46
_END_RECORD = 22
_ZIP64_END_RECORD_AND_LOCATOR = 56 + 20

ZippedFile = tuple[str, str, int, datetime]
"""(path, sha256, size in bytes, created) of one member."""


def stream_zip(files: Sequence[ZippedFile], contents: Contents) -> tuple[Iterator[bytes], int]:
    """Return the pieces of the zip, and how many bytes they have together.

    Members are in the order of their paths, can be read by everyone (mode 0644) and carry the date of their item.
    """
    ordered = sorted(files)
    return _pieces(ordered, contents), _total_bytes(ordered)


def _pieces(files: Iterable[ZippedFile], contents: Contents) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for file in files:
            _, sha256, size_bytes, _ = file
            with (
                contents.open(sha256) as source,
                archive.open(_info(file), "w", force_zip64=_is_large(size_bytes)) as to,
            ):
                while chunk := source.read(CHUNK_BYTES):
                    to.write(chunk)
                    yield from sink.take()
        archive.close()
        yield from sink.take()


class _Sink(io.RawIOBase):
    """Holds what the archive has written until it is taken. It cannot seek, so sizes follow each member."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces


def _info(file: ZippedFile) -> ZipInfo:
    path, _, size_bytes, created = file
    return zip_member(path, size_bytes, created)


def _is_large(size_bytes: int) -> bool:
    return size_bytes >= _LARGE_BYTES


def _total_bytes(files: Iterable[ZippedFile]) -> int:
    """Add up what the archive will write: each member with headers, the directory, and the records at the end."""
    count = offset = directory = 0
    for file in files:
        size_bytes = file[2]
        info = _info(file)
        info.flag_bits = _SIZES_FOLLOW
        name_bytes = len(info.FileHeader(zip64=False)) - _FIXED_LOCAL_HEADER
        large_fields = (2 if size_bytes > ZIP64_LIMIT else 0) + (1 if offset > ZIP64_LIMIT else 0)
        directory += _FIXED_CENTRAL_HEADER + name_bytes + (4 + 8 * large_fields if large_fields else 0)
        header, descriptor = (_FIXED_LOCAL_HEADER + 20, 24) if _is_large(size_bytes) else (_FIXED_LOCAL_HEADER, 16)
        offset += header + name_bytes + size_bytes + descriptor
        count += 1
    needs_zip64 = count > ZIP_FILECOUNT_LIMIT or offset > ZIP64_LIMIT or directory > ZIP64_LIMIT
    return offset + directory + _END_RECORD + (_ZIP64_END_RECORD_AND_LOCATOR if needs_zip64 else 0)
