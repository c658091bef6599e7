"""What the dynamic linker and Python really say of a module that does not load, and what it is taken for."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
from harness.builds.diagnosis.replacements import renamed, with_versions
from harness.builds.diagnosis.shared_libraries import BY_OTHER_NAMES, PACKAGES, find_library
from harness.builds.model import Diagnosis

# A compiled module of a package that the harness needs anyway.
NATIVE = next(Path(np.__file__).parent.rglob("_pcg64*.so"))
Explain = Callable[..., Diagnosis]


@pytest.fixture
def explain(tmp_path: Path) -> Explain:
    """Give a function that imports a package made of these files and explains what Python prints."""

    def imported(package: str, requirements: str, **files: bytes | str) -> Diagnosis:
        folder = tmp_path / "lib" / "site-packages"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}
        command = [sys.executable, "-X", "faulthandler", "-c", f"import {package}"]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        file = tmp_path / "requirements.txt"
        file.write_text(requirements)
        return diagnose(BuildLog.of(done.stdout), Facts(Declared.read(file), Declared()))

    return imported


def test_a_module_that_wants_a_newer_system(explain: Explain) -> None:
    changed = re.sub(
        rb"(?<=\0)GLIBC_2\.[\d.]+(?=\0)", lambda found: re.sub(rb"\d", b"9", found[0]), NATIVE.read_bytes()
    )
    files = {"native/__init__.py": "from native import _part\n", "native/_part.abi3.so": changed}
    found = explain("native", "six\nnative==2.0\n", **files)
    assert (found.category, found.package_name, found.line_number) == ("missing_shared_library", "native", 2)
    assert re.search(r"needs GLIBC_9\.[9.]+ of the system", found.summary)


@pytest.mark.parametrize(
    "content", [pytest.param(b"\x7fELF\x01", id="word size"), pytest.param(b"no module", id="none")]
)
def test_a_module_for_another_machine(explain: Explain, content: bytes) -> None:
    changed = content + NATIVE.read_bytes()[len(content) :]
    files = {"native/__init__.py": "from native import _part\n", "native/_part.abi3.so": changed}
    found = explain("native", "native\n", **files)
    assert (found.category, found.package_name, found.line_number) == ("binary_incompatibility", "native", 1)


def test_a_crash_is_the_innermost_packages(explain: Explain) -> None:
    crash = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    found = explain("outer", "outer\n", **{"outer.py": "import inner\n", "inner/__init__.py": crash})
    assert (found.category, found.package_name) == ("binary_incompatibility", "inner")
    # The line goes back to the package that brought it.
    assert found.line_number == 1


def test_a_library_is_the_innermost_packages(explain: Explain) -> None:
    wants = "import ctypes\nctypes.CDLL('libnetcdf.so.99')\n"
    found = explain("outer", "toolz\nouter>=1\n", **{"outer.py": "import inner\n", "inner.py": wants})
    assert (found.category, found.package_name, found.line_number) == ("missing_shared_library", "inner", 2)
    assert found.suggestion == (
        "Debian 12 has libnetcdf.so.19 (package libnetcdf19) in its place: ask for a release of the package that was "
        "built for that."
    )


@pytest.mark.parametrize(
    ("code", "says"),
    [
        pytest.param("import imaginary_module", "add the line `imaginary-module`", id="no such module"),
        pytest.param("import yaml.nothing.here", "older one of pyyaml", id="no such submodule"),
        pytest.param("import cv2", "add the line `opencv-python`", id="another name"),
        pytest.param("import collections\ncollections.Mapping", "newer release of tried.", id="Python's own"),
        pytest.param("import asynchat_of_old\n", "add the line `asynchat-of-old`", id="begins like Python's own"),
        pytest.param("from pandas.core.indexes.numeric import Int64Index", "`pandas<2`", id="module of old pandas"),
        pytest.param("from packaging import nothing", "older one of packaging", id="name"),
    ],
)
def test_pure_python(explain: Explain, code: str, says: str) -> None:
    found = explain("tried", "tried\n", **{"tried/__init__.py": f"{code}\n"})
    assert (found.category, found.package_name, found.line_number) == ("import_error", "tried", 1)
    assert says in str(found.suggestion).lower()


def test_an_import_that_succeeds_is_nothing(explain: Explain) -> None:
    assert explain("math", "six\n").category == "unknown"
    assert math.pi > 3


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libGL.so.1", "libgl1"),
        ("libgthread-2.0.so.0", "libglib2.0-0"),
        ("libgomp.so.1", "libgomp1"),
        ("libgeos_c.so.1", "libgeos-c1v5"),
        ("libodbc.so.2", "libodbc2"),
        ("libgdal.so.32", "libgdal32"),
        ("libssl.so.1.1", None),
        ("libcuda.so.1", None),
        ("libnobody.so.3", None),
    ],
)
def test_where_a_library_comes_from(soname: str, package: str | None) -> None:
    found = find_library(soname)
    assert found.package == package
    assert bool(found.advice) is (package is None)


def test_the_advice_names_what_debian_has_instead() -> None:
    assert "libssl.so.3 (package libssl3)" in find_library("libssl.so.1.1").advice
    assert "driver" in find_library("libcuda.so.1").advice
    assert "apt-file search libnobody.so.3" in find_library("libnobody.so.3").advice


def test_the_table_is_whole() -> None:
    assert len(PACKAGES) > 200
    assert set(BY_OTHER_NAMES.values()) <= set(PACKAGES)


def test_a_replacement_keeps_versions_and_markers(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("OpenCV_Python[extra] >=4.8, <5 ; python_version > '3' # pictures\n")
    (line,) = Declared.read(file).lines
    assert renamed(line, "opencv-python-headless") == "opencv-python-headless[extra] >=4.8, <5 ; python_version > '3'"
    assert with_versions(line, ">=4.10") == "OpenCV_Python[extra]>=4.10 ; python_version > '3'"
