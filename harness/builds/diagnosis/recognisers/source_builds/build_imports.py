"""The build code imports a package that is not in the environment in which it runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.recognisers.source_builds.signs import Build, Sign, Told, Weight
from harness.requirements.import_names import DISTRIBUTION_OF_IMPORT

CATEGORY = "missing_build_dependency"
_BACKENDS = {
    "setuptools": "setuptools",
    "poetry": "poetry-core",
    "flit_core": "flit-core",
    "hatchling": "hatchling",
    "mesonpy": "meson-python",
    "scikit_build_core": "scikit-build-core",
    "maturin": "maturin",
    "pdm": "pdm-backend",
    "sipbuild": "sip",
    "flit": "flit",
}


def _module(groups: Mapping[str, str], build: Build) -> Told | None:
    """Explain a module that is not there: what the build needs, if it is no part of Python or of the package itself."""
    top = groups["module"].split(".")[0]
    if top in sys.stdlib_module_names or top == "distutils":
        return None
    if canonicalize_name(top) == canonicalize_name(build.package):
        return Told(
            f"The build code of {build.package} imports {top}, which is itself and not yet installed.",
            f"Ask for a newer version of {build.package}, or one that has a wheel for this Python.",
            category="broken_build_script",
        )
    if top == "pkg_resources":
        return Told(
            f"The build code of {build.package} imports pkg_resources, which setuptools has no more since version 81.",
            f"Ask for a newer version of {build.package}, or one that has a wheel for this Python.",
        )
    return Told(
        f"The build code of {build.package} imports {top}, which the environment in which it is built does not have: a "
        "requirements file installs all of its packages at once, and builds run apart from them.",
        f"Ask for a version of {build.package} that has a wheel for this Python, or that names "
        f"{DISTRIBUTION_OF_IMPORT.get(canonicalize_name(top), top)} in "
        "its build requirements.",
    )


def _backend(groups: Mapping[str, str], build: Build) -> Told:
    top = groups["module"].split(".")[0]
    return Told(
        (
            f"{build.package} is built with {groups['module']}, and {_BACKENDS.get(top, top)} is "
            f"not there where it is built."
        ),
        f"Ask for a version of {build.package} that has a wheel for this Python.",
    )


def _wheel(_: Mapping[str, str], build: Build) -> Told:
    return Told(
        f"Building a wheel of {build.package} needs the package wheel, which is not there where it is built.",
        f"Ask for a version of {build.package} that has a wheel for this Python.",
    )


def _setuptools(_: Mapping[str, str], build: Build) -> Told:
    return Told(
        f"{build.package} is built with setuptools, which is not there where it is built.",
        f"Ask for a version of {build.package} that has a wheel for this Python.",
    )


SIGNS: tuple[Sign, ...] = (
    Sign(CATEGORY, r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>[\w.]+)'?", _module),
    Sign(CATEGORY, r"(?:Cannot import|BackendUnavailable:?) '(?P<module>[\w.]+)'", _backend, Weight.ENDED),
    Sign(
        CATEGORY,
        r"depends on `(?P<module>[\w.-]+)`, but doesn't declare it as a build dependency",
        _module,
        Weight.TOLD,
    ),
    Sign(CATEGORY, r"error: invalid command 'bdist_wheel'", _wheel, Weight.ENDED),
    Sign(
        CATEGORY,
        (
            r"(?:Could not|Cannot) import setuptools which is required|"
            r"setuptools is not available in the build environment|"
            r"pip cannot build[^\n]*setuptools"
        ),
        _setuptools,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:[Pp]lease |[Yy]ou (?:must|need to|have to) )(?:first )?install (?:`|"
            r"')?(?P<module>numpy|[Cc]ython|torch|scipy|pybind11)\b"
        ),
        _module,
    ),
    Sign(
        CATEGORY,
        (
            r"(?P<module>[Nn]um[Pp]y|[Cc]ython|[Pp]y[Tt]orch) (?:is|needs to be|"
            r"must be) (?:required|installed)(?: (?:to|for|before))"
        ),
        _module,
    ),
)
