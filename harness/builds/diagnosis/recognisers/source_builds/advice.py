"""What helps where building from source lacks something of the system."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from harness.builds.diagnosis.recognisers.source_builds.signs import Build
from harness.builds.diagnosis.system_packages import COMPILER

NEWER = "Ask for a version of {package} that has a wheel for this Python"
MAKE_ENVIRONMENT = "harness envs new NAME --from ENVIRONMENT --apt {packages}"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another project in place of one. is_drop_in: the same versions and imports, so that only the line changes."""

    package: str
    is_drop_in: bool = False
    note: str = ""


ALTERNATIVES = {
    "psycopg2": Alternative("psycopg2-binary", is_drop_in=True),
    "mysqlclient": Alternative("PyMySQL", note=", which is imported as pymysql"),
    "mysql-python": Alternative("PyMySQL", note=", which is imported as pymysql"),
    "pycrypto": Alternative("pycryptodome", note=", which has the same imports and other versions"),
    "python-ldap": Alternative("ldap3", note=", whose functions differ"),
    "pycurl": Alternative("requests", note=", whose functions differ"),
    "pymssql": Alternative("pyodbc", note=", whose functions differ"),
    "dlib": Alternative("dlib-bin", note=", which is built by others"),
}


def instead_of(build: Build) -> tuple[str, str | None]:
    """Return what to say of a package with wheels in place of this one, and the line to write for it."""
    alternative = ALTERNATIVES.get(canonicalize_name(build.package))
    if alternative is None:
        return "", None
    if not alternative.is_drop_in:
        return f" On the package index, {alternative.package} has wheels{alternative.note}.", None
    line = _with_other_name(build, alternative.package)
    return f" Or write {line}, which is the same with the library inside.", line


def _with_other_name(build: Build, package: str) -> str:
    try:
        asked = Requirement(re.split(r"\s#", build.line or "", maxsplit=1)[0].strip())
    except InvalidRequirement:
        return package
    if canonicalize_name(asked.name) != canonicalize_name(build.package):
        return package
    marker = f"; {asked.marker}" if asked.marker else ""
    return f"{package}{asked.specifier}{marker}"


def install(build: Build, *packages: str | None) -> str:
    """Return the advice to take an environment with these Debian packages, where Debian has them."""
    newer = NEWER.format(package=build.package)
    wanted = " ".join(dict.fromkeys(package for package in packages if package))
    if not wanted:
        return f"{newer}. The harness knows no Debian package that has it."
    named = ", ".join(wanted.split()[:-1]) + (" and " if " " in wanted else "") + wanted.split()[-1]
    return (
        f"{newer}, or take a custom environment with Debian's {named}, here and on the platform: "
        f"`{MAKE_ENVIRONMENT.format(packages=wanted)}`."
    )


def with_compiler(build: Build, package: str | None) -> str:
    """Return the advice for a library that was looked for before any compiler was."""
    is_compiler_there = re.search(r"(?:^|[\s/])(?:gcc|g\+\+|clang|cc|x86_64-linux-gnu-gcc) -", build.output)
    return install(build, *([] if is_compiler_there else [COMPILER]), package) if package else install(build)
