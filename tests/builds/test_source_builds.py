"""What build tools say of a build that fails, in words that no recorded log has: category and what helps.

Each text is what one tool prints, from its own source or documentation, in the frame that pip gives it.
"""

from __future__ import annotations

import pytest

from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
from harness.builds.model import Diagnosis

FRAME = """\
Collecting tool==1.0
  Downloading tool-1.0.tar.gz (10 kB)
  Preparing metadata (setup.py): started
  Preparing metadata (setup.py): finished with status 'done'
Building wheels for collected packages: tool
  Building wheel for tool (setup.py): started
  Building wheel for tool (setup.py): finished with status 'error'
  error: subprocess-exited-with-error

  \u00d7 python setup.py bdist_wheel did not run successfully.
  │ exit code: 1
  ╰─> [9 lines of output]
      running bdist_wheel
      {said}
      [end of output]

  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for tool
Failed to build tool
"""
NOT_INSTALLED = "ERROR: Could not build wheels for tool, which is required to install pyproject.toml-based projects\n"


def diagnosed(text: str) -> Diagnosis:
    return diagnose(BuildLog.of(text), Facts(Declared(), Declared()))


@pytest.mark.parametrize(
    ("said", "category", "helps"),
    [
        pytest.param("error: Microsoft Visual C++ 14.0 or greater is required.", "missing_compiler", "", id="MSVC"),
        pytest.param("/bin/sh: 1: gfortran: not found", "missing_compiler", "gfortran", id="gfortran"),
        pytest.param("sh: swig: command not found", "missing_compiler", "swig", id="swig"),
        pytest.param(
            "FileNotFoundError: [Errno 2] No such file or directory: 'cmake'", "missing_compiler", "cmake", id="cmake"
        ),
        pytest.param(
            "FileNotFoundError: [Errno 2] No such file or directory: 'bazel'", "missing_compiler", "bazel", id="bazel"
        ),
        pytest.param(
            "./tool.h:3:10: fatal error: 'Python.h' file not found", "missing_compiler", "python3-dev", id="clang"
        ),
        pytest.param(
            "CMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage",
            "missing_compiler",
            "build-essential",
            id="C++",
        ),
        pytest.param(
            "gcc: fatal error: cannot execute \u2018cc1plus\u2019: execvp: No such file or directory",
            "missing_compiler",
            "build-essential",
            id="cc1plus",
        ),
        pytest.param(
            ('# runtime/cgo\n      cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH'),
            "missing_compiler",
            "build-essential",
            id="cgo",
        ),
        pytest.param(
            "error: package `x v1.0` cannot be built because it requires rustc 1.74 or newer",
            "missing_compiler",
            "",
            id="old Rust",
        ),
        pytest.param(
            ("OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root."),
            "missing_compiler",
            "",
            id="CUDA",
        ),
        pytest.param(
            "src/x.c:1:10: fatal error: 'ffi.h' file not found",
            "missing_system_library",
            "libffi-dev",
            id="clang's header",
        ),
        pytest.param(
            "src/x.c:3:10: fatal error: X11/Xlib.h: No such file or directory",
            "missing_system_library",
            "libx11-dev",
            id="X11",
        ),
        pytest.param(
            "src/x.c:3:10: fatal error: mpi.h: No such file or directory",
            "missing_system_library",
            "libopenmpi-dev",
            id="MPI",
        ),
        pytest.param(
            "_jni.c:2:10: fatal error: jni.h: No such file or directory",
            "missing_system_library",
            "default-jdk-headless",
            id="JNI",
        ),
        pytest.param(
            "Package 'libxml-2.0', required by 'virtual:world', not found",
            "missing_system_library",
            "libxml2-dev",
            id="pkgconf",
        ),
        pytest.param(
            "Could not find directory of OpenSSL installation, and this `-sys` crate cannot proceed",
            "missing_system_library",
            "libssl-dev",
            id="openssl-sys",
        ),
        pytest.param(
            ("Could not find `protoc`. If `protoc` is installed, try setting the `PROTOC` environment variable"),
            "missing_system_library",
            "protobuf-compiler",
            id="protoc",
        ),
        pytest.param(
            "FileNotFoundError: [Errno 2] No such file or directory: 'gdal-config'",
            "missing_system_library",
            "libgdal-dev",
            id="gdal-config",
        ),
        pytest.param("/bin/sh: 1: krb5-config: not found", "missing_system_library", "libkrb5-dev", id="krb5-config"),
        pytest.param(
            "FileNotFoundError: [Errno 2] No such file or directory: 'llvm-config'",
            "missing_system_library",
            "llvm",
            id="llvm-config",
        ),
        pytest.param(
            "/usr/bin/ld: cannot find -lblas: No such file or directory",
            "missing_system_library",
            "libblas-dev",
            id="linker",
        ),
        pytest.param("ModuleNotFoundError: No module named 'distutils'", "broken_build_script", "", id="distutils"),
        pytest.param(
            "ModuleNotFoundError: No module named 'numpy.distutils'", "broken_build_script", "", id="numpy.distutils"
        ),
        pytest.param(
            "AttributeError: module 'configparser' has no attribute 'SafeConfigParser'",
            "broken_build_script",
            "",
            id="configparser",
        ),
        pytest.param(
            ("AttributeError: module 'pkgutil' has no attribute 'ImpImporter'. Did you mean: 'zipimporter'?"),
            "broken_build_script",
            "",
            id="ImpImporter",
        ),
        pytest.param("ModuleNotFoundError: No module named 'imp'", "broken_build_script", "", id="imp"),
        pytest.param("ModuleNotFoundError: No module named 'tool'", "broken_build_script", "", id="itself"),
        pytest.param(
            (
                "src/x.c:9:12: error: too few arguments to function \u2018_PyLong_AsByteArray\u2019\n      "
                "error: command '/usr/bin/gcc' failed with exit code 1"
            ),
            "broken_build_script",
            "",
            id="compile error",
        ),
        pytest.param("RuntimeError: this package is not ready", "broken_build_script", "", id="its own error"),
        pytest.param(
            "ModuleNotFoundError: No module named 'Cython'", "missing_build_dependency", "Cython", id="Cython"
        ),
        pytest.param(
            "x.c:1:10: fatal error: numpy/arrayobject.h: No such file or directory",
            "missing_build_dependency",
            "numpy",
            id="numpy's headers",
        ),
        pytest.param(
            "setuptools.extern.packaging.version.InvalidVersion: Invalid version: 'unknown'",
            "invalid_package_metadata",
            "",
            id="version",
        ),
    ],
)
def test_what_a_build_tool_says_is_understood(said: str, category: str, helps: str) -> None:
    diagnosis = diagnosed(FRAME.replace("{said}", said) + NOT_INSTALLED)
    assert (diagnosis.category, diagnosis.package_name) == (category, "tool")
    assert helps in (diagnosis.suggestion or "")
    assert "tool" in diagnosis.summary


