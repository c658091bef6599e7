"""Room on the disks, and what the harness keeps there."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from harness.cache import cache_folder
from harness.checks.wording import size_text
from harness.doctor.model import Fact, Status, missing, ok, warn

# The default environment's packages take half a gigabyte in a venv, twice that as an image.
LITTLE_BYTES = 5 * 1024**3
TOO_LITTLE_BYTES = 512 * 1024**2
WALK_SECONDS = 2.5
CHOOSE_CACHE = "Set HARNESS_CACHE_DIR to a folder that you may write to, on a disk with room."


def probe_cache() -> tuple[Fact, ...]:
    """Tell whether the cache folder can be written, and how much room is there."""
    return (room_at("cache", cache_folder(), CHOOSE_CACHE),)


def probe_temporary_folder() -> tuple[Fact, ...]:
    """Tell the same of the folder for temporary files."""
    remedy = "Set TMPDIR to a folder that you may write to, on a disk with room."
    try:
        folder = Path(tempfile.gettempdir())
    except OSError as error:
        return (missing("temporary_files", str(error.strerror), remedy),)
    return (room_at("temporary_files", folder, remedy),)


def room_at(name: str, folder: Path, remedy: str) -> Fact:
    """Return whether a folder, or where it would be made, can be written, and what is free there."""
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return missing(name, f"{folder} cannot be written: {error.strerror}", remedy, folder=str(folder))
    return free_room(name, folder, existing, remedy)


def free_room(name: str, folder: Path, existing: Path, remedy: str) -> Fact:
    """Return what is free on a folder's disk. existing: the folder, or the one above it that is there."""
    free = shutil.disk_usage(existing).free
    message, details = f"{folder}, {size_text(free)} free", {"folder": str(folder), "freeBytes": free}
    if free < TOO_LITTLE_BYTES:
        return missing(name, message, remedy, **details)
    return warn(name, message, remedy, **details) if free < LITTLE_BYTES else ok(name, message, **details)


def is_usable(facts: tuple[Fact, ...]) -> bool:
    """Tell whether none of the facts is that something is missing."""
    return all(fact.status is not Status.MISSING for fact in facts)


def probe_cache_sizes() -> Iterator[Fact]:
    """Tell what the folders in the cache take: venvs, outputs, what killed runs have left."""
    ends = time.monotonic() + WALK_SECONDS
    sizes: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    complete = True
    for folder in sorted(cache_folder().glob("*/")):
        sizes[folder.name], finished = _size(folder, seen, ends)
        complete = complete and finished
    listed = ", ".join(f"{name} {size_text(size)}" for name, size in sizes.items() if size)
    at_least = "" if complete else "at least "
    message = f"{at_least}{size_text(sum(sizes.values()))}{f' ({listed})' if listed else ''}"
    yield ok(
        "cache_sizes", f"{message}; 'harness clean' removes venvs and images", sizesInBytes=sizes, complete=complete
    )


def _size(folder: Path, seen: set[tuple[int, int]], ends: float) -> tuple[int, bool]:
    """Return the bytes of all files below, each counted once however many names it has, and whether time sufficed."""
    total, waiting = 0, [folder]
    while waiting:
        if time.monotonic() > ends:
            return total, False
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if status.st_nlink == 1 or (status.st_dev, status.st_ino) not in seen:
                total += status.st_size
                seen.add((status.st_dev, status.st_ino))
    return total, True
