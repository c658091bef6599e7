"""The build code does not work with today's tools, or fails for a reason of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.builds.diagnosis.recognisers.source_builds.signs import Build, Explain, Sign, Told, Weight, saying

CATEGORY = "broken_build_script"
_NEWER = "Ask for a newer version of {package}, or one that has a wheel for this Python."


def _old(what: str) -> Explain:
    return saying(f"The build code of {{package}} is too old: {what}.", _NEWER)


def _says(summary: str) -> Explain:
    return saying(summary, _NEWER)


def _exception(groups: Mapping[str, str], build: Build) -> Told:
    """Explain a traceback of which only the last line tells something."""
    said = " ".join(groups["said"].split())
    return Told(f"The build code of {build.package} fails: {said[:200]}.", _NEWER.format(package=build.package))


def _own_file(groups: Mapping[str, str], build: Build) -> Told | None:
    name = groups["file"]
    if "/" not in name and "." not in name:
        return None  # A program; the tables of tools know it or nobody does.
    return Told(
        (
            f"The build code of {build.package} reads {name.rsplit('/', 1)[-1]}, which its source "
            f"distribution does not have."
        ),
        _NEWER.format(package=build.package),
    )


def _compile_error(groups: Mapping[str, str], build: Build) -> Told:
    errors = re.findall(
        r"^\s*(\S+?\.(?:c|cc|cpp|cxx|h|hpp|pyx|pxd|f90|f)):\d+(?::\d+)?: (?:fatal )?error: ([^\n]+)",
        build.output,
        re.MULTILINE,
    )
    if errors:
        file, said = errors[0]
        what = f"the compiler refuses {file.rsplit('/', 1)[-1]}: {said.strip()[:150]}"
    else:
        what = f"the compiler {groups['program'].rsplit('/', 1)[-1]} ends with exit code {groups['code']}"
    return Told(
        f"The code of {build.package} does not compile here: {what}.",
        f"Ask for a version of {build.package} that has a wheel for this Python, or a newer one.",
    )


def _ninja(_: Mapping[str, str], build: Build) -> Told:
    return _compile_error({"program": "ninja", "code": "1"}, build)


def _attribute(groups: Mapping[str, str], build: Build) -> Told:
    """Explain what today's tools do not have any more."""
    owner = groups.get("module") or groups.get("type") or groups["object"]
    return _exception({"said": f"{owner} has no attribute {groups['name']}"}, build)


_GENERIC, _END = Weight.GENERIC, Weight.ENDED

