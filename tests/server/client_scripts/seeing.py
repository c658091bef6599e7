"""What the scripts here share: each runs in the venv of the platform's client, and tells as JSON what it saw."""

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datarobot as dr
from datarobot.errors import ClientError

given: dict[str, Any] = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def tell(**seen: Any) -> None:
    json.dump(seen, sys.stdout, default=str)


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> dict[str, Any]:
    """Return what the client raises when the server refuses the call."""
    try:
        answer = call(*arguments, **named)
    except ClientError as error:
        return {"status": error.status_code, "json": error.json, "text": str(error)}
    return {"status": "accepted", "answer": repr(answer)}


def write_folder(name: str, files: dict[str, str]) -> str:
    """Write files below a new folder of the current one, and return its path."""
    for path, text in files.items():
        file = Path(name, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return name


def zipped(path: str) -> dict[str, str]:
    """Return path -> text of the files in a zip archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in sorted(archive.namelist())}


def paths(version: Any) -> list[str]:
    return sorted(item.file_path for item in version.items)


def new_task(name: str = "Ridge") -> Any:
    return dr.CustomTask.create(name, dr.enums.CUSTOM_TASK_TARGET_TYPE.REGRESSION)
