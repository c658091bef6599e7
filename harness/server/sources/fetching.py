"""A repository's files, copied to a folder of this machine for as long as they are needed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError, Interrupted
from harness.server.sources.archives import open_archive
from harness.server.sources.folders import open_folder
from harness.server.sources.git_repository import open_git
from harness.server.sources.model import Checkout, Limits, Opened, SourceFile, SourceKind
from harness.server.sources.selection import as_source_paths, select
from harness.server.sources.tree import quoted

TIME_LIMIT_SECONDS = 600.0
LIMITS = Limits()
_KINDS = {SourceKind.FOLDER: "a folder", SourceKind.ARCHIVE: "an archive"}


@contextmanager
def fetch(
    location: str,
    kind: SourceKind,
    ref: str | None,
    paths: str | Sequence[str] | None,
    *,
    cancellation: Cancellation | None = None,
    limits: Limits = LIMITS,
    parent: Path | None = None,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
) -> Iterator[Checkout]:
    """Give copies of the files that `paths` names in a repository; they are removed at the end of the block.

    location, kind: as `describe_location` returned them. ref: branch, tag or commit of a git repository, None for its
    default branch. paths: the API's `sourcePath`, one or several folders and files, None for the whole repository; a
    folder's content lands at the task's root. parent: where the copies are made; the system's own place if None.
    Raises HarnessError where that cannot be done, Interrupted where the cancellation is asked for.
    """
    source_paths = as_source_paths(paths)
    if ref is not None and kind is not SourceKind.GIT:
        raise HarnessError(
            f"ref {quoted(ref)} is given, and the repository is not git but {_KINDS[kind]}", remedy="Leave ref out."
        )
    with tempfile.TemporaryDirectory(prefix="repository-", dir=parent) as name:
        workspace = Path(name)
        with (
            _in_time(cancellation or Cancellation(), time_limit_seconds) as limited,
            _disk_explained(),
            _open(location, kind, ref, workspace, limits, limited) as opened,
        ):
            checkout = _take(opened, source_paths, limits, workspace / "files")
        yield checkout


def _take(opened: Opened, source_paths: Sequence[str], limits: Limits, folder: Path) -> Checkout:
    chosen = select(opened.tree, source_paths, limits)
    opened.copy([(each.file, folder / each.path_in_task) for each in chosen])
    files = tuple(
        SourceFile(each.path_in_task, each.path_in_repository, folder / each.path_in_task, each.file.size_bytes)
        for each in chosen
    )
    return Checkout(folder, files, opened.ref, opened.commit_sha)


@contextmanager
def _open(
    location: str, kind: SourceKind, ref: str | None, workspace: Path, limits: Limits, cancellation: Cancellation
) -> Iterator[Opened]:
    if kind is SourceKind.GIT:
        yield open_git(location, ref, workspace, cancellation)
    elif kind is SourceKind.FOLDER:
        yield open_folder(Path(location), cancellation)
    else:
        with open_archive(Path(location), limits, cancellation) as opened:
            yield opened


@contextmanager
def _in_time(cancellation: Cancellation, seconds: float) -> Iterator[Cancellation]:
    """Give a cancellation that happens with the caller's, or after that many seconds; say which of both it was."""
    with cancellation.after(seconds) as limited:
        try:
            yield limited
        except Interrupted as error:
            if cancellation.requested:
                raise
            raise HarnessError(
                f"the repository was not fetched within {seconds:.0f} s", remedy="Try again, or fetch it by hand."
            ) from error


@contextmanager
def _disk_explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"{quoted(str(error.filename))} cannot be used" if error.filename else "the disk cannot be used"
        raise HarnessError(
            f"{what}: {error.strerror or error}", remedy="Check the repository's files and the room on the disk."
        ) from error
