"""From the content of one logical line to a statement: a requirement, an include, or options.

`packaging` reads names, extras, versions and markers; requirements-parser reads the parts of version control and
archive addresses. Which of the two gets which part of the line follows pip, so that both hold the same requirements.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from requirements.requirement import Requirement as DescribedRequirement

from harness.requirements.options import OptionProblem, Options, read_options, split_off_options

RequirementKind = Literal["index", "named url", "url", "version control", "path"]

VERSION_CONTROL_SCHEMES = frozenset(
    f"{system}+{transport}"
    for system, transports in {
        "git": ("http", "https", "ssh", "git", "file"),
        "hg": ("file", "http", "https", "ssh", "static-http"),
        "svn": ("ssh", "http", "https", "svn", "file"),
        "bzr": ("http", "https", "ssh", "sftp", "ftp", "lp", "file"),
    }.items()
    for transport in transports
)
URL_SCHEMES = frozenset({"http", "https", "file", "ftp"}) | VERSION_CONTROL_SCHEMES
# `git://host/x` is short for `git+git://host/x` after -e, and so on.
VERSION_CONTROL_SHORTHAND = re.compile(r"(?i)(git|hg|svn|bzr|ssh):")
ARCHIVE_SUFFIX = re.compile(r"(?i)[^/](\.tar\.(gz|bz2|xz|lz|lzma)|(?<!\.tar)\.(zip|whl|tar|tgz|tbz|txz|tlz))$")
EGG = re.compile(r"[#&]egg=([^&]*)")
PROJECT_NAME = re.compile(r"(?i)[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]")
# Python reads no whole number of more than 4,300 digits, so that no tool could compare a longer version.
LONGEST_VERSION = 4_300
OPERATOR = re.compile(r"===|[=<>!~]=|[<>]")


class Unparsable(ValueError):
    """pip cannot read the line. The text says why, as far as the parser knows it."""


class Unsuitable(Unparsable):
    """pip refuses the line for a known cause, such as an unknown option; the text says it in whole sentences."""


@dataclass(frozen=True, slots=True)
class SpecifierPart:
    """One comparison and where it stands in the line's content."""

    operator: str
    version: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RequirementStatement:
    """A line that pip takes for a requirement. Fields as in `harness.requirements.model.Requirement`.

    requirement_end: where the options begin in the content; end: how long the content is. system: git, hg, svn or bzr.
    """

    kind: RequirementKind
    requirement_end: int
    end: int
    parsed: PackagingRequirement | None = None
    marker: Marker | None = None
    extras: tuple[str, ...] = ()
    parts: tuple[SpecifierPart, ...] = ()
    options: Options = field(default_factory=Options)
    url: str | None = None
    path: str | None = None
    system: str | None = None
    editable: bool = False


@dataclass(frozen=True, slots=True)
class IncludeStatement:
    """`-r file` or `-c file`."""

    target: str
    is_constraint: bool

    @property
    def option(self) -> str:
        return "-c" if self.is_constraint else "-r"


@dataclass(frozen=True, slots=True)
class OptionStatement:
    """Options alone."""

    options: Options


Statement = RequirementStatement | IncludeStatement | OptionStatement


def parse_statement(content: str, *, is_constraint: bool = False) -> Statement:
    """Read the content of a logical line, environment variables expanded; Unparsable where pip refuses it.

    is_constraint: the line's file was included with -c.
    """
    text, options_text = split_off_options(content)
    try:
        options = read_options(options_text)
    except OptionProblem as error:
        raise Unsuitable(str(error)) from error
    editable = options.values("--editable")
    if text and editable:
        raise Unsuitable("-e stands before what it installs, and nothing before -e.")
    if text:
        return _parse_requirement(text, options, len(content))
    if editable:
        if is_constraint:
            raise Unsuitable("An editable requirement cannot be a constraint.")
        return _parse_editable(editable[0], options, len(content))
    for name, included_as_constraint in (("--requirement", False), ("--constraint", True)):
        if options.values(name):
            return IncludeStatement(options.values(name)[0], included_as_constraint)
    return OptionStatement(options)


def _parse_requirement(text: str, options: Options, end: int) -> RequirementStatement:
    is_url = _is_url(text)
    wanted, separator, marker_text = text.partition("; " if is_url else ";")
    marker = _parse_marker(marker_text.strip()) if separator else None
    wanted = wanted.strip()
    if is_url:
        return _describe_address(wanted, options, marker, len(text), end)
    path, extras = _split_off_extras(os.path.normpath(wanted))
    if _is_local_archive(path, wanted) or (_looks_like_path(wanted) and "@" not in wanted):
        parsed = _wheel_requirement(path.rstrip("/").rpartition("/")[2])
        return RequirementStatement("path", len(text), end, parsed, marker, extras, options=options, path=path)
    parsed = _parse_name(wanted)
    parsed.marker = marker or parsed.marker
    if parsed.url:
        _check_address(parsed.url)
    return RequirementStatement(
        kind="named url" if parsed.url else "index",
        requirement_end=len(text),
        end=end,
        parsed=parsed,
        marker=parsed.marker,
        extras=_written_extras(wanted, parsed),
        parts=() if parsed.url else _checked(tuple(_written_parts(wanted, parsed))),
        options=options,
        url=parsed.url,
    )


