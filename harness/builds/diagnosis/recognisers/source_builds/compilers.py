"""A compiler, a build tool or Python's own headers are not there."""

from __future__ import annotations

from collections.abc import Mapping

from harness.builds.diagnosis.recognisers.source_builds.advice import install
from harness.builds.diagnosis.recognisers.source_builds.signs import Build, Explain, Sign, Told, Weight
from harness.builds.diagnosis.system_packages import COMPILER, package_of_program

CATEGORY = "missing_compiler"
C_COMPILERS = r"(?:x86_64-linux-gnu-|aarch64-linux-gnu-|[\w./-]*/)?(?:gcc|g\+\+|cc|c\+\+|c89|c99)(?:-\d+)?"
COMPILERS = rf"(?:{C_COMPILERS}|clang(?:\+\+)?(?:-\d+)?|icc|icx|musl-gcc|nvcc|gfortran(?:-\d+)?|f77|f95|f90)"
TOOLS = (
    r"(?:cmake|ninja|meson|rustc|cargo|swig|bazel|bazelisk|make|gmake|nmake|autoreconf|"
    r"autoconf|automake|libtoolize|go|javac|nasm|yasm|ld|as|ar)"
)
_WORDS = {
    "cmake": "CMake",
    "ninja": "Ninja",
    "meson": "Meson",
    "swig": "SWIG",
    "bazel": "Bazel",
    "bazelisk": "Bazel",
    "gfortran": "a Fortran compiler",
    "rustc": "Rust",
    "cargo": "Rust",
    "go": "Go",
    "javac": "a Java compiler",
    "nvcc": "NVIDIA's CUDA compiler",
}


def _needs(what: str, *packages: str) -> Explain:
    def explain(_: Mapping[str, str], build: Build) -> Told:
        return Told(
            f"Building {build.package} from source needs {what}, and that is not there.", install(build, *packages)
        )

    return explain


def _program(groups: Mapping[str, str], build: Build) -> Told:
    """Explain a program that was called and is not there."""
    program = groups["program"].rsplit("/", 1)[-1]
    known = _WORDS.get(program) or ("a Fortran compiler" if program[:1] == "f" else None)
    if known:
        package = package_of_program(program) or ("gfortran" if "Fortran" in known else None)
        packages = ["rustc", "cargo"] if known == "Rust" else [package]
        compiler = [COMPILER] if known in ("CMake", "Ninja", "Meson", "a Fortran compiler", "Rust") else []
        return Told(
            f"Building {build.package} from source needs {known} ({program}), and that is not there.",
            install(build, *compiler, *packages),
        )
    if program in ("make", "gmake", "nmake", "autoreconf", "autoconf", "automake", "libtoolize", "nasm", "yasm"):
        package = package_of_program(program) or "make"
        return Told(
            f"Building {build.package} from source needs the program {program}, and that is not there.",
            install(build, COMPILER, package if package != "make" else None),
        )
    language = "C++" if "++" in program else "C"
    return Told(
        f"Building {build.package} from source needs a {language} compiler ({program}), and that is not there.",
        install(build, COMPILER),
    )


_COMPILER = _needs("a C compiler", COMPILER)
_CPLUSPLUS = _needs("a C++ compiler", COMPILER)
_FORTRAN = _needs("a Fortran compiler (gfortran)", COMPILER, "gfortran")
_RUST = _needs("Rust (cargo and rustc)", COMPILER, "rustc", "cargo")
_CMAKE = _needs("CMake", COMPILER, "cmake")


def _meson(groups: Mapping[str, str], build: Build) -> Told | None:
    tried = groups["tried"].lower()
    if "gfortran" in tried:
        return _FORTRAN(groups, build)
    if "rustc" in tried:
        return _RUST(groups, build)
    return (_CPLUSPLUS if "++" in tried else _COMPILER)(groups, build)