SIGNS: tuple[Sign, ...] = (
    Sign(
        CATEGORY,
        r"use_2to3 is invalid",
        _old("its setup.py says use_2to3, which setuptools refuses since version 58"),
        _END,
    ),
    Sign(
        CATEGORY,
        r"error in (?P<name>\S+) setup command: (?P<said>[^\n]+)",
        _says("The build code of {package} is refused by today's setuptools: {said}"),
        _END,
    ),
    Sign(
        CATEGORY,
        r"(?:for|on|with|supports?|requires?|needs?) Python 2(?:\.\d+)?(?:\.x)? only\b|"
        r"\bonly (?:for|on|with|works (?:on|with)|supports?|compatible with) Python 2\b",
        _old("it is written for Python 2"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"SyntaxError: (?:Missing parentheses in call to '(?:print|exec)'|"
            r"multiple exception types must be parenthesized|"
            r"leading zeros in decimal integer literals|inconsistent use of tabs)|(?:TabError|"
            r"IndentationError): [^\n]+"
        ),
        _old("it is written for Python 2"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>ConfigParser|"
            r"StringIO|cStringIO|urllib2|urlparse|httplib|commands|cPickle|Queue|HTMLParser|"
            r"__builtin__|SocketServer|Tkinter|itertools\.izip)'?"
        ),
        _old("it imports {module}, which only Python 2 has"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"NameError: name '(?P<name>unicode|basestring|xrange|raw_input|reload|file|execfile|"
            r"unichr|long)' is not defined"
        ),
        _old("it uses {name}, which only Python 2 has"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:ModuleNotFoundError|"
            r"ImportError): No module named '?(?P<module>distutils(?:\.\w+)*|imp|asyncore|asynchat|"
            r"smtpd|lib2to3(?:\.\w+)*|cgi|cgitb|crypt|pipes|telnetlib|imghdr|sndhdr|nntplib|uu|"
            r"xdrlib|audioop|aifc|chunk|msilib|nis|ossaudiodev|spwd|sunau|formatter|parser|symbol|"
            r"binhex|fpformat|dummy_threading|_bootlocale|macpath)'?(?!\w)"
        ),
        _old("it imports {module}, which this Python does not have any more"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>(?:numpy|"
            r"setuptools|pip|pkg_resources|Cython|wheel|packaging|torch|versioneer)\.[\w.]+)'?"
        ),
        _old("it imports {module}, which today's release does not have"),
        _END,
    ),
    Sign(
        CATEGORY,
        r"ImportError: cannot import name '?(?P<name>\w+)'? from "
        r"(?:partially initialized module )?'(?P<module>[\w.]+)'",
        _old("it imports {name} from {module}, which does not have it"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"AttributeError: module '?(?P<module>configparser|collections|inspect|platform|"
            r"pkgutil|locale|importlib|asyncio|gettext|fractions|time|string|types|os|sys|array|"
            r"base64|cgi|html|imp)'? has no attribute '(?P<name>\w+)'"
        ),
        _old("it uses {module}.{name}, which this Python does not have any more"),
        _END,
    ),
    Sign(CATEGORY, r"AttributeError: '?cython_sources'?", _old("it does not work with Cython 3"), _END),
    Sign(
        CATEGORY,
        r"Cython\.Compiler\.Errors\.CompileError: (?P<file>[^\n]+)",
        _says("Cython cannot compile {file} of {package}: the code was written for another version of Cython."),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"AttributeError: (?:module '(?P<module>(?:numpy|setuptools|pkg_resources|Cython|"
            r"distutils|_distutils_hack|wheel)[\w.]*)'|type object '?(?P<type>\w+)'?|"
            r"'(?P<object>\w+)' object) has no attribute '(?P<name>\w+)'"
        ),
        _attribute,
    ),
    Sign(
        CATEGORY,
        r"Compatibility with CMake < (?P<version>\d\.\d+) has been removed",
        _old("its CMakeLists.txt asks for CMake before {version}, which today's CMake refuses"),
        _END,
    ),
    Sign(
        CATEGORY,
        r"CMake (?P<version>\d[\d.]*) or higher is required\. +You are running version (?P<found>[\d.]*\d)",
        _says("The build code of {package} needs CMake {version}, and {found} is there."),
        _END,
    ),
    Sign(
        CATEGORY,
        r"(?:configuration error|invalid pyproject\.toml config): `?(?P<said>[\w.\[\]-]+)`?",
        _says("The pyproject.toml of {package} is refused by today's setuptools: {said} is not as it must be."),
        _END,
    ),
    Sign(
        CATEGORY,
        r"InvalidConfigError: (?P<said>[^\n]+)",
        _says("The configuration of {package} is refused by today's setuptools: {said}"),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:is not a valid (?:PEP 508|PEP 621)|`project` (?:must contain|contains)|"
            r"`project\.\w+`|'project\.\w+'|project\.license)[^\n]*"
        ),
        _old("its pyproject.toml is refused"),
    ),
    Sign(
        CATEGORY,
        r"Multiple top-level packages discovered in a flat-layout",
        _says(
            "The build code of {package} does not say which of its folders is the package, and "
            "today's setuptools refuses to guess."
        ),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:LookupError|version_from_scm|setuptools-scm was unable to detect version|"
            r"unable to detect version for)[^\n]*"
        ),
        _says(
            "The build code of {package} reads its version from a Git repository, and a source distribution has none."
        ),
    ),
    Sign(CATEGORY, r"No such file or directory: '(?P<file>[^'\n]+)'", _own_file),
    Sign(
        CATEGORY,
        (
            r"unrecognized arguments?: |error: option (?P<option>--\S+) not recognized|"
            r"error: unknown (?:file type|command)"
        ),
        _says("The build code of {package} does not know what today's installers ask of it."),
        _END,
    ),
    Sign(
        CATEGORY,
        r"error: invalid command '(?P<command>(?!bdist_wheel)\w+)'",
        _says("The build code of {package} does not know the command {command}."),
        _END,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:^|\s)error: [Cc]ommand '?(?P<program>[\w./+-]*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|"
            r"gfortran|nvcc|ninja)(?:-\d+)?)'? failed with exit (?:status|code) (?P<code>\d+)"
        ),
        _compile_error,
        Weight.GENERIC,
    ),
    Sign(CATEGORY, r"ninja: build stopped: subcommand failed", _ninja, Weight.GENERIC),
    Sign(
        CATEGORY,
        r"error: could not compile `(?P<crate>[^`]+)`",
        _says("The Rust code of {package} does not compile: the crate {crate} fails."),
        Weight.GENERIC,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:^|\n)\s{0,200}+(?P<said>(?:\w+\.)*(?:[A-Z]\w*(?:Error|Exception|Warning|NotFound|Exit)|"
            r"AssertionError|Exception): [^\n]+)"
        ),
        _exception,
        _GENERIC,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:^|\n)\s{0,200}+(?P<said>(?:AssertionError|SystemExit|KeyError|RuntimeError|Exception|"
            r"NotImplementedError))\s*(?:\n|$)"
        ),
        _exception,
        _GENERIC,
    ),
    Sign(CATEGORY, r"CMake Error at (?P<place>\S+):\d+ \(\w+\): (?P<said>[^\n]+)", _exception, _GENERIC),
    Sign(
        CATEGORY,
        (
            r"(?:^|\n)\s{0,200}+(?:\S*meson\.build:\d+:\d+: )?ERROR: (?P<said>(?!Failed building|"
            r"Could not build|Command errored)[^\n]+)"
        ),
        _exception,
        _GENERIC,
    ),
    Sign(
        CATEGORY,
        (
            r"(?:^|\n)\s{0,200}+(?:error|ERROR|Error): (?P<said>(?!subprocess-exited|metadata-generation|"
            r"[Cc]ommand )[^\n]+)"
        ),
        _exception,
        _GENERIC,
    ),
)
