"""A header, a library or a helper program of the system is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.builds.diagnosis.recognisers.source_builds.advice import install, instead_of, with_compiler
from harness.builds.diagnosis.recognisers.source_builds.signs import Build, Explain, Sign, Told, Weight
from harness.builds.diagnosis.system_packages import (
    package_of_header,
    package_of_library,
    package_of_module,
    package_of_name,
    package_of_program,
)

CATEGORY = "missing_system_library"
_HELPER = (
    r"(?:[\w.-]+[-_]config(?:-\d+)?|pkg-config|pkgconf|protoc|h5cc|mpicc|mpicxx|mpif90|R|"
    r"git|java|flex|bison|patchelf|curl|wget|unzip|perl|doxygen)"
)
_OF_PACKAGES = {
    "numpy/": "numpy",
    "pybind11/": "pybind11",
    "torch/": "torch",
    "ATen/": "torch",
    "c10/": "torch",
    "nanobind/": "nanobind",
    "pythran/": "pythran",
    "greenlet/": "greenlet",
    "mpi4py/": "mpi4py",
    "pyarrow/": "pyarrow",
    "tensorflow/": "tensorflow",
}
# Headers that Python had, or has no more where old code looks. Source: "What's New In Python 3.9" to 3.13, C API.
_OLD_PYTHON = (
    r"(?:longintrepr|node|graminit|parsetok|token|errcode|eval|pyarena|symtable|ast|asdl|"
    r"Python-ast|grammar|bitset|cStringIO|intobject|stringobject|ucnhash|pegen|"
    r"internal/pycore_\w+|cpython/\w+)\.h"
)
_OF_WINDOWS = ("windows.h", "Windows.h", "winsock2.h", "winsock.h", "io.h", "direct.h", "conio.h", "process.h")


def _header(groups: Mapping[str, str], build: Build) -> Told | None:
    name = (groups.get("quoted") or groups["header"]).strip("'\"")
    if name in ("Python.h", "pyconfig.h"):
        return None  # compilers.py
    if re.fullmatch(_OLD_PYTHON, name):
        return Told(
            (
                f"The code of {build.package} includes {name}, which this Python does not have: it was "
                f"written for an older one."
            ),
            f"Ask for a newer version of {build.package}.",
            category="broken_build_script",
        )
    owner = next((package for start, package in _OF_PACKAGES.items() if name.startswith(start)), None)
    if owner:
        return Told(
            f"Building {build.package} from source needs the headers of {owner} ({name}), which its isolated build "
            "environment does not have.",
            (
                f"Ask for a version of {build.package} that has a wheel for this Python, or one that "
                f"declares {owner} for its build."
            ),
            category="missing_build_dependency",
        )
    if name in _OF_WINDOWS:
        return Told(
            f"Building {build.package} from source needs the header {name}, which only Windows has.",
            f"Leave {build.package} out, or give its line the marker `; sys_platform == 'win32'`.",
        )
    package = package_of_header(name)
    of_debian = f" of Debian's {package}" if package else ""
    return _told(build, f"the header {name}{of_debian}", install(build, package))


def _helper(groups: Mapping[str, str], build: Build) -> Told:
    program = groups["program"].rsplit("/", 1)[-1]
    package = package_of_program(program)
    if program in ("pkg-config", "pkgconf"):
        return _told(build, "the program pkg-config", with_compiler(build, "pkg-config"))
    of_debian = f" of Debian's {package}" if package else ""
    return _told(build, f"the program {program}{of_debian}", with_compiler(build, package))


def _module(groups: Mapping[str, str], build: Build) -> Told:
    name = groups["module"].split(" ")[0]
    return _told(build, f"the library {name}, which pkg-config does not find", install(build, package_of_module(name)))


def _dependency(groups: Mapping[str, str], build: Build) -> Told:
    """Explain what Meson or CMake looks for."""
    name = groups["name"]
    package = package_of_name(name)
    has_no_pkg_config = re.search(
        r"Found pkg-config: NO|Did not find pkg-config|Pkg-config (?:binary )?[^\n]*not found", build.output
    )
    return _told(
        build, f"the library {name}", install(build, "pkg-config" if package and has_no_pkg_config else None, package)
    )


def _known_dependency(groups: Mapping[str, str], build: Build) -> Told | None:
    """Explain loose words about a library, where it is one that Debian has."""
    return _dependency(groups, build) if package_of_name(groups["name"]) else None


def _linked(groups: Mapping[str, str], build: Build) -> Told:
    name = groups["library"]
    return _told(build, f"the library {name} (-l{name}) to link with", install(build, package_of_library(name)))


def _needs(what: str, *packages: str, compiler: bool = False) -> Explain:
    def explain(_: Mapping[str, str], build: Build) -> Told:
        advice = with_compiler(build, " ".join(packages)) if compiler else install(build, *packages)
        return _told(build, what, advice)

    return explain


def _told(build: Build, what: str, advice: str) -> Told:
    more, replacement = instead_of(build)
    return Told(
        f"Building {build.package} from source needs {what}, and that is not there.", f"{advice}{more}", replacement
    )


_HEADER_NAME = r"(?:'(?P<quoted>[^'\n]+)'|(?P<header>[\w./+-]+))"
_END = Weight.ENDED

SIGNS: tuple[Sign, ...] = (
    Sign(CATEGORY, rf"fatal error: {_HEADER_NAME}(?:: No such file or directory| file not found)", _header, _END),
    Sign(CATEGORY, r"error: (?P<header>[\w./+-]+\.h(?:pp|xx|h)?): No such file or directory", _header),
    Sign(CATEGORY, r"[Cc]annot open (?:include|source) file:? '?\"?(?P<header>[\w./+-]+)", _header, _END),
    Sign(
        CATEGORY,
        r"Error: pg_config executable not found",
        _needs("the library of PostgreSQL (pg_config)", "libpq-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        r"pg_config executable not found|pg_config is required to build psycopg",
        _needs("the library of PostgreSQL (pg_config)", "libpq-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:Can not find valid pkg-config name|Specify MYSQLCLIENT_CFLAGS|"
            r"mysql_config(?: executable)? not found|mysql_config: not found)"
        ),
        _needs("the library of MySQL or MariaDB", "pkg-config", "libmariadb-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:Please make sure the libxml2 and libxslt development packages are installed|"
            r"make sure the development packages of libxml2 and libxslt are installed|"
            r"Could not find function xmlCheckVersion in library libxml2)"
        ),
        _needs("the libraries libxml2 and libxslt", "libxml2-dev", "libxslt1-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:A GDAL API version must be specified|gdal-config(?:'|:| )[^\n]*(?:not found|"
            r"No such file)|GDAL_VERSION[^\n]*must be)"
        ),
        _needs("the library GDAL (gdal-config)", "libgdal-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:geos-config|Could not find (?:library )?geos_c|"
            r"GEOS (?:library )?not found)[^\n]{0,60}(?:not found|No such file|"
            r"or load any of its variants|)"
        ),
        _needs("the library GEOS", "libgeos-dev", compiler=True),
    ),
    Sign(
        CATEGORY,
        (
            r"(?:llvm-config failed executing|Could not find (?:a )?`?llvm-config|"
            r"LLVM version[^\n]*(?:required|not found)|RuntimeError: [^\n]*llvm-config)"
        ),
        _needs("LLVM (llvm-config)", "llvm-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:did not find HDF5 headers|Unable to load dependency HDF5|"
            r"Could not find a local HDF5 installation|libhdf5\.so: cannot open shared object file|"
            r"HDF5 headers? (?:not found|could not be found))"
        ),
        _needs("the library HDF5", "libhdf5-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:did not find netCDF version 4 headers|netcdf4? (?:headers|library) not found|"
            r"nc-config[^\n]*not found)"
        ),
        _needs("the library netCDF", "libnetcdf-dev", compiler=True),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:Could not find directory of OpenSSL installation|"
            r"Could not find openssl via pkg-config|"
            r"failed to run custom build command for `openssl-sys|OpenSSL (?:headers|"
            r"libraries) not found|openssl/opensslv\.h: No such file)"
        ),
        _needs("the library OpenSSL", "pkg-config", "libssl-dev"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:Could not find `?protoc`?|protoc (?:is not installed|not found|failed)|"
            r"Could NOT find Protobuf|protobuf compiler[^\n]{0,20} not found)"
        ),
        _needs("the Protobuf compiler (protoc)", "protobuf-compiler", "libprotobuf-dev"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:JAVA_HOME (?:is not set|environment variable|must be set|not set)|"
            r"Could NOT find (?:Java|JNI)|No JVM shared library file|"
            r"Unable to find (?:a )?JAVA_HOME|java not found)"
        ),
        _needs("a Java development kit (JAVA_HOME)", "default-jdk-headless", compiler=True),
    ),
    Sign(
        CATEGORY,
        r"(?:Could not run curl-config|curl-config[^\n]*No such file)",
        _needs("the library libcurl (curl-config)", "libcurl4-openssl-dev", "libssl-dev", compiler=True),
        _END,
    ),
    Sign(CATEGORY, r"The headers or library files could not be found for (?P<name>[\w-]+)", _dependency, _END),
    Sign(CATEGORY, r"RequiredDependencyException: (?P<name>[\w-]+)", _dependency, _END),
    Sign(CATEGORY, r"No package '(?P<module>[^'\n]+)' found", _module),
    Sign(
        CATEGORY,
        (
            r"Package '?(?P<module>[^\s',]+)'?(?:, required by '[^']+',)? (?:not found|"
            r"was not found in the pkg-config search path)"
        ),
        _module,
    ),
    Sign(CATEGORY, r"(?:The system library|pkg_config could not find library) `(?P<module>[^`]+)`", _module, _END),
    Sign(
        CATEGORY,
        (
            r"ERROR: (?:Dependency|Subproject) \"?(?P<name>[^\"\s]+)\"? (?:not found|"
            r"is required but not found|exists but is unusable)"
        ),
        _dependency,
        _END,
    ),
    Sign(CATEGORY, r"ERROR: Dependency lookup for (?P<name>[\w.+-]+) with method '[^']+' failed", _dependency, _END),
    Sign(
        CATEGORY,
        (
            r"ERROR: (?:Assert failed: |"
            r"Problem encountered: )?[^\n]{0,80}?\b(?P<name>[A-Za-z][\w.+-]*) (?:library |"
            r"dependency )?(?:was )?not found"
        ),
        _known_dependency,
    ),
    Sign(
        CATEGORY,
        (
            r"CMake Error at (?:(?!CMake (?:Error|"
            r"Warning))[\s\S]){0,200}?Could NOT find (?P<name>[\w-]+)"
        ),
        _dependency,
        _END,
    ),
    Sign(CATEGORY, r"Could not find a package configuration file provided by \"(?P<name>[\w-]+)\"", _dependency, _END),
    Sign(CATEGORY, r"By not providing \"Find(?P<name>[\w-]+)\.cmake\" in CMAKE_MODULE_PATH", _dependency, _END),
    Sign(
        CATEGORY,
        (
            r"(?:ld(?:\.\w+)?|ld64): (?:cannot find|library not found for|"
            r"error: unable to find library) -l ?(?P<library>[\w.+-]+)"
        ),
        _linked,
        _END,
    ),
    Sign(CATEGORY, r"cannot find -l(?P<library>[\w.+-]+)", _linked, _END),
    Sign(CATEGORY, r"ld: library '(?P<library>[\w.+-]+)' not found", _linked, _END),
    Sign(CATEGORY, rf"(?:No such file or directory|not found): '(?P<program>{_HELPER})'", _helper, _END),
    Sign(
        CATEGORY,
        (
            rf"(?:/bin/sh|sh|"
            rf"bash)(?:: line \d+)?(?:: \d+)?: (?P<program>{_HELPER}): (?:command )?not found"
        ),
        _helper,
    ),
    Sign(
        CATEGORY,
        (
            rf"(?:unable to execute|[Cc]ould not (?:find|run|execute)|[Cc]annot find|"
            rf"[Uu]nable to find|[Mm]issing)(?: the)?(?: executable| program|"
            rf" command)?:? ['\"`]?(?P<program>{_HELPER})\b"
        ),
        _helper,
    ),
    Sign(
        CATEGORY,
        (
            r"(?<![\w.])(?P<program>[\w.]{1,60}[-_]config|pkg-config)['\"`]?(?: executable| script|"
            r" command)?(?: (?:is|was))? (?:not (?:be )?found|not installed|required)"
        ),
        _helper,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:No package configuration found for|Cannot find|Could not find|Unable to find|"
            r"can't find|could not locate|missing)(?: (?:the|required|library|header|shared|system|"
            r"native|development))* (?P<name>(?:lib)?[a-z][\w+-]*)(?: (?:library|libraries|"
            r"headers?|development files|dev(?:elopment)? package))"
        ),
        _known_dependency,
    ),
)
