"""Folders as tar streams, in and out of containers: never whole in memory, and safe to unpack."""

from __future__ import annotations

import errno
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

CHUNK_BYTES = 256 * 1024
_ZEROS = bytes(CHUNK_BYTES)


class TooLarge(Exception):
    """A stream holds more than it may."""


def tar_stream(entries: Iterable[tuple[str, bytes | Path | None]], owner: int = 0) -> Iterator[bytes]:
    """Yield a tar of (name, content) pairs, piece by piece, with `owner` as user and group and no times.

    content: bytes, the path of a file or folder on this machine, None for an empty folder.
    """
    for name, content in entries:
        yield from _packed(name, content, owner)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _packed(name: str, content: bytes | Path | None, owner: int) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield _header(name, len(content), 0o644, owner)
        yield content
        yield bytes(-len(content) % tarfile.BLOCKSIZE)
    elif content is None or content.is_dir():
        yield _header(name, None, 0o755, owner)
        for path in sorted(content.iterdir()) if content else ():
            yield from _packed(f"{name}/{path.name}", path, owner)
    else:
        with content.open("rb") as stream:
            status = os.fstat(stream.fileno())
            yield _header(name, status.st_size, 0o755 if status.st_mode & 0o100 else 0o644, owner)
            yield from _exactly(stream, status.st_size)
            yield bytes(-status.st_size % tarfile.BLOCKSIZE)


def _header(name: str, size: int | None, mode: int, owner: int) -> bytes:
    """Return the header of a file of that size, or of a folder where there is no size."""
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE if size is None else tarfile.REGTYPE
    member.size = size or 0
    member.mode = mode
    member.uid = member.gid = owner
    return member.tobuf(tarfile.PAX_FORMAT)


def _exactly(stream: io.BufferedReader, size: int) -> Iterator[bytes]:
    """Yield as many bytes as the header has promised, also where the file has changed since."""
    while size:
        chunk = stream.read(min(CHUNK_BYTES, size)) or bytes(min(CHUNK_BYTES, size))
        size -= len(chunk)
        yield chunk


def unpack(chunks: Iterable[bytes], folder: Path, most_bytes: int) -> None:
    """Write the folders and files of a tar below `folder`, without the first part of their names.

    Links other than to a file that came before, devices, pipes and what lies too deep for a path are left out. What is
    written belongs to us and can be read and removed. Raises TooLarge where there is more than that many bytes,
    ReadError where it is no tar.
    """
    left = most_bytes
    with tarfile.open(fileobj=ChunkReader(chunks), mode="r|", bufsize=CHUNK_BYTES) as archive:
        for member in archive:
            if member.isreg():
                left -= member.size
                if left < 0:
                    raise TooLarge
            try:
                _unpack_member(archive, member, folder)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise


def _unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    place = _place(folder, member.name)
    if member.isdir():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif member.islnk():
        source = _place(folder, member.linkname)
        if source.is_file():
            os.link(source, place)
    elif member.isreg():
        _write(archive, member, place)


def _place(folder: Path, name: str) -> Path:
    """Return where a member goes; `..` and roots in its name count for nothing."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    return folder.joinpath(*parts[1:])


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """Write a file; runs of zeros in it, which a hole of its origin may have become, take no room."""
    content = archive.extractfile(member)
    assert content is not None
    with _new_file(place) as file:
        while chunk := content.read(CHUNK_BYTES):
            if chunk == _ZEROS:
                file.seek(CHUNK_BYTES, os.SEEK_CUR)
            else:
                file.write(chunk)
        if file.tell() != os.fstat(file.fileno()).st_size:
            file.truncate()


def _new_file(place: Path) -> io.FileIO:
    try:
        return place.open("xb", buffering=0)
    except FileNotFoundError:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place.open("xb", buffering=0)


class ChunkReader(io.RawIOBase):
    """Pieces of bytes as a file to read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
