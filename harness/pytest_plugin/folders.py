"""Which folders are meant by `--task` and by the marker, and what they are called in node ids."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from harness.tasks.search import find_task_folders


def task_folders(paths: Iterable[str], at: Path, config: pytest.Config) -> dict[str, Path]:
    """Return the task folders by their node ids, each once; paths are relative to `at`.

    Raises HarnessError where a path has no task.
    """
    folders = (folder.resolve() for path in paths for folder in find_task_folders(at / path))
    return {node_id(folder, config): folder for folder in folders}


def node_id(folder: Path, config: pytest.Config) -> str:
    """Return the folder's path from pytest's root folder, as node ids have it; its name where it is that folder."""
    if folder == config.rootpath:
        return folder.name
    return Path(os.path.relpath(folder, config.rootpath)).as_posix()
