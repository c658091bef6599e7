"""An archive file as a repository: zip, tar or tar.gz. Nothing in it is believed before it was looked at."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError
from harness.server.sources.members import tree_of_members
from harness.server.sources.model import Limits, Opened
from harness.server.sources.tars import open_tar
from harness.server.sources.tree import quoted
from harness.server.sources.zips import open_zip

GZIP_START = b"\x1f\x8b"
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    RecursionError,
    OverflowError,
    MemoryError,
)


def is_archive(file: Path) -> bool:
    """Tell by its first bytes whether a file is a zip, tar or tar.gz."""
    with file.open("rb") as stream:
        start = stream.read(tarfile.BLOCKSIZE)
    return start.startswith((GZIP_START, *ZIP_STARTS)) or _is_tar(start)


@contextmanager
def open_archive(location: Path, limits: Limits, cancellation: Cancellation) -> Iterator[Opened]:
    """Give the archive's tree while the block runs.

    Raises HarnessError, and takes nothing, where the archive is damaged, larger than the limits allow, or has a
    member that could land outside of the folder it is unpacked to: `..`, an absolute path, a link that leads out, a
    device, two of one path. Members that are not wanted are judged as well.
    """
    with _damage_explained(location), location.open("rb") as stream:
        start = stream.read(len(ZIP_STARTS[0]))
        stream.seek(0)
        if start.startswith(ZIP_STARTS):
            opening = open_zip(stream, limits, cancellation)
        else:
            opening = open_tar(stream, limits, cancellation, gzipped=start.startswith(GZIP_START))
        with opening as (members, copy):
            yield Opened(tree_of_members(members), copy)


@contextmanager
def _damage_explained(location: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise HarnessError(
            f"the archive {quoted(str(location))} cannot be read: {error or type(error).__name__}",
            remedy="Pack it again, as zip, tar or tar.gz.",
        ) from error
    except OSError as error:
        # gzip's errors about its content are of this class and have no number.
        if error.errno is not None:
            raise
        raise HarnessError(
            f"the archive {quoted(str(location))} cannot be read: {error}", remedy="Pack it again."
        ) from error


def _is_tar(start: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(start, tarfile.ENCODING, "surrogateescape")
    except tarfile.TarError:
        return False
    return True
