"""What a validation may take over from an earlier one of the same task, and what it may leave for after its verdict."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.data import SampleData


class Workbench(Protocol):
    """Where a validation finds what is ready, and puts what it no longer needs."""

    def sample_data(self, wanted: Hashable, files: Sequence[Path], read: Callable[[], SampleData]) -> SampleData:
        """Return what `read` returns, or what it returned earlier.

        wanted: all that the data depends on beside the contents of `files`, of which some may not be there.
        """
        ...

    def beside(self, make: Callable[[], None]) -> AbstractContextManager[None]:
        """Have something made that no verdict needs: while the block runs, or later."""
        ...

    def put_away(self, used: ExitStack) -> None:
        """Close what the verdict has been taken from: a worker, its container, its folders."""
        ...


class BareWorkbench:
    """Nothing is ready, and nothing is left."""

    def sample_data(self, _: Hashable, __: Sequence[Path], read: Callable[[], SampleData]) -> SampleData:
        """Read the data."""
        return read()

    @contextmanager
    def beside(self, make: Callable[[], None]) -> Iterator[None]:
        """Make it in a thread; the block ends when it is there."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            making = pool.submit(make)
            yield
            making.result()

    def put_away(self, used: ExitStack) -> None:
        """Close it now."""
        used.close()