def _old_rust(groups: Mapping[str, str], build: Build) -> Told:
    return Told(
        f"Building {build.package} from source needs Rust "
        f"{groups.get('needed') or 'of a newer version'} or later, and the "
        "one that is there is older.",
        install(build) if not groups.get("needed") else install(build, "rustup"),
    )


_PYTHON_HEADERS = _needs("Python's headers (Python.h)", COMPILER, "python3-dev")

SIGNS: tuple[Sign, ...] = (
    Sign(
        CATEGORY,
        rf"unable to execute '?(?P<program>{COMPILERS}|{TOOLS})'?: No such file or directory error: command",
        _program,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        rf"error: command '(?P<program>{COMPILERS}|{TOOLS})' failed: No such file or directory",
        _program,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            rf"(?:unable to execute|could not execute) '?(?P<program>{COMPILERS}|"
            rf"{TOOLS})'?: No such file"
        ),
        _program,
    ),
    Sign(
        CATEGORY,
        rf"(?:No such file or directory|not found): '(?P<program>{COMPILERS}|{TOOLS})'",
        _program,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            rf"(?:/bin/sh|sh|bash|/usr/bin/env)(?:: line \d+)?(?:: \d+)?: '?(?P<program>{COMPILERS}|"
            rf"{TOOLS})'?: (?:command )?(?:not found|No such file)"
        ),
        _program,
    ),
    Sign(
        CATEGORY,
        rf"(?:make|ninja)(?:\[\d+\])?: (?P<program>{COMPILERS}|{TOOLS}): No such file or directory",
        _program,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            rf"[Cc]ould not find (?:the )?(?:executable|program|command|"
            rf"compiler):? [\"'`]?(?P<program>{COMPILERS}|{TOOLS})\b"
        ),
        _program,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:\"|'|\b)?(?P<program>cargo|rustc|cmake|ninja|meson|swig|bazel|gcc|g\+\+|gfortran|"
            r"clang)(?:\"|'|`)? (?:executable )?(?:was )?not found(?: (?:on|"
            r"in) (?:your )?\$?PATH)?\b"
        ),
        _program,
    ),
    Sign(
        CATEGORY,
        r"exec: \\?\"(?P<program>gcc|g\+\+|clang|cc|go|cmake)\\?\": executable file not found",
        _program,
        Weight.ENDED,
    ),
    Sign(CATEGORY, r"ERROR: Unknown compiler\(s\): (?P<tried>\[\[?[^\n]*)", _meson, Weight.ENDED),
    Sign(
        CATEGORY,
        r"(?:C compiler cannot create executables|no acceptable C compiler found in \$PATH)",
        _COMPILER,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:No CMAKE_C_COMPILER could be found|CMAKE_C_COMPILER not set|"
            r"The CMAKE_C_COMPILER: \S+ is not a full path)"
        ),
        _COMPILER,
        Weight.ENDED,
    ),
    Sign(CATEGORY, r"(?:No CMAKE_CXX_COMPILER could be found|CMAKE_CXX_COMPILER not set)", _CPLUSPLUS, Weight.ENDED),
    Sign(
        CATEGORY,
        (
            r"(?:No CMAKE_Fortran_COMPILER could be found|CMAKE_Fortran_COMPILER not set|"
            r"no Fortran compiler found|Fortran compiler is needed|gfortran: command not found|"
            r"don't know how to compile Fortran code)"
        ),
        _FORTRAN,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:CMake was unable to find a build program corresponding to|Could NOT find CMake|"
            r"Ninja or Make \(if ninja is not found\) is required|CMAKE_MAKE_PROGRAM is not set)"
        ),
        _needs("Make or Ninja", COMPILER, "ninja-build"),
    ),
    Sign(
        CATEGORY,
        (
            r"(?:CMake must be installed|CMake is not installed|"
            r"Problem with the CMake installation|"
            r"[Cc]ould not find (?:an appropriate )?(?:a )?CMake\b|"
            r"Could not find CMake with version|CMake executable not found|"
            r"[Ff]ailed to find (?:a )?cmake|is `?cmake`? not installed\?|cmake is required)"
        ),
        _CMAKE,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:can't find Rust compiler|Cargo, the Rust package manager, is not installed|"
            r"Do you have cargo in your PATH\?|Rust toolchain not found|"
            r"requires? (?:a )?Rust(?: compiler)?(?: toolchain)? to (?:compile|build)|"
            r"Unable to find Rust|Rust not found, installing into|"
            r"rustc?up could not choose a version|`?cargo(?: metadata|"
            r" rustc)?`? (?:command )?(?:failed to run|not found)|"
            r"Checking for Rust toolchain\.{2,})"
        ),
        _RUST,
    ),
    Sign(
        CATEGORY, r"(?:can't find Rust compiler|Cargo, the Rust package manager, is not installed)", _RUST, Weight.ENDED
    ),
    Sign(
        CATEGORY,
        (
            r"(?:requires rustc (?:version )?>?=?(?P<needed>\d[\d.]*)|"
            r"package `[^`]+` cannot be built because it requires rustc (?P<needed2>\d[\d.]*)|"
            r"feature `edition20\d\d` is required|"
            r"lock file version `?\d`? requires `-Znext-lockfile-bump`|lock file version 4)"
        ),
        _old_rust,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"Microsoft Visual C\+\+ \d+(?:\.\d+)?(?: or greater)? is required|"
            r"Unable to find vcvarsall\.bat|Unable to find a compatible Visual Studio"
        ),
        _needs("the compiler of Microsoft Visual C++"),
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"RuntimeError: Broken toolchain|unable to find a (?:working )?C compiler|"
            r"[Nn]o (?:working )?C(?:\+\+)? compiler (?:was )?found|"
            r"[Yy]ou need (?:to install )?a (?:working )?C\+?\+? compiler|"
            r"Unsupported compiler -- at least C\+\+11 support is needed|[Cc]ompiler (?:not found|"
            r"is missing)|A C compiler is needed"
        ),
        _COMPILER,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:xcrun: error: invalid active developer path|"
            r"xcode-select: note: no developer tools were found)"
        ),
        _needs("Apple's command line tools (xcode-select --install)"),
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:fatal error: |error: )'?(?P<header>Python\.h|"
            r"pyconfig\.h)'?(?:: No such file or directory| file not found)"
        ),
        _PYTHON_HEADERS,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:Python\.h: No such file|Cannot find Python\.h|Could not find Python\.h|"
            r"Python header files (?:were )?not found|Python development (?:headers|"
            r"files)[^\n]{0,30} (?:not found|missing|required)|ERROR: Python dependency not found|"
            r"missing: (?:Python\w*_INCLUDE_DIRS?|Python3?_INCLUDE_DIRS? Development)|"
            r"Could NOT find Python3? \(missing: [^)]*(?:Development|INCLUDE_DIR)[^)]*\)|"
            r"Could NOT find PythonLibs)"
        ),
        _PYTHON_HEADERS,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        r"(?:gcc|cc): (?:fatal )?error(?:: |,)[^\n]{0,40}cc1plus[^\n]{0,40}No such file",
        _CPLUSPLUS,
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:SWIG (?:is )?not (?:found|installed)|Could NOT find SWIG|You need SWIG|"
            r"unable to find swig)"
        ),
        _needs("SWIG", COMPILER, "swig"),
        Weight.ENDED,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:CUDA_HOME environment variable is not set|nvcc was not found|nvcc: not found|"
            r"Could NOT find CUDA\b|Failed to find nvcc|No CMAKE_CUDA_COMPILER could be found|"
            r"bare_metal_version|CUDA toolkit not found|Could NOT find CUDAToolkit)"
        ),
        _needs("NVIDIA's CUDA compiler (nvcc)"),
    ),
)
