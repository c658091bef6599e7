"""Which packages a traceback in a log goes through, and which requirements line those belong to."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import Declared
from harness.builds.diagnosis.patterns import Pattern
from harness.requirements.import_names import DISTRIBUTION_OF_IMPORT

_LOOKS_BACK = 40_000
_LOOKS_AHEAD = 12_000
_HEADER = "Traceback (most recent call last):"
_CRASH_HEADER = "(most recent call first):"
_INSTALLED = r"(?:site|dist)-packages/(?P<module>[^\s\"':()]+)"
_FRAME = Pattern(rf'File "[^"\n]*?{_INSTALLED}"')
_PATH = Pattern(_INSTALLED)
# Folders that several distributions share.
_IN_NAMESPACES = {("google", "protobuf"): "protobuf", ("google", "api"): "googleapis-common-protos"}
# Installers are no part of what they install.
_INSTALLERS = frozenset({"pip", "setuptools", "pkg_resources", "wheel", "_distutils_hack"})


def frames_before(log: BuildLog, position: int) -> tuple[str, ...]:
    """Return the packages' files in the traceback that ends at `position`: below site-packages, outermost first."""
    start = log.text.rfind(_HEADER, max(0, position - _LOOKS_BACK), position)
    return _frames(log.text[start:position]) if start >= 0 else ()


def frames_after(log: BuildLog, position: int) -> tuple[str, ...]:
    """Return those of the traceback that follows `position`."""
    start = log.text.find(_HEADER, position, position + _LOOKS_AHEAD)
    return _frames(log.text[start : start + _LOOKS_AHEAD]) if start >= 0 else ()


def frames_of_crash(log: BuildLog, position: int) -> tuple[str, ...]:
    """Return those of the stack that Python prints after a fatal error, in the same order."""
    start = log.text.find(_CRASH_HEADER, position, position + _LOOKS_AHEAD)
    if start < 0:
        return ()
    end = log.text.find("\n\n", start)
    stack = log.text[start : end if end >= 0 else start + _LOOKS_AHEAD]
    return tuple(reversed([found["module"] for found in _FRAME.finditer(stack)]))


def path_in(text: str) -> str | None:
    """Return the first path below site-packages that a text names."""
    found = _PATH.search(text)
    return found["module"] if found else None


def _frames(text: str) -> tuple[str, ...]:
    """Return the frames of one traceback, up to its last line, which alone is not indented below the header."""
    header = text[: len(_HEADER)]
    lines = text[len(header) :].splitlines()
    frames = []
    for line in lines:
        found = _FRAME.search(line)
        if found:
            frames.append(found["module"])
        elif frames and re.match(r"\s*[\w.]+(?:Error|Exception|Warning)\b", line):
            break
    return tuple(frame for frame in frames if frame.split("/")[0] not in _INSTALLERS)


def distribution_of(path: str, declared: Declared) -> str:
    """Return the distribution of a module, given as a path (`cv2/__init__.py`) or a name (`google.cloud.storage`).

    One that is declared comes first, also one that only begins like it: `cv2` is `opencv-python-headless` where that
    stands on a line.
    """
    parts = re.split(r"[/.]", path.removesuffix(".py"))
    for depth in range(len(parts), 0, -1):
        name = canonicalize_name("-".join(parts[:depth]))
        if declared.of_package(name):
            return name
    shared = _IN_NAMESPACES.get((parts[0], parts[1] if len(parts) > 1 else ""))
    if shared is not None:
        return shared
    name = canonicalize_name(parts[0])
    listed = DISTRIBUTION_OF_IMPORT.get(name, name)
    beginning = {listed, listed.removesuffix("-python"), name}
    for line in declared.lines:
        if line.package and any(line.package == each or line.package.startswith(f"{each}-") for each in beginning):
            return line.package
    return listed
