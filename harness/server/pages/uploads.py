"""Files as a browser sends them: chosen one by one, or as a folder, whose name each path begins with."""

from __future__ import annotations

from collections.abc import Iterator

from harness.server.errors import Invalid
from harness.server.pages.forms import INVALID
from harness.server.store.versions import NewItem
from harness.server.uploads.forms import Form, UploadedFile
from harness.server.uploads.multipart import MOST_CHARACTERS_OF_A_NAME
from harness.server.uploads.paths import PathsRefused, check_paths
from harness.tasks.files import reason_of_name

FILES = "file"
FOLDER = "folder"


def chosen_files(form: Form) -> list[UploadedFile]:
    """Return the files of a form; a browser sends an empty part without a name where none was chosen."""
    return [file for file in form.files if file.file_name]


def sent_items(form: Form) -> list[NewItem]:
    """Return the files of a form with their paths in the task's folder.

    Of a folder, what belongs to no task is left out: hidden files, caches, compiled Python. Raises Invalid for paths
    that cannot be taken.
    """
    placed = dict(_placed(form))
    try:
        check_paths(placed)
    except PathsRefused as refused:
        told = "; ".join(f"{path} {problem}" for path, problem in refused.problems.items())
        raise Invalid(INVALID, errors={FILES: told}) from refused
    return [NewItem(path, file.content.sha256, file.content.size_bytes) for path, file in placed.items()]


def _placed(form: Form) -> Iterator[tuple[str, UploadedFile]]:
    for file in chosen_files(form):
        name = file.file_name or ""
        if len(name) >= MOST_CHARACTERS_OF_A_NAME:
            raise Invalid(INVALID, errors={file.field: f"{name[:40]}… is too long a path for a form; use the API"})
        if file.field == FILES:
            yield name, file
            continue
        parts = name.split("/")[1:] or [name]
        if not any(reason_of_name(part) for part in parts):
            yield "/".join(parts), file
