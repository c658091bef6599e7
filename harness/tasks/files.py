"""Which files of a folder belong to the task."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Walk:
    root: Path
    is_ignored: Callable[[str], bool]
    files: list[TaskFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

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
    root = folder.resolve()
    is_ignored, findings = _read_ignore_file(root)
    walk = _Walk(root, is_ignored, findings=findings)
    _walk_folder(walk, root, "", through_link=False)
    files = sorted(walk.files, key=lambda file: file.path)
    left_out = sorted(walk.left_out, key=lambda left: left.path)
    return FileList(tuple(files), tuple(walk.findings), tuple(left_out))


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
    for entry in _entries(walk, folder, prefix):
        path = prefix + entry.name
        problem = _name_problem(entry.name)
        if problem:
            walk.report(path, problem, "Rename it, with letters, digits, dots, dashes and underscores.")
            continue
        target = _follow(walk, entry, path)
        mode = _mode(walk, target, path) if target else None
        if target is None or mode is None:
            continue
        if not stat.S_ISDIR(mode):
            if walk.is_ignored(path):
                walk.leave_out(path, IGNORE_FILE)
            else:
                _add_file(walk, target, path, mode)
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
        reason = _reason_of_name(entry.name)
        if reason is None:
            yield entry
        else:
            is_folder = entry.is_dir(follow_symlinks=False)
            walk.leave_out(f"{prefix}{entry.name}/" if is_folder else prefix + entry.name, reason)


def _reason_of_name(name: str) -> str | None:
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


def _mode(walk: _Walk, target: Path, path: str) -> int | None:
    try:
        return target.stat().st_mode
    except OSError as error:
        walk.report(path, f"The file cannot be read: {_reason(error)}.", "Make it readable.")
        return None


def _add_file(walk: _Walk, file: Path, path: str, mode: int) -> None:
    # A pipe or a device is not opened: reading it might wait for ever.
    if not stat.S_ISREG(mode):
        walk.report(path, "This is no regular file.", "Delete it.")
        return
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
