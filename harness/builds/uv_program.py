"""The uv program that is installed with the harness: it builds venvs and resolves requirements."""

from __future__ import annotations

from harness.errors import BackendUnavailable


def find_uv() -> str:
    """Return the path of the uv program; raises BackendUnavailable where it is missing."""
    from uv import find_uv_bin

    try:
        return str(find_uv_bin())
    except FileNotFoundError as error:
        raise BackendUnavailable("the program uv is missing", remedy="Reinstall the harness with pip.") from error
