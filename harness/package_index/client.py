"""Ask this machine's package indexes, within a time budget, and remember what they said."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from packaging.utils import InvalidName, canonicalize_name

from harness.errors import HarnessError
from harness.package_index.documents import Refused
from harness.package_index.model import IndexFile, Metadata, Project
from harness.package_index.settings import IndexSettings, read_index_settings

BUDGET_SECONDS = 10.0
QUESTIONS_AT_ONCE = 8

Answer = TypeVar("Answer")


class IndexUnavailable(HarnessError):
    """An index could not be asked, or did not answer in time; whoever wanted facts goes on without them."""


def open_index(
    environ: Mapping[str, str] | None = None,
    budget_seconds: float = BUDGET_SECONDS,
    *,
    as_of: datetime | None = None,
) -> PackageIndex:
    """Open the indexes that pip uses here; environ: this process's where None."""
    settings = read_index_settings(os.environ if environ is None else environ)
    return PackageIndex(settings, budget_seconds, as_of=as_of)


class PackageIndex:
    """All package indexes of this machine, taken together as pip does. Closing it ends the connections.

    budget_seconds: how long all questions together may take, counted from the first. Each is asked once and its answer
    kept. A question still under way when the time is up is left to itself, in a thread that holds nobody up. as_of:
    files of a later time are not there; those of which an index does not tell the time are.
    """

    def __init__(
        self, settings: IndexSettings, budget_seconds: float = BUDGET_SECONDS, *, as_of: datetime | None = None
    ) -> None:
        from harness.package_index.connection import Connection

        self._as_of = as_of
        self._settings = settings
        self._connection = Connection(settings)
        self._budget_seconds = budget_seconds
        self._deadline: float | None = None
        self._projects: dict[str, Future[Project | None]] = {}
        self._metadata: dict[str, Future[Metadata]] = {}
        self._places = threading.Semaphore(QUESTIONS_AT_ONCE)

    def __enter__(self) -> Self:
        self._connection.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.__exit__(kind, error, trace)

    def project(self, name: str) -> Project | None:
        """Return the project with the files of all indexes, None where no index has it.

        IndexUnavailable where one of them cannot be asked: it may have what the others lack.
        """
        self.prefetch([name])
        return self._wait_for(self._projects[name])

    def prefetch(self, names: Iterable[str]) -> None:
        """Begin to ask for these projects, several at a time, so that `project` finds them answered."""
        for name in names:
            if name not in self._projects:
                self._projects[name] = self._begin(partial(self._find_project, name))

    def metadata(self, wheel: IndexFile) -> Metadata | None:
        """Return what a wheel says of its needs; None where neither the index nor the wheel itself can be asked."""
        self.prefetch_metadata([wheel])
        try:
            return self._wait_for(self._metadata[wheel.url])
        except IndexUnavailable:
            return None

    def prefetch_metadata(self, wheels: Iterable[IndexFile]) -> None:
        """Begin to ask for the metadata of these wheels, several at a time."""
        for wheel in wheels:
            if wheel.url not in self._metadata:
                self._metadata[wheel.url] = self._begin(partial(self._find_metadata, wheel))

    def _begin(self, ask: Callable[[], Answer]) -> Future[Answer]:
        """Ask in a thread: neither name resolution nor an answer that trickles in keeps to a socket's timeout."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._budget_seconds
        future: Future[Answer] = Future()
        threading.Thread(target=self._answer, args=(ask, future), daemon=True).start()
        return future

    def _answer(self, ask: Callable[[], Answer], future: Future[Answer]) -> None:
        with self._places:
            try:
                future.set_result(ask())
            except Refused as error:
                future.set_exception(IndexUnavailable(f"The package index cannot be asked: {error}."))
            except Exception as error:  # noqa: BLE001 - whatever a stranger's page or archive makes parsers raise
                kind = type(error).__name__
                future.set_exception(IndexUnavailable(f"What the package index answered cannot be read ({kind})."))

    def _wait_for(self, future: Future[Answer]) -> Answer:
        assert self._deadline is not None
        try:
            return future.result(timeout=max(0.0, self._deadline - time.monotonic()))
        except TimeoutError as error:
            raise IndexUnavailable(f"The package index did not answer in {self._budget_seconds:g} s.") from error

    def _find_project(self, name: str) -> Project | None:
        try:
            canonical = canonicalize_name(name, validate=True)
        except InvalidName:
            return None
        if not self._settings.addresses:
            raise Refused("pip is told to use no index")
        answers = [self._read_page(f"{address.url}{canonical}/", canonical) for address in self._settings.addresses]
        pages = [page for page in answers if page is not None]
        files = [file for page in pages for file in page if self._was_there(file)]
        return Project.of(canonical, files) if files or (pages and self._as_of is None) else None

    def _was_there(self, file: IndexFile) -> bool:
        return self._as_of is None or file.upload_time is None or file.upload_time <= self._as_of

    def _read_page(self, url: str, name: str) -> tuple[IndexFile, ...] | None:
        from harness.package_index.pages import ACCEPTED_TYPES, read_page

        document = self._connection.fetch(url, ACCEPTED_TYPES)
        return read_page(document.content, document.content_type, document.url, name) if document else None

    def _find_metadata(self, wheel: IndexFile) -> Metadata:
        url = wheel.metadata_url
        document = self._connection.fetch(url) if url else None
        return Metadata.of(document.content if document else self._connection.fetch_from_wheel(wheel.url))
