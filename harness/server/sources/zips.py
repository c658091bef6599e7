"""Members of a zip file."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.backends.cancellation import Cancellation
from harness.server.sources.copying import copy_stream, refuse_if_cancelled
from harness.server.sources.members import LONGEST_TARGET, Copy, Tally, member_path, refused_member
from harness.server.sources.model import Limits
from harness.server.sources.tree import File, Leaf, Link

ENCRYPTED = 0x1
# The others may ask for gigabytes of memory to unpack a few bytes.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def open_zip(stream: BinaryIO, limits: Limits, cancellation: Cancellation) -> Iterator[tuple[tuple[Leaf, ...], Copy]]:
    """Give the files and links of a zip file, and what copies files of it, while the block runs."""
    with zipfile.ZipFile(stream) as archive:

        def copy(wanted: Sequence[tuple[File, Path]]) -> None:
            for file, place in wanted:
                with archive.open(file.key) as content:
                    copy_stream(content, file, place, cancellation)
                    # The checksum is compared at the end of the member, which an empty read is.
                    content.read(1)

        yield tuple(_leaves(archive, Tally(limits), cancellation)), copy


def _leaves(archive: zipfile.ZipFile, tally: Tally, cancellation: Cancellation) -> Iterator[Leaf]:
    for info in archive.infolist():
        refuse_if_cancelled(cancellation)
        tally.add(info.file_size)
        name = info.orig_filename
        path = member_path(name)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if name.endswith("/") or kind == stat.S_IFDIR or not path:
            continue
        if kind not in (0, stat.S_IFREG, stat.S_IFLNK):
            raise refused_member(name, "is a device, a pipe or a socket")
        if info.flag_bits & ENCRYPTED:
            raise refused_member(name, "is encrypted")
        if info.compress_type not in METHODS:
            raise refused_member(name, "is compressed in a way that only few programs know")
        if kind == stat.S_IFLNK:
            yield Link(path, _target(archive, info))
        else:
            yield File(path, info.file_size, info)


def _target(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    if info.file_size > LONGEST_TARGET:
        raise refused_member(info.orig_filename, "is a link, and too long for one")
    with archive.open(info) as content:
        return content.read().decode("utf-8", "surrogateescape")
