"""Read a task folder: what it holds, what it says of itself, and what is wrong with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path, PurePosixPath

from harness.errors import HarnessError
from harness.findings import Finding
from harness.records import TargetType
from harness.requirements import Requirements, parse_requirements
from harness.tasks.custom_class import judge_interface
from harness.tasks.files import IGNORE_FILE, FileList, list_files
from harness.tasks.hooks import HookReading, read_python_hooks, read_r_hooks
from harness.tasks.metadata import FILE_NAME as METADATA_FILE
from harness.tasks.metadata import find_misnamed_metadata, read_metadata
from harness.tasks.model import Language, Metadata, Task

CODE_FILES: dict[str, Language] = {"custom.py": "python", "custom.R": "r"}
REQUIREMENTS_FILE = "requirements.txt"


def read_task(folder: Path) -> Task:
    """Return what can be known of a task folder without running anything in it.

    What is wrong with its files, code, metadata and requirements is in the task, so that all of it can be shown at
    once. Raises HarnessError only where there is no task to speak of: the folder is missing, empty or unreadable,
    or holds not exactly one of custom.py and custom.R.
    """
    listing = _list_task_files(folder)
    paths = tuple(file.path for file in listing.files)
    code_file = _find_code_file(folder, paths)
    language = CODE_FILES[code_file]
    metadata = read_metadata(folder / METADATA_FILE) if METADATA_FILE in paths else Metadata()
    reading = _read_hooks(folder, code_file, paths, metadata.target_type)
    requirements, requirements_findings = _read_requirements(folder, paths, language)
    findings = (
        *listing.findings,
        *reading.findings,
        *judge_interface(reading.hooks, metadata.target_type, code_file),
        *find_misnamed_metadata(folder),
        *requirements_findings,
    )
    return Task(
        folder=folder,
        name=metadata.name or folder.resolve().name,
        language=language,
        code_file=code_file,
        files=listing.files,
        hooks=reading.hooks,
        metadata=metadata,
        requirements=requirements,
        findings=findings,
        left_out=listing.left_out,
    )


def _list_task_files(folder: Path) -> FileList:
    try:
        exists, is_folder = folder.exists(), folder.is_dir()
        listing = list_files(folder) if is_folder else None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"The task folder cannot be read: {reason}."
        raise HarnessError(message, remedy="Make it readable.", file=str(folder)) from None
    if not exists:
        remedy = "Give the path of a folder that holds custom.py or custom.R."
        raise HarnessError("There is no such task folder.", remedy=remedy, file=str(folder))
    if listing is None:
        remedy = f'Give the folder that holds it: "{folder.parent}".'
        raise HarnessError("A task is a folder, but this is a file.", remedy=remedy, file=str(folder))
    is_there = any((folder / name).exists() for name in CODE_FILES)
    if not listing.files and not listing.findings and not is_there:
        remedy = "Write custom.py or custom.R into it."
        raise HarnessError("The task folder holds no files of a task.", remedy=remedy, file=str(folder))
    return listing


def _find_code_file(folder: Path, paths: tuple[str, ...]) -> str:
    """Return `custom.py` or `custom.R`, whichever lies at the top of the folder."""
    found = [name for name in CODE_FILES if name in paths]
    if len(found) > 1:
        message = "The task folder holds both custom.py and custom.R."
        raise HarnessError(message, remedy="Delete one of the two.", file=str(folder))
    if not found:
        raise _no_code_file(folder, paths)
    # The platform searches the whole folder for custom.py, so that a second one stops it.
    copies = [path for path in paths if found == ["custom.py"] and PurePosixPath(path).name == "custom.py"]
    if len(copies) > 1:
        message = f"The task folder holds {len(copies)} files named custom.py: {', '.join(copies)}."
        remedy = f"Rename all but one, or name them in {IGNORE_FILE}."
        raise HarnessError(message, remedy=remedy, file=str(folder))
    return found[0]


def _no_code_file(folder: Path, paths: tuple[str, ...]) -> HarnessError:
    message = "The task folder holds no custom.py and no custom.R."
    deeper = next((path for path in paths if PurePosixPath(path).name in CODE_FILES), None)
    other_case = {name.lower(): name for name in CODE_FILES}
    misspelt = next((path for path in paths if path.lower() in other_case), None)
    left_out = next((name for name in CODE_FILES if (folder / name).exists()), None)
    if misspelt is not None:
        remedy = f"Rename {misspelt} to {other_case[misspelt.lower()]}."
    elif deeper is not None:
        remedy = f'Give the folder that holds it: "{folder / PurePosixPath(deeper).parent}".'
    elif left_out is not None:
        remedy = (
            f"Make {left_out} a readable file of the task, not named in {IGNORE_FILE} and no link out of the folder."
        )
    else:
        remedy = "Write custom.py or custom.R at the top of the folder."
    return HarnessError(message, remedy=remedy, file=str(folder))


def _read_hooks(folder: Path, code_file: str, paths: tuple[str, ...], target_type: TargetType | None) -> HookReading:
    if CODE_FILES[code_file] == "r":
        return read_r_hooks(folder, code_file)
    return read_python_hooks(folder, code_file, paths, target_type)


def _read_requirements(
    folder: Path, paths: tuple[str, ...], language: Language
) -> tuple[Requirements, tuple[Finding, ...]]:
    """Return the parsed requirements, empty where there are none; a file that cannot be read is a finding."""
    if REQUIREMENTS_FILE not in paths:
        return Requirements(language=language), ()
    try:
        return parse_requirements(folder / REQUIREMENTS_FILE, language), ()
    except HarnessError as error:
        finding = dataclasses.replace(error.finding, file=REQUIREMENTS_FILE)
        return Requirements(language=language), (finding,)
