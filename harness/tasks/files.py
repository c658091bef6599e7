"""Which files of a folder belong to the task."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.findings import Finding, Severity
from harness.tasks.model import LeftOut, TaskFile

IGNORE_FILE = ".harnessignore"

_CACHE_FOLDERS = frozenset({"__pycache__", "__pypackages__", "__MACOSX"})
_CACHE_SUFFIXES = (".pyc", ".pyo")
_VIRTUAL_ENVIRONMENT_MARK = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class FileList:
    """The files of a task and what is left out, sorted by path; what is wrong with those that cannot travel."""

    files: tuple[TaskFile, ...]
    findings: tuple[Finding, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class FileStats:
    """The files of a task by their paths, as the file system knows them, and the folders in which they lie."""

    files: Mapping[str, os.stat_result]
    findings: tuple[Finding, ...]
    folders: tuple[Path, ...]


@dataclass(slots=True)
class _Walk:
    """A walk through a task folder. add: what is done with each of its files. folders: those that were listed."""

    root: Path
    is_ignored: Callable[[str], bool]
    add: Callable[[_Walk, Path, str, os.stat_result], None]
    files: list[TaskFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def leave_out(self, path: str, reason: str) -> None:
        self.left_out.append(LeftOut(_printable(path), reason))

    def report(self, path: str, message: str, remedy: str) -> None:
        self.findings.append(Finding(message, remedy, _printable(path)))


def list_files(folder: Path) -> FileList:
    """Return the files that belong to the task in a folder, with size and SHA-256.

    Left out: hidden files and folders, caches, compiled Python, virtual environments, and what `.harnessignore`
    (in the syntax of .gitignore) names. A link to a file or folder inside the task is followed; one that leaves the
    task is an error, since what it points to would not be uploaded. Raises OSError where the folder itself cannot
    be listed.
    """
    walk = _walk(folder, _add_file)
    files = sorted(walk.files, key=lambda file: file.path)
    left_out = sorted(walk.left_out, key=lambda left: left.path)
    return FileList(tuple(files), tuple(walk.findings), tuple(left_out))


def stat_files(folder: Path) -> FileStats:
    """Return what `list_files` would list, without reading any of it. Raises OSError as that does."""
    stats: dict[str, os.stat_result] = {}
    walk = _walk(folder, partial(_add_stat, stats))
    return FileStats(stats, tuple(walk.findings), tuple(walk.folders))


def _walk(folder: Path, add: Callable[[_Walk, Path, str, os.stat_result], None]) -> _Walk:
    root = folder.resolve()
    is_ignored, findings = _read_ignore_file(root)
    walk = _Walk(root, is_ignored, add, findings=findings)
    _walk_folder(walk, root, "", through_link=False)
    return walk


def _read_ignore_file(root: Path) -> tuple[Callable[[str], bool], list[Finding]]:
    """Return the rule that `.harnessignore` states for paths (those of folders end in `/`), and what is wrong in it."""
    findings: list[Finding] = []
    try:
        lines = (root / IGNORE_FILE).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        lines = []
    except UnicodeDecodeError:
        lines = []
        findings.append(Finding("The file is not UTF-8 text and is not used.", "Save it as UTF-8.", IGNORE_FILE))
    except OSError as error:
        lines = []
        findings.append(Finding(f"The file cannot be read: {_reason(error)}.", "Make it readable.", IGNORE_FILE))
    if not lines:
        return lambda _: False, findings
    from pathspec import GitIgnoreSpec

    patterns: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            problem = f'"{line}" is no pattern in the syntax of .gitignore, and is not used.'
            findings.append(Finding(problem, "Correct the pattern.", IGNORE_FILE, number, 1, Severity.WARNING))
        else:
            patterns.append(line)
    return GitIgnoreSpec.from_lines(patterns).match_file, findings


def _walk_folder(walk: _Walk, folder: Path, prefix: str, *, through_link: bool) -> None:
    """Add the files of a folder; `prefix` is its path in the task, empty or ending in `/`.

    A linked folder may not lead on to a further linked folder, so that links in a circle come to an end.
    """
    walk.folders.append(folder)
    for entry in _entries(walk, folder, prefix):
        path = prefix + entry.name
        problem = _name_problem(entry.name)
        if problem:
            walk.report(path, problem, "Rename it, with letters, digits, dots, dashes and underscores.")
            continue
        target = _follow(walk, entry, path)
        status = _status(walk, target, path) if target else None
        if target is None or status is None:
            continue
        if not stat.S_ISDIR(status.st_mode):
            if walk.is_ignored(path):
                walk.leave_out(path, IGNORE_FILE)
            elif not stat.S_ISREG(status.st_mode):
                # A pipe or a device is not opened: reading it might wait for ever.
                walk.report(path, "This is no regular file.", "Delete it.")
            else:
                walk.add(walk, target, path, status)
        elif entry.is_symlink() and through_link:
            message = "This link to a folder is itself reached through a link to a folder."
            walk.report(path, message, "Put the folder in its place.")
        elif not _is_left_out_folder(walk, target, path):
            _walk_folder(walk, target, f"{path}/", through_link=through_link or entry.is_symlink())


def _entries(walk: _Walk, folder: Path, prefix: str) -> Iterator[os.DirEntry[str]]:
    """Yield what a folder holds and is not left out by its name, sorted; the rest goes to `walk.left_out`."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        if not prefix:
            raise
        walk.report(prefix.rstrip("/"), f"The folder cannot be read: {_reason(error)}.", "Make it readable.")
        return
    for entry in entries:
        reason = reason_of_name(entry.name)
        if reason is None:
            yield entry
        else:
            is_folder = entry.is_dir(follow_symlinks=False)
            walk.leave_out(f"{prefix}{entry.name}/" if is_folder else prefix + entry.name, reason)


