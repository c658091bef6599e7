"""Members of a tar file, as it is or compressed by gzip."""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from harness.backends.cancellation import Cancellation
from harness.server.sources.copying import CHUNK_BYTES, Readable, copy_stream, refuse_if_cancelled
from harness.server.sources.members import Copy, Tally, member_path, refused_member
from harness.server.sources.model import Limits
from harness.server.sources.tree import File, Leaf, Link

# What precedes a member and is read at once: long names, times, attributes.
MOST_HEADER_BYTES = 1024 * 1024


@contextmanager
def open_tar(
    stream: BinaryIO, limits: Limits, cancellation: Cancellation, *, gzipped: bool
) -> Iterator[tuple[tuple[Leaf, ...], Copy]]:
    """Give the files and links of a tar file, and what copies files of it, while the block runs."""
    with ExitStack() as stack:
        plain = cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=stream)) if gzipped else stream)
        careful = cast("IO[bytes]", _CarefulReader(plain))
        archive = stack.enter_context(tarfile.open(fileobj=careful, mode="r:"))

        def copy(wanted: Sequence[tuple[File, Path]]) -> None:
            # In the order of the archive: going back in a compressed one is reading it again from its start.
            for file, place in sorted(wanted, key=lambda pair: pair[0].key.offset):
                content = cast("Readable", archive.extractfile(file.key))
                copy_stream(content, file, place, cancellation)

        leaves = tuple(_leaves(archive, Tally(limits), cancellation))
        _refuse_damage(plain, archive.offset)
        yield leaves, copy


def _leaves(archive: tarfile.TarFile, tally: Tally, cancellation: Cancellation) -> Iterator[Leaf]:
    # Counted before the next header is looked for, since that is found by reading all of this member.
    for member in archive:
        refuse_if_cancelled(cancellation)
        tally.add(member.size)
        path = member_path(member.name)
        if member.isdir() or not path:
            continue
        if member.isreg():
            yield File(path, member.size, member)
        elif member.issym():
            yield Link(path, member.linkname)
        elif member.islnk():
            yield Link(path, os.path.relpath(f"/{member_path(member.linkname)}", f"/{path}/.."))
        else:
            raise refused_member(member.name, "is a device or a pipe")


def _refuse_damage(stream: IO[bytes], end: int) -> None:
    """Raise ReadError where the members ended at what is no end: tarfile takes whatever it cannot read for one."""
    stream.seek(end)
    if any(stream.read(tarfile.BLOCKSIZE)):
        raise tarfile.ReadError(f"it is damaged at byte {end}")


class _CarefulReader:
    """A file to read, but never much of it at once: tarfile reads a header of any size into memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        if size > max(MOST_HEADER_BYTES, CHUNK_BYTES):
            raise tarfile.ReadError(f"a header in it has {size} bytes")
        return self._stream.read(size)
