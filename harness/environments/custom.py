"""Make a custom environment: a copy of one that exists, with packages of Debian added."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.bundled_files import bundled_folder
from harness.environments.catalog import DOCKERFILE, ENV_INFO, list_environments
from harness.environments.model import Environment
from harness.errors import HarnessError

README = "README.md"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Source: the Debian Policy Manual, 5.6.1 and 5.6.7; apt also takes `package=version`.
_DEBIAN_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def check_debian_packages(packages: Sequence[str]) -> None:
    """Raise HarnessError where one of these cannot be the name of a Debian package, or where there is none."""
    if not packages:
        raise HarnessError(
            "no package is named that the environment is to have", remedy="Name Debian packages: --apt libpq-dev."
        )
    for package in packages:
        if not _DEBIAN_PACKAGE.fullmatch(package):
            raise HarnessError(
                f"{package!r} is no name of a Debian package",
                remedy="Such names have small letters, digits and the signs + - . alone, as libpq-dev and g++ do.",
            )


def new_folder(name: str, output: Path) -> Path:
    """Return where the environment goes. Raises HarnessError for a name that is taken or no name of a folder."""
    if not _NAME.fullmatch(name):
        raise HarnessError(
            f"{name!r} cannot be the name of an environment",
            remedy="Begin it with a letter or digit, and use letters, digits and the signs . _ - alone.",
        )
    if any(environment.short_name == name for environment in list_environments()):
        raise HarnessError(
            f"{name!r} is the name of a bundled environment, which --env would find in place of the new one",
            remedy="Choose another name.",
        )
    folder = output / name
    if folder.exists():
        raise HarnessError("exists already", file=str(folder), remedy="Choose another name, or remove it.")
    return folder


def source_folder(base: Environment) -> Path:
    """Return the folder with the Dockerfile of an environment. Raises HarnessError where it is an image alone."""
    if base.folder is None:
        raise HarnessError(
            f"{base.name} is an image that is built already, and has no files to copy",
            remedy="Name an environment that is a folder: --from python3_sklearn.",
        )
    return base.folder if (base.folder / DOCKERFILE).is_file() else bundled_folder("environments") / "python3"


def write_environment(folder: Path, base: Environment, packages: Sequence[str], dockerfile: str) -> None:
    """Write the files of `base` into the new `folder`, with another Dockerfile and identity.

    The ids follow from the base, the name and the packages: the same command gives the same environment anywhere.
    """
    assert base.folder is not None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        source = source_folder(base)
        if source != base.folder:
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns(ENV_INFO, README, "requirements.txt"))
        shutil.copytree(base.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        (folder / "requirements.txt").touch()
        (folder / DOCKERFILE).write_text(dockerfile, encoding="utf-8")
        (folder / ENV_INFO).write_text(_env_info(folder, base, packages), encoding="utf-8")
        (folder / README).write_text(_readme(folder.name, base, packages), encoding="utf-8")
    except OSError as error:
        raise HarnessError(
            f"cannot be written: {error.strerror}", file=str(folder), remedy="Choose another folder with --output."
        ) from error


def _env_info(folder: Path, base: Environment, packages: Sequence[str]) -> str:
    info = json.loads((folder / ENV_INFO).read_text(encoding="utf-8"))
    info["id"] = _id("environment", base.id, folder.name, *packages)
    info["environmentVersionId"] = _id("version", base.version_id or base.id, folder.name, *packages)
    info["name"] = folder.name
    info["description"] = f"{base.description} With Debian's {', '.join(packages)}.".strip()
    return json.dumps(info, indent=2, ensure_ascii=False) + "\n"


def _id(*parts: str) -> str:
    """Return 24 hexadecimal digits, the form of the platform's own ids."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _readme(name: str, base: Environment, packages: Sequence[str]) -> str:
    return f"""# {name}

{base.name} with these packages of Debian: {", ".join(packages)}.
The Dockerfile installs them before Python's packages, so that these can be built from source with them.

Try tasks in it with `--env`:

    harness validate TASK --env ./{name}

On the platform, make a custom environment for Python and upload this folder, as one tar.gz or zip archive, as the
Docker context of its first version. Choose it for the task there, or write the id that the platform gives it as
`environmentID` into model-metadata.yaml, and as `id` into {ENV_INFO} here.
"""