def reason_of_name(name: str) -> str | None:
    """Return why a file or folder of this name belongs to no task; None where it may."""
    if name.startswith("."):
        return "hidden"
    if name in _CACHE_FOLDERS:
        return "cache"
    return "compiled Python" if name.endswith(_CACHE_SUFFIXES) else None


def _name_problem(name: str) -> str | None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "The name is not UTF-8 text."
    if "\\" in name:
        return "The name has a backslash, which the platform would read as a folder."
    if not name.isprintable():
        return "The name has a character that cannot be printed."
    return None


def _follow(walk: _Walk, entry: os.DirEntry[str], path: str) -> Path | None:
    """Return the entry's own path, or that of what it links to; None where a link cannot be followed."""
    if not entry.is_symlink():
        return Path(entry.path)
    if walk.is_ignored(path):
        walk.leave_out(path, IGNORE_FILE)
        return None
    remedy = "Put the file in its place."
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):
        walk.report(path, "The link leads to nothing.", remedy)
        return None
    if not target.is_relative_to(walk.root):
        walk.report(path, "The link leads out of the task folder, and what it points to is not uploaded.", remedy)
        return None
    if Path(entry.path).parent.is_relative_to(target):
        walk.report(path, "The link leads back to a folder that holds it.", "Delete the link.")
        return None
    return target


def _is_left_out_folder(walk: _Walk, folder: Path, path: str) -> bool:
    if os.path.lexists(folder / _VIRTUAL_ENVIRONMENT_MARK):
        walk.leave_out(f"{path}/", "virtual environment")
    elif walk.is_ignored(f"{path}/"):
        walk.leave_out(f"{path}/", IGNORE_FILE)
    else:
        return False
    return True


def _status(walk: _Walk, target: Path, path: str) -> os.stat_result | None:
    try:
        return target.stat()
    except OSError as error:
        walk.report(path, f"The file cannot be read: {_reason(error)}.", "Make it readable.")
        return None


def _add_stat(stats: dict[str, os.stat_result], _: _Walk, __: Path, path: str, status: os.stat_result) -> None:
    stats[path] = status


def _add_file(walk: _Walk, file: Path, path: str, _: os.stat_result) -> None:
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size_bytes = stream.tell()
    except OSError as error:
        walk.report(path, f"The file cannot be read: {_reason(error)}.", "Make it readable.")
        return
    walk.files.append(TaskFile(path, size_bytes, digest))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _printable(path: str) -> str:
    """Write a path that is not UTF-8, or has characters that cannot be printed, with escapes."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
