"""What one round leaves to the next: the sample data; and what it leaves for after its verdict."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from harness.errors import HarnessError
from harness.watching.snapshots import stamp_of

if TYPE_CHECKING:
    from harness.data import SampleData


class KeptWorkbench:
    """Keeps the data that was read last, as long as its files stand as they did, and closes in another thread.

    data_files: those that the data of the last round was looked for in.
    """

    def __init__(self) -> None:
        self.data_files: tuple[Path, ...] = ()
        self._kept: tuple[Hashable, SampleData] | None = None
        self._make: Callable[[], None] | None = None
        self._pool = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._pool.shutdown(wait=True)

    def sample_data(self, wanted: Hashable, files: Sequence[Path], read: Callable[[], SampleData]) -> SampleData:
        """Return the data of the round before where nothing about it can be another."""
        self.data_files = tuple(files)
        key = (wanted, tuple(stamp_of(file) for file in files))
        if self._kept is not None and self._kept[0] == key:
            return self._kept[1]
        self._kept = None
        data = read()
        self._kept = key, data
        return data

    @contextmanager
    def beside(self, make: Callable[[], None]) -> Iterator[None]:
        """Leave it for `finish`; what an earlier round has left is not wanted any more."""
        self._make = make
        yield

    def put_away(self, used: ExitStack) -> None:
        """Close it in the other thread."""
        self._pool.submit(used.close)

    def finish(self) -> None:
        """Have made, in the other thread, what the round did not wait for."""
        if self._make is not None:
            self._pool.submit(_tried, self._make)
            self._make = None


def _tried(make: Callable[[], None]) -> None:
    # A file that was saved since is the next round's; a full disk is told by the next run.
    with suppress(HarnessError, OSError):
        make()
