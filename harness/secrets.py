"""Credentials that the user hands to a task: found once, so that they can be starred out everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.errors import HarnessError


def read_secret_values(folder: Path | None) -> frozenset[str]:
    """Return every text in the JSON files below `folder`, one file a credential, as the platform mounts them.

    The names of fields and the kind of credential are no secrets. Raises HarnessError where a file is no JSON object.
    """
    if folder is None:
        return frozenset()
    if not folder.is_dir():
        raise HarnessError(
            "there is no such folder", file=str(folder), remedy="Give the folder that holds the secrets."
        )
    return frozenset(value for file in sorted(folder.iterdir()) if file.is_file() for value in _values(_read(file)))


def missing_credentials(keys: Iterable[str], folder: Path | None) -> tuple[str, ...]:
    """Return the credential keys for which the folder has no file."""
    return tuple(key for key in keys if folder is None or not (folder / key).is_file())


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError("is not readable JSON", file=str(file), remedy="Write one JSON object a secret.") from error
    if not isinstance(document, dict):
        raise HarnessError("must hold one JSON object", file=str(file), remedy="Write one JSON object a secret.")
    return document


def _values(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            if key not in ("credentialType", "credential_type"):
                yield from _values(value)
    elif isinstance(document, list):
        for value in document:
            yield from _values(value)
