"""A stage's log: what it wrote, secrets starred out, between two lines that say when it started and ended."""

from __future__ import annotations

import os
import shutil

from .credentials import Mask
from .files import make_real_folder, remove

# A hook that prints in an endless loop must not fill the disk.
LARGEST_LOG_BYTES = 200 * 1024 * 1024
# An unfinished line longer than this is written as far as no secret can begin in it.
LONGEST_HELD_BYTES = 1024 * 1024


class MaskedLines:
    """Stars out secrets in a stream of bytes; where there are any, the last line is held back until it is finished."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return what may be shown now that `chunk` has come."""
        if not self._mask.longest:
            return chunk
        lines, newline, rest = (self._held + chunk).rpartition(b"\n")
        if len(rest) > LONGEST_HELD_BYTES:
            cleaned = self._mask.clean_bytes(rest)
            keep = len(cleaned) - self._mask.longest
            lines, newline, rest = lines + newline + cleaned[:keep], b"", cleaned[keep:]
        self._held = rest
        return self._mask.clean_bytes(lines + newline)

    def rest(self) -> bytes:
        """Return what was held back; nothing more of that line will come."""
        held, self._held = self._held, b""
        return self._mask.clean_bytes(held)


class StageLog:
    """Writes what a stage puts out to `path`, and lines of our own."""

    def __init__(self, path: str, mask: Mask) -> None:
        self._path = path
        self._file = open(path, "x+b", buffering=0)  # noqa: SIM115 - closed by close()
        self._lines = MaskedLines(mask)
        self._last = b"\n"
        self.size = 0

    @property
    def is_full(self) -> bool:
        return self.size > LARGEST_LOG_BYTES

    def write(self, chunk: bytes) -> None:
        """Add what the stage has written; once the log is full, nothing more is added."""
        if not self.is_full:
            self._append(self._lines.feed(chunk))

    def line(self, text: str) -> None:
        """Add a line of our own, on a line of its own."""
        self._append(self._lines.rest())
        start = b"" if self._last == b"\n" else b"\n"
        self._append(start + text.encode("utf-8") + b"\n")

    def close(self) -> None:
        """Close the file, and put it back where the task has removed or replaced it."""
        if not self._is_in_place():
            make_real_folder(os.path.dirname(self._path))
            remove(self._path)
            self._file.seek(0)
            with open(self._path, "xb") as copy:
                shutil.copyfileobj(self._file, copy)
        self._file.close()

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.lstat(self._path), os.fstat(self._file.fileno()))
        except OSError:
            return False

    def _append(self, chunk: bytes) -> None:
        if chunk:
            self._file.write(chunk)
            self._last = chunk[-1:]
            self.size += len(chunk)
