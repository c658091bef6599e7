"""What a stage's process tells the server besides its result: where it is, and how it ended.

One page of memory that both share. It outlives the process however that ends, and closing every file does not
reach it. Words are written whole and read only after the process is gone.
"""

from __future__ import annotations

import mmap

_FIELD = 64


class Progress:
    """The two words: `where` (a hook's name, `import`, `data`, …) and `status` (empty until the work is done)."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, 2 * _FIELD)

    def enter(self, where: str) -> None:
        self._write(0, where)

    def finish(self, status: str) -> None:
        self._write(_FIELD, status)

    @property
    def where(self) -> str:
        return self._read(0)

    @property
    def status(self) -> str:
        return self._read(_FIELD)

    def _write(self, start: int, word: str) -> None:
        encoded = word.encode("utf-8")[:_FIELD]
        self._page[start : start + _FIELD] = encoded.ljust(_FIELD, b"\0")

    def _read(self, start: int) -> str:
        return self._page[start : start + _FIELD].rstrip(b"\0").decode("utf-8", "replace")
