"""Which requirements a file holds is pip's decision: on every generated file, pip and the harness must agree."""

from __future__ import annotations

import codecs
import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import pathname2url

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from harness.errors import HarnessError
from harness.requirements import Requirement, Requirements, parse_requirements

Row = tuple[Any, ...]
FAST = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working folder with files to include and a project to install, and some environment variables."""
    folder = tmp_path_factory.mktemp("agree")
    (folder / "sub").mkdir()
    (folder / "other.txt").write_text("alpha==1\n-r sub/third.txt\n-c sub/limits.txt\nomega\n")
    (folder / "sub" / "third.txt").write_text("beta[x] ; python_version>'3'\n\n# nothing\ngamma \\\n >=2\n")
    (folder / "sub" / "limits.txt").write_text("alpha<2\n-r third.txt\ndelta~=1.0\n")
    (folder / "cycle.txt").write_text("one\n-r cycle.txt\n")
    (folder / "project").mkdir()
    (folder / "project" / "pyproject.toml").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PACKAGE", "envpkg")
        patch.setenv("VERSION_1", "1.26.4")
        patch.setenv("NESTED", "${VERSION_1}")
        patch.setenv("EMPTY", "")
        patch.setenv("INCLUDED", "other.txt")
        patch.delenv("UNSET", raising=False)
        yield folder


def pip_holds(file: Path) -> list[Row] | None:
    """Return what pip finds in the file, None where it refuses the file."""
    req_file: Any = importlib.import_module("pip._internal.req.req_file")
    constructors: Any = importlib.import_module("pip._internal.req.constructors")
    try:
        found = [
            (parsed.comes_from, parsed.options, constructors.install_req_from_parsed_requirement(parsed))
            for parsed in req_file.parse_requirements(str(file), session=None)
        ]
    except Exception:  # noqa: BLE001 -- pip has many ways to refuse a file
        return None
    return [_pip_row(comes_from, options or {}, requirement) for comes_from, options, requirement in found]


def _pip_row(comes_from: str, options: dict[str, Any], requirement: Any) -> Row:
    place = re.fullmatch(r"-[rc] (.*) \(line (\d+)\)", comes_from)
    assert place is not None
    url = requirement.link.url if requirement.link else None
    trailing_bracket = url is not None and url.endswith("]")
    return (
        Path(place[1]).absolute(),
        int(place[2]),
        requirement.constraint,
        requirement.editable,
        canonicalize_name(requirement.req.name) if requirement.req else None,
        None if trailing_bracket else sorted(canonicalize_name(extra) for extra in requirement.extras),
        None if url else str(requirement.req.specifier),
        str(requirement.markers) if requirement.markers else None,
        url,
        sorted((name, value) for name, values in requirement.hash_options.items() for value in values),
        sorted(options.get("config_settings") or {}),
    )


def harness_holds(file: Path) -> list[Row] | None:
    """Return the same of the harness, None where it says that pip refuses the file."""
    try:
        requirements = parse_requirements(file)
    except HarnessError:
        return None
    held = (*requirements.entries, *requirements.constraints)
    if requirements.pip_refuses or not all(_pip_finds(entry) for entry in held if entry.path):
        return None
    return [_row(entry) for entry in held]


def _pip_finds(entry: Requirement) -> bool:
    """Tell what the harness does not ask, because it refuses every path: whether there is something to install."""
    path = Path(entry.path or "")
    if entry.editable:
        return path.is_dir()
    if path.is_dir():
        return (path / "pyproject.toml").is_file()
    filetypes: Any = importlib.import_module("pip._internal.utils.filetypes")
    return bool(filetypes.is_archive_file(f"{Path.cwd()}/{entry.path}"))


def _row(entry: Requirement) -> Row:
    url = entry.url
    if entry.path:
        url = urljoin("file://", pathname2url(os.path.normpath(Path.cwd() / entry.path)))
    parsed = entry.parsed
    return (
        entry.file.absolute(),
        entry.line_number,
        entry.is_constraint,
        entry.editable,
        canonicalize_name(parsed.name) if parsed else None,
        None if url and url.endswith("]") else sorted(canonicalize_name(extra) for extra in entry.extras),
        None if url else str(parsed.specifier) if parsed else None,
        str(entry.marker) if entry.marker else None,
        url,
        sorted((value.partition(":")[0], value.partition(":")[2]) for value in entry.hashes),
        sorted({value.partition("=")[0] for _, value in entry.options}),
    )


def assert_agree(folder: Path, data: bytes) -> None:
    file = folder / "requirements.txt"
    file.write_bytes(data)
    theirs, ours = pip_holds(file), harness_holds(file)
    if theirs is not None:
        # The harness keeps constraints apart; the order within each kind is pip's.
        theirs = [row for row in theirs if not row[2]] + [row for row in theirs if row[2]]
    assert ours == theirs, data


NAMES = st.sampled_from(["numpy", "Foo_Bar", "zope.interface", "a", "X1", "${PACKAGE}", "my--pkg", "bad-", "é"])
EXTRAS = st.sampled_from(["", "", "[a]", "[a, B_c]", " [x.y]", "[]", "[ ]", "[a b]", "[a"])
VERSIONS = st.sampled_from(
    [
        *("", "", "==1.0", ">=1.2,<2", " ~= 1.4.2", "!=1.*", "===weird", " (>=1, <3)", "==1.0+local.1", ">1rc1"),
        *(" == 1.0 , < 2", ">=1,", "==${VERSION_1}", "==${NESTED}", "==${EMPTY}", "==${UNSET}", "==1!2.0.post1"),
        *("=1", "=>1", " 1.0", "==", ">=1.*", "~=1", ">=1 <2", "==1.0#x", "==1.0.zip", "<=v2", "==1.0[late]"),
    ]
)
MARKERS = st.sampled_from(
    [
        *("", "", "", "; python_version<'3.8'", ';os_name == "nt"', " ; extra == 'x' and sys_platform=='linux'"),
        *(";", " ; ", "; bogus", ";;", "; (os_name=='a' or os_name=='b')", "; python_version in '3.8 3.9'"),
    ]
)
OPTIONS = st.sampled_from(
    [
        *("", "", "", " --hash=sha256:aa", " --hash sha256:bb --hash=sha512:cc", "\t--hash=sha256:aa"),
        *(" --hash=md5:aa", " --hash=sha256", " --pre", " --config-settings k=v", " -C x", " --hash=sha256:a b"),
        *(" --no-such", " -i https://e.org/simple", " --has=sha384:dd", " --hash='sha256:q", " -", " --", " -e ."),
        *("  --hash=sha256:aa", " -- x", " --pre=1", " -r other.txt"),
    ]
)
COMMENTS = st.sampled_from(["", "", " # c", "#c", "  #", "\t# t", " # ends \\", " #a #b", "\u00a0# odd", "   ", " \\ "])
PLAIN = st.builds("".join, st.tuples(NAMES, EXTRAS, VERSIONS, MARKERS, OPTIONS, COMMENTS))
OTHER = st.sampled_from(
    [
        *("", "  ", "\t", "# comment", "   # indented", "# ends \\", "\\", "#", "\\\\", "\ufeff", "\x1f"),
        *("https://e.org/foo-1.0-py3-none-any.whl", "https://e.org/x.zip ; python_version<'3'", "https://[bad"),
        *("https://e.org/x;y ; os_name=='a'", "http://e.org/foo-1.0-py3-none-any.whl#sha256=aa", "https://e.org/x.whl"),
        *("git+https://e.org/x.git@v1#egg=foo", "git+https://e.org/x.git#egg=foo[b]", "git+git://e.org/x --pre"),
        *("svn+ssh://e.org/x#egg=foo&subdirectory=y", "hg+file:///x#subdirectory=a=b", "ftp://e.org/x.tgz"),
        *("foo @ https://e.org/x.zip ; python_version<'3'", "foo[a] @ git+ssh://git@e.org/x", "foo@https://e.org/x"),
        *("foo @ https://e.org/x;os_name=='a'", "foo @ https://e.org/x#egg=a[b]", "foo @ ", "foo @ ./here", "a://b"),
        *(
            "file:///tmp/x.zip",
            "file://e.org/x.zip",
            "foo @ file://e.org/x.zip",
            "dist/.foo-1.0-py3-none-any.whl",
            "./dist/foo-1.0.tar.gz",
            "foo-1.0.zip",
            "foo-1.0.zip[a]",
            "x.tar.zip",
            "./gone",
        ),
        *(
            "./project",
            "./project[a]/",
            "d#ist/foo-1.0-py3-none-any.whl",
            "./project[a]",
            "project",
            "sub/",
            ".",
            "dist/bad.whl",
            "dist/foo-1.0-py3-none-any.whl",
        ),
        *("-e git+https://e.org/x#egg=bar", "--editable=foo @ git+https://e.org/x", "-e ./project", "-e project[a]"),
        *("-e git://e.org/x#egg=bar", "-e git+https://e.org/x", "-e https://e.org/x#egg=y", "-e numpy", "-e"),
        *("-e ./project --config-settings k=v", "-e file:///tmp/x", "-e foo @ https://e.org/x", "-e ./project -e b"),
        *("-e 'foo[b, A] @ git+https://e.org/x ; os_name==\"a\"'", "-e 'foo @ https://e.org/x'", "-e 'a b'"),
        *("-e 'foo @ git+https://e.org/x#egg=a[b]'", "-e 'foo @ file:///tmp/x'", "-e 'foo @ git+https://[bad'"),
        *("-r other.txt", "-rother.txt", "--requirement=sub/third.txt", "--requirem other.txt", "-c other.txt"),
        *("-c sub/limits.txt # limits", "-r ${INCLUDED}", "-r missing.txt", "-r cycle.txt", "-r requirements.txt"),
        *(
            "-r other.txt -r missing.txt",
            "-c missing.txt -r other.txt",
            "-r other.txt ignored",
            "-r ./sub/../other.txt",
        ),
        *("-r 'other.txt'", "-r", "-r sub", "numpy -r other.txt", "--constraint other.txt --pre"),
        *("--index-url https://e.org/simple", "-i https://e.org", "--pypi-url=x", "--no-index", "--no-i", "--no"),
        *("--extra-index-url x --trusted-host y", "--no-binary=:all:", "--only-binary -x", "--hash=sha256:aa", "-x"),
        *("--find-links .", "-f.", "--require-hashes", "--prefer-binary", "--pre", "--pre --pre", "-- numpy", "-"),
        *("'numpy'", "numpy pandas", "[section]", "numpy, pandas", "import numpy", "$PACKAGE", "${package}", "a\x00b"),
    ]
)
LINE_ENDS = st.sampled_from(
    ["\n", "\n", "\n", "\r\n", "\r", "\f", "\v", "\x1c", "\x85", "\u2028", "\n\n", "\\\n", " \\\n  "]
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-be"])
MARKS = {"utf-16-be": codecs.BOM_UTF16_BE, "utf-32-be": codecs.BOM_UTF32_BE}


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Lines, each maybe continued somewhere in its middle, with all kinds of line ends, in some encoding."""
    text = ""
    for line in draw(st.lists(st.one_of(PLAIN, PLAIN, OTHER), max_size=5)):
        if line and draw(st.integers(0, 4)) == 0:
            place = draw(st.integers(0, len(line)))
            text += line[:place] + draw(st.sampled_from(["\\\n", "\\\r\n", "\\\n# note\n", "\\\\\n"]))
            line = line[place:]  # noqa: PLW2901
        text += line + draw(LINE_ENDS)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    encoding = draw(ENCODINGS)
    return MARKS.get(encoding, b"") + text.encode(encoding)


