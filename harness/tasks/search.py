"""Where the task folders are: below a folder that is given, or around a file of one."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError

CODE_FILE_NAMES = ("custom.py", "custom.R")


def is_task_folder(folder: Path) -> bool:
    """Tell whether the folder has custom.py or custom.R at its top."""
    return any((folder / name).is_file() for name in CODE_FILE_NAMES)


def code_file(folder: Path) -> Path:
    """Return the path of a task's custom.R where it has that alone, else of its custom.py."""
    return next((folder / name for name in CODE_FILE_NAMES if (folder / name).is_file()), folder / CODE_FILE_NAMES[0])


def find_task_folders(path: Path) -> tuple[Path, ...]:
    """Return the folder itself where it is a task, else the task folders right in it, sorted.

    Raises HarnessError where there is none.
    """
    if is_task_folder(path):
        return (path,)
    if not path.is_dir():
        remedy = "Give the path of a folder that holds custom.py or custom.R."
        raise HarnessError("There is no such task folder.", remedy=remedy, file=str(path))
    found = tuple(folder for folder in sorted(path.iterdir()) if folder.is_dir() and is_task_folder(folder))
    if not found:
        remedy = "Give a task folder, which holds custom.py or custom.R, or a folder of task folders."
        raise HarnessError("There is no task folder here.", remedy=remedy, file=str(path))
    return found


def enclosing_task_folder(file: Path) -> Path | None:
    """Return the nearest folder around a file that is a task's; None where the file belongs to no task.

    The file need not be there: it may have been deleted.
    """
    return next((folder for folder in file.absolute().parents if is_task_folder(folder)), None)
