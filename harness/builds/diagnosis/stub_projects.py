"""Projects that refuse to install and stand for another one, and how their build code says so."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.model import NAME
from harness.builds.diagnosis.patterns import Pattern

# Project: what to write instead. Their releases, or the last of them, hold nothing but a refusal or code for Python 2.
REAL_PROJECTS = {
    "airflow": "apache-airflow",
    "beautifulsoup": "beautifulsoup4",
    "fbprophet": "prophet",
    "mysql-python": "mysqlclient",
    "nvidia-tensorflow": "tensorflow",
    "opencv": "opencv-python",
    "pil": "pillow",
    "pycrypto": "pycryptodome",
    "pytorch": "torch",
    "scikit-sklearn": "scikit-learn",
    "sklearn": "scikit-learn",
    "tensorflow-gpu": "tensorflow",
    "tf-nightly-gpu": "tf-nightly",
}
_QUOTE = r"[`'\"]?"
_NAMED = rf"{_QUOTE}(?P<real>{NAME}){_QUOTE}"
# In the words of an exception or of what a build prints last.
_POINTERS = tuple(
    Pattern(pattern, re.IGNORECASE)
    for pattern in (
        rf"deprecated,? (?:please )?use {_NAMED}",
        rf"please (?:install|use) (?:the )?(?:package )?{_NAMED}(?: package)? instead",
        rf"please use (?:the )?(?:package )?{_NAMED}(?: package)?\s*(?:\.|!|$)",
        rf"(?:install|use) {_NAMED} instead of ",
        rf"pip3? install (?:-U |--upgrade )?{_NAMED}['\"`]? (?:rather than|instead)",
        rf"package named for \S+ is {_NAMED}",
        rf"(?:has been |was |is )?(?:renamed|moved) to {_NAMED}(?:\s|[.!,]|$)",
        rf"(?:has been )?(?:replaced|superseded) by {_NAMED}(?:\s|[.!,]|$)",
        rf"available through the pip package {_NAMED}",
        rf"the (?:right|correct|real|actual) (?:package|name)(?: name)? is {_NAMED}",
    )
)
_NO_NAMES = frozenset({"a", "an", "the", "it", "this", "that", "package", "python", "another", "pip", "version"})


def real_project(package: str) -> str | None:
    """Return the project that a refusing one stands for, None where it is not known to refuse."""
    return REAL_PROJECTS.get(canonicalize_name(package))


def pointed_to(text: str, package: str) -> str | None:
    """Return the project that a refusal points to, None where the text points to none but `package` itself."""
    for pattern in _POINTERS:
        for match in pattern.finditer(text):
            real = canonicalize_name(match["real"])
            if real != canonicalize_name(package) and real not in _NO_NAMES:
                return real
    return None
