"""What the public index has of projects without source distributions: where no wheel fits, there is nothing to build.

pip says of a release without a fitting file what it says of one that does not exist; for these projects the
difference is known. Source: the files that the public index lists of each, looked at in November 2026.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

# The minor versions of which there are wheels: (major version, the first minor version, the last).
SERIES = {
    "jaxlib": ((0, 4, 12),),
    "mediapipe": ((0, 10, 10), (1, 0, 2)),
    "onnxruntime": ((0, 1, 5), (1, 0, 32)),
    "onnxruntime-gpu": ((1, 11, 31),),
    "open3d": ((0, 8, 20),),
    "tensorflow": ((1, 0, 15), (2, 0, 21)),
    "tensorflow-cpu": ((1, 15, 15), (2, 1, 21)),
    "torch": ((1, 0, 13), (2, 0, 15)),
    "torchaudio": ((0, 3, 13), (2, 0, 11)),
    "torchvision": ((0, 2, 29),),
    "triton": ((1, 0, 1), (2, 0, 3), (3, 0, 9)),
}
# Others without a single source distribution.
WHEELS_ONLY = frozenset(
    (  # noqa: SIM905 - a list of as many texts would fill a screen
        "ai-edge-litert azureml-dataprep-native azureml-dataprep-rslex bpy cntk cupy-cuda11x cupy-cuda12x decord dgl "
        "faiss-gpu intel-tensorflow jax-cuda12-plugin mxnet mxnet-mkl onnxruntime-directml ortools paddlepaddle "
        "pyqt5-qt5 pyqt6-qt6 pyside2 pyside6 pywin32 ray scann tensorflow-addons tensorflow-cpu-aws "
        "tensorflow-directml tensorflow-io tensorflow-io-gcs-filesystem tensorflow-macos tensorflow-metal "
        "tensorflow-text tf-nightly tflite-runtime torch-directml torchdata torchrl vtk windows-curses winrt ydf"
    ).split()
)
# The system that all wheels of a project are for.
ONE_SYSTEM = {
    "onnxruntime-directml": "Windows",
    "pywin32": "Windows",
    "tensorflow-intel": "Windows",
    "tensorflow-macos": "macOS",
    "tensorflow-metal": "macOS",
    "windows-curses": "Windows",
    "winrt": "Windows",
}


def has_only_wheels(project: str) -> bool:
    """Tell whether the index is known to have no source distribution, of releases that people ask for."""
    name = canonicalize_name(project)
    return name in SERIES or name in WHEELS_ONLY or name in ONE_SYSTEM


def only_for(project: str) -> str | None:
    """Return the operating system that a project is for, None where it is for more than one or not known."""
    return ONE_SYSTEM.get(canonicalize_name(project))


def published_series(project: str, specifier: SpecifierSet) -> tuple[tuple[int, int], ...]:
    """Return the minor versions with wheels, as far as they are known here, that the comparisons allow."""
    return tuple(
        (major, minor)
        for major, first, last in SERIES.get(canonicalize_name(project), ())
        for minor in range(first, last + 1)
        if any(_is_in(pin, major, minor) for pin in _pins(specifier))
        or specifier.contains(f"{major}.{minor}.0")
        or specifier.contains(f"{major}.{minor}.1")
    )


def is_published(project: str, version: Version) -> bool:
    """Tell whether it is a release to install: some projects begin with releases that hold nothing."""
    series = SERIES.get(canonicalize_name(project))
    return series is None or any(
        version.major == major and first <= version.minor <= last for major, first, last in series
    )


def is_well_known(project: str) -> bool:
    """Tell whether the project is one of the 15,000 that are downloaded most, so that the name is no slip."""
    return canonicalize_name(project) in _popular_names()


def _pins(specifier: SpecifierSet) -> tuple[str, ...]:
    return tuple(one.version for one in specifier if one.operator in {"==", "==="} and not one.version.endswith(".*"))


def _is_in(pin: str, major: int, minor: int) -> bool:
    try:
        version = Version(pin)
    except ValueError:
        return False
    return (version.epoch, version.major, version.minor) == (0, major, minor)


@cache
def _popular_names() -> frozenset[str]:
    text = (files("harness") / "package_index" / "popular_names.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
