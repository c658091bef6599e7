"""The contents of files, each stored once under its SHA-256: folder/ab/cdef…, read-only.

A content is written into a file of its own in `incoming/`, brought to the disk, and only then renamed to its place:
what has a place is whole. `incoming/` has a folder for each process that has the store open, locked as long as it
lives, so that what a killed process left there can be told from what is being written.

Uploads place contents, and removals remove what nobody refers to, in turns (a lock on `.lock`, also between processes).
A content that is placed once more counts as new: whoever placed it has the whole grace time to refer to it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from harness.server.errors import StorageFull

CHUNK_BYTES = 1024 * 1024
GRACE_SECONDS = 24 * 3600.0

_INCOMING = "incoming"
_SHA256 = re.compile(r"[0-9a-f]{64}")
# No room, the user's share of it used up, and a file larger than the process or the filesystem may have.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class StoredContent:
    sha256: str
    size_bytes: int


class Contents:
    """The store in a folder, which is made where it is missing. Opening removes what killed processes left unfinished.

    Every method that writes raises StorageFull where there is no room, and leaves nothing half-written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with _told_as_full():
            (folder / _INCOMING).mkdir(parents=True, exist_ok=True)
            with self._alone():
                _remove_abandoned(folder / _INCOMING)
                self._incoming = Path(tempfile.mkdtemp(dir=folder / _INCOMING))
                lock = os.open(self._incoming, os.O_RDONLY)
                fcntl.flock(lock, fcntl.LOCK_EX)
        self.close = weakref.finalize(self, _leave, lock, self._incoming)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def writer(self) -> ContentWriter:
        """Begin a content whose bytes come piece by piece."""
        with _told_as_full():
            descriptor, name = tempfile.mkstemp(dir=self._incoming)
        return ContentWriter(os.fdopen(descriptor, "wb"), Path(name), self)

    def put_bytes(self, content: bytes) -> StoredContent:
        with self.writer() as writer:
            writer.write(content)
            return writer.finish()

    def put_file(self, path: Path) -> StoredContent:
        """Store a copy of the file, read in pieces."""
        with path.open("rb") as file, self.writer() as writer:
            while chunk := file.read(CHUNK_BYTES):
                writer.write(chunk)
            return writer.finish()

    def path(self, sha256: str) -> Path:
        """Return where that content lies or would lie. For reading alone. Raises ValueError where it is no SHA-256."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is not the SHA-256 of a content.")
        return self.folder / sha256[:2] / sha256[2:]

    def open(self, sha256: str) -> BinaryIO:
        """Open a content for reading. Raises FileNotFoundError where it is not stored."""
        return self.path(sha256).open("rb")

    def size_bytes(self, sha256: str) -> int:
        """Return how long a content is. Raises FileNotFoundError where it is not stored."""
        return self.path(sha256).stat().st_size

    def copy_out(self, files: Iterable[tuple[str, str]], folder: Path) -> None:
        """Copy contents into a folder, each to its relative path; what is there already is not replaced.

        files: (relative path, sha256). Copies and no links: a task may write into its files, never into the store.
        Raises ValueError for a path that would leave the folder.
        """
        for relative_path, sha256 in files:
            target = folder.joinpath(*_safe_parts(relative_path))
            source = self.path(sha256)
            with _told_as_full():
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(source, target)

    def remove_unused(
        self, used: Container[str] | Callable[[str], bool], grace_seconds: float = GRACE_SECONDS
    ) -> list[StoredContent]:
        """Remove every content that nobody refers to and that was placed longer ago than the grace time; return them.

        used: the SHA-256 of the contents that are referred to, or what answers whether one is.
        """
        is_used = used if callable(used) else used.__contains__
        removed = []
        for path in sorted(self.folder.glob("??/*")):
            sha256 = path.parent.name + path.name
            if not _SHA256.fullmatch(sha256) or is_used(sha256):
                continue
            with self._alone(), suppress(FileNotFoundError):
                status = path.stat()
                if time.time() - status.st_mtime >= grace_seconds:
                    path.unlink()
                    removed.append(StoredContent(sha256, status.st_size))
        return removed

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else place or remove contents meanwhile, neither a thread nor another process."""
        lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def keep(self, sha256: str) -> bool:
        """Say that a content is needed again: it counts as new. Returns whether it is stored."""
        with self._alone(), suppress(FileNotFoundError):
            os.utime(self.path(sha256))
            return True
        return False

    def place(self, file: Path, content: StoredContent) -> None:
        """Move a whole file of `incoming/` to its place, or keep what is there."""
        place = self.path(content.sha256)
        place.parent.mkdir(exist_ok=True)
        with self._alone():
            if place.exists():
                os.utime(place)
            else:
                os.utime(file)
                file.rename(place)


class ContentWriter:
    """One content while it is written. Leaving the context without `finish` leaves nothing behind."""

    def __init__(self, file: BinaryIO, path: Path, contents: Contents) -> None:
        self._file = file
        self._path = path
        self._contents = contents
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._sealed: StoredContent | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, piece: bytes | memoryview) -> None:
        """Add bytes. They reach the disk at `seal` or before."""
        with _told_as_full():
            self._file.write(piece)
        self._hash.update(piece)
        self._size_bytes += len(piece)

    def seal(self) -> StoredContent:
        """Say that nothing follows: the bytes are brought to the disk, and the file is closed, not yet placed.

        Thus all files of a request can be received first, and placed together where all of it was in order.
        """
        if self._sealed is None:
            content = StoredContent(self._hash.hexdigest(), self._size_bytes)
            with _told_as_full():
                self._file.flush()
                os.fchmod(self._file.fileno(), 0o444)
                if not self._contents.keep(content.sha256):
                    os.fsync(self._file.fileno())
                self._file.close()
            self._sealed = content
        return self._sealed

    def finish(self) -> StoredContent:
        """Place the content in the store. The same content is stored once."""
        content = self.seal()
        with _told_as_full():
            self._contents.place(self._path, content)
        return content

    def close(self) -> None:
        """Forget what was written and not finished."""
        with suppress(OSError):  # what is still to be flushed, where the disk is full
            self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def _told_as_full() -> Iterator[None]:
    """Raise StorageFull for what the system says where there is no room."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull("The server has no room left for these files.") from error
        raise


def _copy(source: Path, target: Path) -> None:
    """Copy into a new file, or leave none."""
    with source.open("rb") as reading, target.open("xb") as writing:
        try:
            shutil.copyfileobj(reading, writing, CHUNK_BYTES)
            writing.flush()
        except BaseException:
            target.unlink()
            with suppress(OSError):
                writing.close()
            raise
        os.fchmod(writing.fileno(), 0o644)


def _safe_parts(relative_path: str) -> list[str]:
    """Return the parts of a path that stays below where it starts.

    Asked again here, whatever was asked when the path was taken in: this is where files are written.
    """
    parts = relative_path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise ValueError(f"{relative_path!r} is not a path inside a folder.")
    return parts


def _remove_abandoned(incoming: Path) -> None:
    """Remove the folders of processes that are gone: their locks are free."""
    for folder in incoming.iterdir():
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder)
        finally:
            os.close(lock)


def _leave(lock: int, incoming: Path) -> None:
    shutil.rmtree(incoming, ignore_errors=True)
    os.close(lock)
