"""What a venv holds, read from its metadata files: its interpreter is not started, so nothing in it runs."""

from __future__ import annotations

from importlib.metadata import distributions

from packaging.markers import default_environment

from harness.builds.installed import Installed
from harness.builds.model import BuildResult


def read_installed(build: BuildResult) -> Installed:
    """Return what a successful build has installed."""
    assert build.python is not None
    assert build.python_version is not None
    minor = ".".join(build.python_version.split(".")[:2])
    folder = build.python.parent.parent / "lib" / f"python{minor}" / "site-packages"
    # What an installer has left half removed has no name.
    found = [
        (distribution.metadata["Name"], distribution.version, distribution.requires or ())
        for distribution in distributions(path=[str(folder)])
        if "Name" in distribution.metadata
    ]
    markers = {
        **default_environment(),
        "python_version": minor,
        "python_full_version": build.python_version,
        "implementation_version": build.python_version,
    }
    return Installed.of(found, markers)