def test_another_way_of_building_that_works_is_no_failure() -> None:
    way = "Installing collected packages: tool\n  Running setup.py install for tool: started\n"
    done = "  Running setup.py install for tool: finished with status 'done'\nSuccessfully installed tool-1.0\n"
    failed = FRAME.replace("{said}", "error: invalid command 'bdist_wheel'")
    assert diagnosed(failed + way + done).category == "none"
    later = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
    assert diagnosed(failed + way + done.split("Success", maxsplit=1)[0] + later).category == "disk_full"


def test_what_a_build_looks_for_and_does_not_need_is_not_told() -> None:
    tried = "_test.c:1:10: fatal error: zstd.h: No such file or directory\n      compilation terminated.\n      "
    diagnosis = diagnosed(
        FRAME.replace("{said}", f"{tried}src/a.c:4:10: fatal error: lz4.h: No such file or directory") + NOT_INSTALLED
    )
    assert "liblz4-dev" in (diagnosis.suggestion or "")


def test_a_log_without_a_cause_is_unknown() -> None:
    assert diagnosed(FRAME.replace("{said}", "copying things") + NOT_INSTALLED).category == "unknown"


def test_a_part_of_a_log_is_enough_where_a_header_is_missing() -> None:
    diagnosis = diagnosed(
        "src/x.c:3:10: fatal error: portaudio.h: No such file or directory\ncompilation terminated.\n"
    )
    assert (diagnosis.category, diagnosis.package_name) == ("missing_system_library", None)
    assert "portaudio19-dev" in (diagnosis.suggestion or "")
