"""How the watched files stand at a moment, without reading them, and what two moments differ in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from harness.tasks import stat_files
from harness.tasks.files import IGNORE_FILE
from harness.tasks.folder import REQUIREMENTS_FILE
from harness.tasks.metadata import FILE_NAME as METADATA_FILE
from harness.watching.decision import Change, Part
from harness.watching.places import Places

# What editors put beside a file while they save it. Hidden files are none of a task anyway.
# Source: the ignore patterns that Vim, Emacs, PyCharm and watchfiles document.
_OF_EDITORS = ("*~", "#*#", "*.sw?", "*.bak", "*___jb_tmp___", "*___jb_old___", "4913", "flycheck_*")
_OF_TASK = {REQUIREMENTS_FILE: Part.REQUIREMENTS, METADATA_FILE: Part.METADATA}
# Of these single files are watched: one that nobody asked for before has not changed.
_SINGLE = frozenset({Part.DATA, Part.PARAMETERS})

# Size, inode and time of the last change; a text where a file cannot be read; None where it is not there.
Stamp = tuple[int, int, int] | str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The watched files by part and name. folders: those in which a change of any of them would be seen."""

    stamps: Mapping[tuple[Part, str], Stamp]
    folders: frozenset[Path]

    @property
    def newest_ns(self) -> int:
        """Return when a file changed last, in nanoseconds since 1970."""
        return max((stamp[2] for stamp in self.stamps.values() if isinstance(stamp, tuple)), default=0)


def take_snapshot(places: Places) -> Snapshot:
    """Return how the watched files stand now."""
    stamps: dict[tuple[Part, str], Stamp] = {}
    folders: set[Path] = set()
    _add_task(places, stamps, folders)
    for part, files in ((Part.DATA, places.data), (Part.PARAMETERS, filter(None, (places.parameters,)))):
        for file in files:
            name = _name_of(file, places.task)
            stamps.pop((Part.CODE, name), None)
            stamps[part, name] = stamp_of(file)
            # The second one where it is a link.
            folders |= {_there(file.parent), _there(file.resolve().parent)}
    for part, folder in ((Part.SECRETS, places.secrets), (Part.ENVIRONMENT, places.environment)):
        if folder is not None:
            folders.add(_there(folder))
            for file in _files_below(folder, folders):
                stamps[part, str(file)] = stamp_of(file)
    return Snapshot(stamps, frozenset(folder.resolve() for folder in folders))


def changes_between(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Return the files that differ, in the order of their names."""
    return tuple(sorted(_changes(before.stamps, after.stamps), key=lambda change: change.name))


def _changes(before: Mapping[tuple[Part, str], Stamp], after: Mapping[tuple[Part, str], Stamp]) -> Iterator[Change]:
    for part, name in {**before, **after}:
        if part in _SINGLE and not ((part, name) in before and (part, name) in after):
            continue
        was, is_now = before.get((part, name)), after.get((part, name))
        if was != is_now:
            yield Change(name, part, "added" if was is None else "removed" if is_now is None else "changed")


def stamp_of(file: Path) -> Stamp:
    """Return what changes whenever a file is saved."""
    try:
        return _stamp(file.stat())
    except FileNotFoundError:
        return None
    except OSError as error:
        return str(error)


def _stamp(status: os.stat_result) -> Stamp:
    # Not the time of modification: copies and archives set that back.
    return status.st_size, status.st_ino, status.st_ctime_ns


def _add_task(places: Places, stamps: dict[tuple[Part, str], Stamp], folders: set[Path]) -> None:
    try:
        found = stat_files(places.task)
    except OSError as error:
        stamps[Part.CODE, str(places.task)] = str(error)
        folders.add(_there(places.task))
        return
    root = places.task.resolve()
    folders |= {folder for folder in found.folders if not _is_below(folder, places.written)}
    for path, status in found.files.items():
        if not _is_of_editor(path) and not _is_below(root / path, places.written):
            stamps[_OF_TASK.get(path, Part.CODE), path] = _stamp(status)
    for finding in found.findings:
        stamps[Part.CODE, finding.file or ""] = finding.message
    stamps[Part.CODE, IGNORE_FILE] = stamp_of(root / IGNORE_FILE)


def _name_of(file: Path, task: Path) -> str:
    """Return what the user calls a file: within the task folder its path there."""
    whole, root = file.absolute(), task.absolute()
    return str(whole.relative_to(root)) if whole.is_relative_to(root) else str(file)


def _is_of_editor(path: str) -> bool:
    name = PurePosixPath(path).name
    return any(fnmatchcase(name, pattern) for pattern in _OF_EDITORS)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _files_below(folder: Path, folders: set[Path]) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        folders.add(Path(place))
        yield from (Path(place, name) for name in names if not _is_of_editor(name))


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())
