"""Where the folders that travel with the package lie: in the wheel, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def bundled_folder(name: str) -> Path:
    """Return the folder `environments`, `sample_tasks` or `docs`, wherever this installation keeps it.

    A wheel carries them under `harness/bundled/`; a checkout (also an editable install) at its top level.
    """
    installed = _PACKAGE / "bundled" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
