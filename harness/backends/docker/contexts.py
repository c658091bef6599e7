"""What an environment's image is built from: its folder, or what a folder without a Dockerfile is completed to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.bundled_files import bundled_folder
from harness.environments import DOCKERFILE, Environment, find_environment


def bare_environment() -> Environment:
    """Return the bundled environment whose Dockerfile installs any requirements.txt."""
    return find_environment("python3")


def has_dockerfile(environment: Environment) -> bool:
    return environment.folder is not None and (environment.folder / DOCKERFILE).is_file()


@contextmanager
def build_context(environment: Environment) -> Iterator[Path | None]:
    """Give the environment's build context; one without a Dockerfile gets that of the bare bundled environment.

    None where the environment is an image already.
    """
    if environment.folder is None or has_dockerfile(environment):
        yield environment.folder
        return
    with tempfile.TemporaryDirectory() as name:
        context = Path(name)
        for file in (bundled_folder("environments") / "python3").iterdir():
            if file.name == DOCKERFILE or file.suffix == ".sh":
                shutil.copy(file, context)
        shutil.copytree(environment.folder, context, dirs_exist_ok=True)
        if not (context / "requirements.txt").exists():
            (context / "requirements.txt").touch()
        yield context
