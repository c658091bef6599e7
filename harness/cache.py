"""Where the harness keeps what is worth keeping between runs, and how two runs stay out of each other's way."""

from __future__ import annotations

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_cache_path

from harness.errors import HarnessError

_AS_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def cache_folder() -> Path:
    """Return the cache folder: HARNESS_CACHE_DIR, else the user's cache folder of this system."""
    chosen = os.environ.get("HARNESS_CACHE_DIR")
    return Path(chosen).absolute() if chosen else user_cache_path("task-harness")


def make_folder(folder: Path, remedy: str = "Set HARNESS_CACHE_DIR to a folder that you may write to.") -> Path:
    """Create `folder` and its parents; raises HarnessError with that remedy where it cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(
            f"the folder cannot be created: {error.strerror}", file=str(folder), remedy=remedy
        ) from error
    return folder


@contextmanager
def locked(file: Path) -> Iterator[int]:
    """Hold an exclusive lock on `file` while the block runs, and give its descriptor.

    The kernel releases it when this process and every program that was given the descriptor have ended.
    """
    make_folder(file.parent)
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


@contextmanager
def locked_file() -> Iterator[Path]:
    """Give a file of a name of its own that is locked while the block runs, and removed afterwards.

    Who finds its name in a label can tell whether the process that wrote it lives.
    """
    parent = make_folder(cache_folder() / "owners")
    handle = tempfile.NamedTemporaryFile(dir=parent, suffix=".lock", delete=False)  # noqa: SIM115 - closed below
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield Path(handle.name)
    finally:
        Path(handle.name).unlink(missing_ok=True)
        handle.close()


@contextmanager
def run_folder() -> Iterator[Path]:
    """Give an empty folder for one run and remove it afterwards.

    What a killed run left behind is removed by the next one: a living run holds a lock beside its folder, out of the
    task's sight.
    """
    parent = make_folder(cache_folder() / "runs")
    with locked(parent / "sweep.lock"):
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(dir=parent))
        handle = lock_of(folder).open("w")
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        remove_tree(folder)
        lock_of(folder).unlink(missing_ok=True)
        handle.close()


def remove_tree(folder: Path) -> None:
    """Remove a folder whatever a task has made of it: locked, or deeper than any path reaches.

    What is in a subfolder moves up before that goes, so that no path is long. What cannot be removed stays.
    """
    with suppress(OSError):
        if folder.is_symlink() or not folder.is_dir():
            folder.unlink()
            return
        folder.chmod(0o700)
        top = os.open(folder, _AS_FOLDER)
        try:
            entries = list(os.scandir(top))
            while entries and sum(_removed(entry, top, top) for entry in entries):
                entries = list(os.scandir(top))
        finally:
            os.close(top)
        folder.rmdir()


def _removed(entry: os.DirEntry[str], parent: int, top: int) -> bool:
    """Remove an entry of the folder `parent`, or move it up to `top` where it is a folder in a subfolder of that."""
    try:
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.name, dir_fd=parent)
            return True
        # A folder that moves must be ours to write: its link to the folder above changes.
        os.chmod(entry.name, 0o700, dir_fd=parent)
        if parent != top:
            os.rename(entry.name, uuid.uuid4().hex, src_dir_fd=parent, dst_dir_fd=top)
            return True
        folder = os.open(entry.name, _AS_FOLDER, dir_fd=top)
        try:
            for inner in list(os.scandir(folder)):
                _removed(inner, folder, top)
        finally:
            os.close(folder)
        os.rmdir(entry.name, dir_fd=top)
    except OSError:
        return False
    return True


def lock_of(folder: Path) -> Path:
    """Return the file that a living run holds a lock on."""
    return folder.with_name(f"{folder.name}.lock")


def is_held(lock: Path) -> bool:
    """Tell whether a living process holds the lock on a file; also where that cannot be found out."""
    try:
        with lock.open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # BlockingIOError: held
        return True
    return False


def _sweep(parent: Path) -> None:
    for folder in parent.glob("*/"):
        lock = lock_of(folder)
        with suppress(OSError), lock.open("w") as handle:  # BlockingIOError: a living run holds it
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(folder)
            lock.unlink()
