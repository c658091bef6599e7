"""A received form: its fields and files in the order in which they came."""

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.server.contents import StoredContent
from harness.server.errors import Invalid
from harness.server.uploads.paths import PathsRefused, check_paths


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of a form. file_name: as the client calls it, None where it does not say."""

    field: str
    file_name: str | None
    content: StoredContent


@dataclass(frozen=True, slots=True)
class Form:
    """fields: (name, text), repeated names included."""

    fields: tuple[tuple[str, str], ...]
    files: tuple[UploadedFile, ...]

    def one(self, name: str) -> str | None:
        """Return the text of a field that may come once. Raises Invalid where it comes twice."""
        texts = [text for field, text in self.fields if field == name]
        if len(texts) > 1:
            raise Invalid(f"The field {name} is given {len(texts)} times.", errors={name: "must be given once"})
        return texts[0] if texts else None

    def all(self, name: str) -> list[str]:
        """Return the texts of a field that may repeat.

        The platform's document also has the other form, a JSON list of texts in one field: it counts as its items.
        """
        texts = (text for field, text in self.fields if field == name)
        return [item for text in texts for item in _items(text)]


def pair_files(form: Form) -> list[tuple[str, UploadedFile]]:
    """Return each file with its path: the n-th `file` with the n-th `filePath`.

    Raises Invalid where their counts differ, or with `errors` for every path that cannot be taken.
    """
    paths = form.all("filePath")
    if len(paths) != len(form.files):
        counts = f"{len(form.files)} file and {len(paths)} filePath fields"
        raise Invalid(
            f"The form has {counts}; each file needs its path.", errors={"filePath": "must come once for each file"}
        )
    try:
        return list(zip(check_paths(paths), form.files, strict=True))
    except PathsRefused as refused:
        errors = dict(refused.problems)
        raise Invalid(f"These file paths cannot be used: {', '.join(errors)}.", errors=errors) from refused


def _items(text: str) -> list[str]:
    if text.startswith("["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return [text]
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
    return [text]