@settings(FAST, max_examples=300)
@given(data=files())
@example(data=b"numpy \\\n# a comment ends the continuation\n>=1.0\n")
@example(data=b"numpy # a comment that goes on \\\npandas\nscipy\n")
@example(data=b"\\numpy\\\n==1.0")
@example(data=b"# -*- coding: latin-1 -*-\nnumpy # caf\xe9\n")
@example(data=b"# first\n# coding=utf-16\nnumpy\n")
@example(data=b"numpy # caf\xe9\n")
@example(data=b"# coding: no-such-codec\nnumpy\n")
@example(data=b"numpy\n# coding: latin-1 \xe9\n")
@example(data="\ufeffnumpy".encode("utf-16-le"))
@example(data="\ufeff\ufeffnumpy".encode())
def test_generated_files(folder: Path, data: bytes) -> None:
    assert_agree(folder, data)


@settings(FAST, max_examples=250)
@given(text=st.text(alphabet="ab.=<>~!;#\\ \t\n\r-@[],'\"${}A1*()/:+er_", max_size=40))
def test_any_text(folder: Path, text: str) -> None:
    assert_agree(folder, text.encode())


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("-r other.txt\nlast", id="nested-includes"),
        pytest.param("-c other.txt\nlast", id="includes-below-constraints"),
        pytest.param("-r other.txt\n-r other.txt", id="included-twice"),
        pytest.param("${PACKAGE}==${VERSION_1}", id="variables"),
        pytest.param("foo[${PACKAGE}]>=${VERSION_1}", id="a-variable-in-extras"),
        pytest.param("-e ./project", id="editable"),
    ],
)
def test_both_hold_requirements(folder: Path, line: str) -> None:
    """Agreement is not only refusing together."""
    assert_agree(folder, line.encode())
    assert harness_holds(folder / "requirements.txt")


def test_the_files_own_records_name_their_own_file(folder: Path) -> None:
    file = folder / "requirements.txt"
    file.write_text("-r other.txt\n")
    requirements: Requirements = parse_requirements(file)
    assert [(Path(entry.file).name, entry.line_number, entry.name) for entry in requirements.entries] == [
        ("other.txt", 1, "alpha"),
        ("third.txt", 1, "beta"),
        ("third.txt", 4, "gamma"),
        ("third.txt", 1, "beta"),
        ("third.txt", 4, "gamma"),
        ("other.txt", 4, "omega"),
    ]
    assert [entry.name for entry in requirements.constraints] == ["alpha", "delta"]
