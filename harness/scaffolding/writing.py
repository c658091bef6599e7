"""Write a new task into a folder of its own, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.errors import HarnessError


def refuse_used_folder(folder: Path) -> None:
    """Raise HarnessError where there is something at the path that is no empty folder."""
    try:
        is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        is_file = folder.exists() and not folder.is_dir()
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not is_free:
        what = "is a file" if is_file else "exists already and is not empty"
        raise HarnessError(what, file=str(folder), remedy="Choose another folder.")


def write_task(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files, by name, into the folder, which is made where it is missing.

    Nothing that is there already is written over. Raises HarnessError where something cannot be written, and takes
    back what had been.
    """
    refuse_used_folder(folder)
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
                written.append(folder / name)
                file.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> HarnessError:
    return HarnessError(f"cannot be written: {error.strerror}", file=str(folder), remedy="Choose another folder.")
