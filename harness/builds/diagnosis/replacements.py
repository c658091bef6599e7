"""Lines to write instead: other versions, and projects with the same modules that need no library of the system."""

from __future__ import annotations

import re

from harness.builds.diagnosis.declared import DeclaredLine

_OF_WINDOWS = (
    "libGL.so",
    "libEGL.so",
    "libgthread-2.0.so",
    "libglib-2.0.so",
    "libSM.so",
    "libICE.so",
    "libX",
    "libxcb",
)
_OF_CUDA = ("libcud", "libcublas", "libnccl", "libnvidia-")
# Project: the beginnings of the libraries that it wants, and the project that does not.
WITHOUT_LIBRARY = {
    "opencv-python": (_OF_WINDOWS, "opencv-python-headless"),
    "opencv-contrib-python": (_OF_WINDOWS, "opencv-contrib-python-headless"),
    "psycopg2": (("libpq.so",), "psycopg2-binary"),
    "faiss-gpu": (_OF_CUDA, "faiss-cpu"),
    "onnxruntime-gpu": (_OF_CUDA, "onnxruntime"),
}


def project_without(package: str, soname: str) -> str | None:
    """Return the project to ask for in place of `package` where a library is missing, None where none is known."""
    beginnings, other = WITHOUT_LIBRARY.get(package, ((), None))
    return other if soname.startswith(tuple(beginnings)) else None


def renamed(line: DeclaredLine, project: str) -> str:
    """Return the line with another project's name, all else as it was, without its comment."""
    return re.sub(r"^\s*[A-Za-z0-9][A-Za-z0-9._-]*", project, line.content, count=1)


def with_versions(line: DeclaredLine, versions: str) -> str:
    """Return the line with these versions in place of its own: name, extras and marker as they were."""
    requirement, _, marker = line.content.partition(";")
    name = re.match(r"\s*[A-Za-z0-9._-]+(?:\s*\[[^\]]*\])?", requirement)
    kept = name.group().strip() if name else requirement.strip()
    return f"{kept}{versions}" + (f" ; {marker.strip()}" if marker else "")
