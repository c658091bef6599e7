"""What the shell offers for a value: environments, backends, task folders. Light: a keystroke waits for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

TASK_FILES = ("custom.py", "custom.R")
ENVIRONMENT_FILES = ("env_info.json",)
RESULT_FILES = ("report.json",)
# What a shell takes as one word without quotation marks.
_ONE_WORD = re.compile(r"[\w~./@%+,=-]+")


def backends(incomplete: str) -> list[str]:
    """Return the words that --backend takes."""
    return [name for name in ("auto", "docker", "venv") if name.startswith(incomplete)]


def environments(incomplete: str) -> list[str]:
    """Return the bundled environments' names, and folders that are environments."""
    from harness.bundled_files import bundled_folder

    files = bundled_folder("environments").glob(f"*/{ENVIRONMENT_FILES[0]}")
    names = sorted(file.parent.name for file in files if file.parent.name.startswith(incomplete))
    return [*names, *(folder for folder in _folders(incomplete, ENVIRONMENT_FILES) if folder not in names)]


def task_folders(incomplete: str) -> list[str]:
    """Return the task folders that begin so; where there are none the shell offers files and folders of its own."""
    return _folders(incomplete, TASK_FILES)


def result_folders(incomplete: str) -> list[str]:
    """Return the output folders and task folders that begin so."""
    return _folders(incomplete, (*RESULT_FILES, *TASK_FILES))


def _folders(incomplete: str, files: Sequence[str]) -> list[str]:
    """Return folders that have one of these files, as the user began to write them."""
    written, slash, begun = incomplete.rpartition("/")
    try:
        parent = Path(f"{written}{slash}" or ".").expanduser()
        names = sorted(entry.name for entry in parent.iterdir() if any((entry / file).is_file() for file in files))
    except (OSError, RuntimeError):  # RuntimeError: no home of that user
        return []
    offered = [f"{written}{slash}{name}" for name in names if name.startswith(begun) and (begun or name[0] != ".")]
    return [folder for folder in offered if _ONE_WORD.fullmatch(folder)]
