"""Validate custom AutoML tasks on your own machine before you upload them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.version import __version__

if TYPE_CHECKING:
    from harness.errors import HarnessError
    from harness.pipeline import validate
    from harness.reports.model import Report
    from harness.settings import Settings

__all__ = ["HarnessError", "Report", "Settings", "__version__", "validate"]

_HOMES = {
    "HarnessError": "harness.errors",
    "Report": "harness.reports.model",
    "Settings": "harness.settings",
    "validate": "harness.pipeline",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import harness` and `harness --help` stay light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
