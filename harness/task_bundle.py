"""The zip of a task as it is uploaded: its files and nothing else. The same files give the same bytes anywhere."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, is_zipfile

from harness.errors import HarnessError
from harness.tasks import Task
from harness.zip_members import zip_member


def bundle_file(task: Task, output: Path | None) -> Path:
    """Return where the zip goes, beside the task's folder by default.

    Raises HarnessError for a place in the task, where the zip would itself become a file of the task, and where
    something lies that is no zip.
    """
    folder = task.folder.resolve()
    file = output or Path(f"{folder}.zip")
    if file.resolve().is_relative_to(folder):
        raise HarnessError(
            "the bundle would become a file of the task, and part of the next bundle",
            file=str(file),
            remedy="Give an --output outside of the task folder.",
        )
    if file.exists() and not is_zipfile(file):
        raise HarnessError("this is there already, and is no zip", file=str(file), remedy="Give another --output.")
    return file


def write_bundle(task: Task, file: Path) -> str:
    """Write the task's files into the zip, sorted by path, in one step; return its SHA-256.

    Raises HarnessError where a file cannot be read or the zip cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as raw:
            unfinished = Path(raw.name)
            try:
                with ZipFile(raw, "w", ZIP_STORED) as archive:
                    _add_files(archive, task)
                raw.seek(0)
                digest = hashlib.file_digest(raw, "sha256").hexdigest()
                unfinished.chmod(0o644)
                unfinished.replace(file)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise HarnessError(
            f"cannot be written: {error.strerror or error}", file=str(file), remedy="Give another --output."
        ) from error
    return digest


def _add_files(archive: ZipFile, task: Task) -> None:
    for file in task.files:
        try:
            source = (task.folder / file.path).open("rb")
        except OSError as error:
            raise HarnessError(
                f"cannot be read: {error.strerror}", file=file.path, remedy="Make it readable."
            ) from error
        with source, archive.open(zip_member(file.path, file.size_bytes), "w") as member:
            shutil.copyfileobj(source, member)
