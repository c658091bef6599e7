"""Find a base environment by name, by the platform's id, or by folder, and read its env_info.json."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from harness.bundled_files import bundled_folder
from harness.environments.model import Environment
from harness.errors import HarnessError

DEFAULT_ENVIRONMENT = "python3_sklearn"
IMAGE_PREFIX = "image:"
ENV_INFO = "env_info.json"
DOCKERFILE = "Dockerfile"


def list_environments() -> tuple[Environment, ...]:
    """Return the bundled base environments, sorted by folder name."""
    files = sorted(bundled_folder("environments").glob(f"*/{ENV_INFO}"))
    return tuple(read_environment(file.parent) for file in files)


def find_environment(wanted: str | None) -> Environment:
    """Return the environment that `wanted` names: a bundled one by folder name or id, or any folder of that form.

    `image:TAG` is an image that is built already. None gives the default. Raises HarnessError with the nearest
    name where there is no such environment.
    """
    if wanted is None:
        return read_environment(bundled_folder("environments") / DEFAULT_ENVIRONMENT)
    if wanted.startswith(IMAGE_PREFIX):
        return _built_image(wanted.removeprefix(IMAGE_PREFIX))
    bundled = list_environments()
    for environment in bundled:
        if wanted in (environment.short_name, environment.id):
            return environment
    if (Path(wanted) / ENV_INFO).is_file():
        return read_environment(Path(wanted))
    if Path(wanted).is_dir():
        raise HarnessError(f"the folder has no {ENV_INFO}", file=wanted, remedy=f"Add {ENV_INFO} with id and name.")
    names = [environment.short_name for environment in bundled]
    nearest = difflib.get_close_matches(wanted, names, n=1)
    guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise HarnessError(
        f"there is no base environment {wanted!r}.{guess}",
        remedy=f"Choose one with --env: {', '.join(names)}, or a folder that has {ENV_INFO} and requirements.txt, "
        "or image:TAG.",
    )


def _built_image(reference: str) -> Environment:
    """Return an environment of which nothing is known but the image. Raises HarnessError where no image is named."""
    if not reference:
        raise HarnessError("image: names no image", remedy="Write --env image:TAG.")
    return Environment(
        folder=None,
        id=reference,
        name=reference,
        description="An image that is built already.",
        programming_language="python",
        version_id=None,
        python_version=None,
        image=reference,
    )


def read_environment(folder: Path) -> Environment:
    """Return the environment in `folder`; raises HarnessError where env_info.json is unusable.

    Source: env_info.json as the platform's public drop-in environments have it; `pythonVersion` is our addition.
    """
    file = folder / ENV_INFO
    info = _read_json_object(file)
    keys = info.get("requiredMetadataKeys") or []
    missing = [key for key in ("id", "name") if not isinstance(info.get(key), str)]
    if missing or not isinstance(keys, list):
        raise HarnessError(
            f"{' and '.join(missing) or 'requiredMetadataKeys'} must be there as in the platform's environments",
            file=str(file),
            remedy="Give id and name as texts and requiredMetadataKeys as a list.",
        )
    return Environment(
        folder=folder,
        id=info["id"],
        name=info["name"],
        description=str(info.get("description") or ""),
        programming_language=str(info.get("programmingLanguage") or "python"),
        version_id=info.get("environmentVersionId"),
        python_version=info.get("pythonVersion"),
        required_metadata_keys={
            str(key["fieldName"]): str(key.get("displayName") or key["fieldName"])
            for key in keys
            if isinstance(key, dict) and "fieldName" in key
        },
    )


def _read_json_object(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise HarnessError(f"cannot be read: {error.strerror}", file=str(file), remedy="Check the path.") from error
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise HarnessError("is not valid JSON", file=str(file), line=line, remedy="Correct the file.") from error
    if not isinstance(document, dict):
        raise HarnessError("must hold one JSON object", file=str(file), remedy="Correct the file.")
    return document