def _parse_editable(text: str, options: Options, end: int) -> RequirementStatement:
    try:
        named = PackagingRequirement(text)
    except InvalidRequirement:
        named = None
    if named is not None and named.url:
        if _scheme(named.url) not in VERSION_CONTROL_SCHEMES | {"file"}:
            raise Unsuitable("After -e stands a local folder or a version control address.")
        _check_address(named.url)
        return RequirementStatement(
            "named url",
            0,
            end,
            parsed=named,
            marker=named.marker,
            extras=tuple(sorted(named.extras)),
            options=options,
            url=named.url,
            editable=True,
        )
    shorthand = VERSION_CONTROL_SHORTHAND.match(text)
    address = f"{shorthand[1]}+{text}" if shorthand else text
    scheme = _scheme(address)
    if scheme in VERSION_CONTROL_SCHEMES:
        statement = _describe_address(address, options, None, 0, end, editable=True)
        if statement.parsed is None:
            raise Unsuitable("The address needs the package's name in front: `name @ address`.")
        return statement
    if scheme == "file":
        return _describe_address(address, options, None, 0, end, editable=True)
    if scheme in URL_SCHEMES:
        raise Unsuitable("After -e stands a local folder or a version control address.")
    path, extras = _split_off_extras(text)
    return RequirementStatement("path", 0, end, extras=extras, options=options, path=path, editable=True)


def _describe_address(
    address: str,
    options: Options,
    marker: Marker | None,
    requirement_end: int,
    end: int,
    *,
    editable: bool = False,
) -> RequirementStatement:
    """Describe a bare URL: its package where `#egg=` or a wheel's file name tells it, and its kind."""
    scheme = _scheme(address)
    name = _check_address(address)
    try:
        described = DescribedRequirement.parse(f"-e {address}" if editable else address)
        system = described.vcs
    except (ValueError, KeyError):  # an address whose fragment requirements-parser has no reading for
        system = None
    file_name = unquote(_split(address).path).rstrip("/").rpartition("/")[2]
    parsed = _wheel_requirement(file_name) or (_parse_name(name) if name else None)
    if parsed is not None:
        parsed.url = address
        parsed.marker = marker
    return RequirementStatement(
        kind="version control" if scheme in VERSION_CONTROL_SCHEMES else "url",
        requirement_end=requirement_end,
        end=end,
        parsed=parsed,
        marker=marker,
        options=options,
        url=address,
        system=system or (scheme.split("+")[0] if "+" in scheme else None),
        editable=editable,
    )


def _wheel_requirement(file_name: str) -> PackagingRequirement | None:
    if not file_name.endswith(".whl"):
        return None
    try:
        name = parse_wheel_filename(file_name)[0]
    except InvalidWheelFilename as error:
        raise Unsuitable(f"{file_name} is not a valid file name of a wheel.") from error
    return _parse_name(name)


def _check_address(address: str) -> str | None:
    """Return the name in `#egg=`; Unsuitable where pip would not take the address."""
    parts = _split(address)
    if parts.scheme == "file" and parts.netloc not in {"", "localhost"}:
        raise Unsuitable("A file: address names a file of this machine, not of another one.")
    egg = EGG.search(address)
    if egg and not PROJECT_NAME.fullmatch(egg[1]):
        raise Unsuitable("`#egg=` takes a package name and nothing else.")
    return egg[1] if egg else None


def _parse_marker(text: str) -> Marker | None:
    try:
        return Marker(text) if text else None
    except InvalidMarker as error:
        raise Unparsable(_first_line(error)) from error
    except RecursionError as error:
        raise Unsuitable("The marker has too many parentheses inside each other.") from error


def _parse_name(text: str) -> PackagingRequirement:
    try:
        return PackagingRequirement(text)
    except InvalidRequirement as error:
        raise Unparsable(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _scheme(text: str) -> str:
    return _split(text).scheme


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:  # such as an unclosed bracket of an IPv6 address
        raise Unsuitable(f"The address cannot be read: {error}.") from error


def _is_url(text: str) -> bool:
    return _scheme(text) in URL_SCHEMES


def _is_local_archive(path: str, wanted: str) -> bool:
    """Tell whether pip takes the text for the file name of an archive; `name @ url` is none."""
    if not ARCHIVE_SUFFIX.search(path):
        return False
    before, at, _ = wanted.partition("@")
    return not at or _looks_like_path(before)


def _looks_like_path(text: str) -> bool:
    return "/" in text or text.startswith(".")


def _split_off_extras(path: str) -> tuple[str, tuple[str, ...]]:
    """Split `./project[extra]` into path and extras; also done where the path turns out to be a name."""
    bracket = re.fullmatch(r"(.+)(\[[^\]]+\])", path)
    if not bracket:
        return path, ()
    return bracket[1].rstrip(), tuple(sorted(_parse_name(f"placeholder{bracket[2]}").extras))


def _checked(parts: tuple[SpecifierPart, ...]) -> tuple[SpecifierPart, ...]:
    if any(len(part.version) > LONGEST_VERSION for part in parts):
        raise Unsuitable(f"A version has at most {LONGEST_VERSION} characters.")
    return parts


def _written_extras(wanted: str, parsed: PackagingRequirement) -> tuple[str, ...]:
    """Return the extras in the order of the line; `packaging` keeps them as a set."""
    if not parsed.extras:
        return ()
    inside = wanted[wanted.index("[") + 1 : wanted.index("]")]
    return tuple(extra.strip() for extra in inside.split(","))


def _written_parts(wanted: str, parsed: PackagingRequirement) -> Iterator[SpecifierPart]:
    """Yield the comparisons in the order of the line, with their places; `packaging` keeps them as a set."""
    position = wanted.index(parsed.name) + len(parsed.name)
    bracket = wanted.find("]", position)
    position = bracket + 1 if bracket >= 0 else position
    for piece in wanted[position:].split(","):
        text = piece.strip(" \t()")
        operator = OPERATOR.match(text)
        if operator:
            start = position + piece.index(text)
            version = text[operator.end() :].strip()
            yield SpecifierPart(operator[0], version, start, start + len(text))
        position += len(piece) + 1
