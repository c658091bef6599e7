"""Encodings, canonical lines, and what is worth a look."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.findings import Severity
from harness.requirements import NO_REQUIREMENTS, Requirements, lint_requirements, normalised, parse_requirements


def read(folder: Path, text: str, **environment: str) -> Requirements:
    file = folder / "requirements.txt"
    file.write_text(text, newline="")
    return parse_requirements(file, environment=environment)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("# é\nnumpy\n".encode(), id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + b"numpy", id="utf-8-with-mark"),
        pytest.param("numpy\n".encode("utf-16"), id="utf-16"),
        pytest.param(codecs.BOM_UTF16_BE + "numpy\r\n".encode("utf-16-be"), id="utf-16-big-endian"),
        pytest.param("numpy\n".encode("utf-32"), id="utf-32"),
        pytest.param(b"# -*- coding: latin-1 -*-\nnumpy # \xe9\n", id="declared-on-line-1"),
        pytest.param(b"# about\n# vim: set fileencoding=cp1252 :\nnumpy # \x80\n", id="declared-on-line-2"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "requirements.txt"
    file.write_bytes(data)
    (found,) = parse_requirements(file).dependencies
    assert found.package_name == "numpy"


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        pytest.param(b"numpy\r\n# caf\xe9\n", "not valid UTF-8 text: byte 0xe9", 2, id="latin-1-undeclared"),
        pytest.param(b"# coding: no-such\nnumpy", "names the encoding 'no-such'", 1, id="unknown-encoding"),
        pytest.param("numpy\n".encode("utf-16-le"), "without a byte order mark", 1, id="utf-16-without-mark"),
        pytest.param(codecs.BOM_UTF16_LE + b"n\0\n\0n", "not valid UTF-16-LE text", 2, id="utf-16-cut-off"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes, message: str, line: int) -> None:
    file = tmp_path / "requirements.txt"
    file.write_bytes(data)
    with pytest.raises(HarnessError, match=message) as raised:
        parse_requirements(file)
    finding = raised.value.finding
    assert (finding.file, finding.line) == (str(file), line)
    assert finding.remedy


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("gone.txt", "no such requirements file", id="missing"),
        pytest.param(".", "a folder", id="folder"),
        pytest.param("x" * 300, "File name too long", id="impossible-name"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        parse_requirements(tmp_path / name)


class TestNormalised:
    def test_canonical_sorted_lines(self, tmp_path: Path) -> None:
        text = (
            "# comment\nScikit_Learn>=1.5.0,<2.0 # c\n\nnumpy == 1.26.0\nZope.Interface[B_c, a]\n"
            "foo; python_version<'3.12'\nbar==1.0 --hash=sha256:bb --hash=sha256:aa\n-e .\nx @ https://e.org/x.zip\n???\n"
        )
        assert normalised(read(tmp_path, text)) == (
            "bar==1 --hash=sha256:aa --hash=sha256:bb",
            'foo ; python_version < "3.12"',
            "numpy==1.26",
            "scikit-learn<2,>=1.5",
            "zope-interface[a,b-c]",
        )

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            pytest.param("a\nb", "b\r\n\r\n# x\r\nA # y", id="order-and-comments"),
            pytest.param("a>=1,<2", "a<2.0\na>=1.0.0", id="on-two-lines"),
            pytest.param("a ; os_name=='nt'", 'a;os_name  ==  "nt"', id="spelling-of-markers"),
            pytest.param("a[x,y]", "a[Y]\na[x]", id="extras"),
            pytest.param("a_b==1.0", "A.B == 1", id="names-and-zeros"),
            pytest.param("a\na", "a", id="twice"),
            pytest.param("a==1.0", "a==${V}", id="variables"),
            pytest.param("a~=1.4", "a ~= 1.4", id="refused-operator"),
        ],
    )
    def test_same_meaning_same_lines(self, tmp_path: Path, one: str, other: str) -> None:
        assert normalised(read(tmp_path, one)) == normalised(read(tmp_path, other, V="1.0"))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            pytest.param("a==1.0", "a==1.0.1", id="version"),
            pytest.param("a~=1.4", "a~=1.4.0", id="zero-of-a-compatible-release"),
            pytest.param("a==1.*", "a==1.0.*", id="zero-of-a-wildcard"),
            pytest.param("a", "a ; os_name=='nt'", id="marker"),
            pytest.param("a==1 --hash=sha256:aa", "a==1 --hash=sha256:bb", id="hash"),
            pytest.param("a[x]", "a", id="extras"),
        ],
    )
    def test_other_meaning_other_lines(self, tmp_path: Path, one: str, other: str) -> None:
        assert normalised(read(tmp_path, one)) != normalised(read(tmp_path, other))

    def test_its_lines_are_their_own_canonical_form(self, tmp_path: Path) -> None:
        lines = normalised(read(tmp_path, "B>=1.0,!=1.2 ; os_name=='nt' and extra=='x'\na[z]==1.0 --hash=sha256:aa\n"))
        assert normalised(read(tmp_path, "\n".join(lines))) == lines

    def test_includes_are_in_it_and_constraints_are_not(self, tmp_path: Path) -> None:
        (tmp_path / "more.txt").write_text("scipy\n")
        (tmp_path / "limits.txt").write_text("numpy<2\n")
        assert normalised(read(tmp_path, "numpy\n-r more.txt\n-c limits.txt\n")) == ("numpy", "scipy")

    def test_r_names_keep_their_case(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_text("dplyr\nMatrix\ndplyr\ndata.table\n")
        found = normalised(parse_requirements(tmp_path / "requirements.txt", "r"))
        assert found == ("Matrix", "data.table", "dplyr")

    def test_nothing(self) -> None:
        assert normalised(NO_REQUIREMENTS) == ()


class TestLint:
    @pytest.mark.parametrize(
        ("text", "line", "severity", "words"),
        [
            pytest.param("a==1.0\nA==2.0", 2, "error", ["exclude each other", "line 1"], id="pins-that-differ"),
            pytest.param("a>=2\na<1.5", 2, "error", ["exclude each other"], id="ranges-apart"),
            pytest.param("a>=2,<1", 1, "error", ["No version of a"], id="impossible-line"),
            pytest.param("a~=1.4\na==2.0", 2, "error", ["exclude each other"], id="compatible-release-and-pin"),
            pytest.param("a==1.2.*\na<1.2", 2, "error", ["exclude each other"], id="wildcard-and-range"),
            pytest.param("a>=1\na<2", 2, "warning", ["named here and on line 1"], id="named-twice"),
            pytest.param("a==1.0\na==1.0+cpu", 2, "warning", ["named here"], id="local-version-satisfies-both"),
            pytest.param("sklearn", 1, "warning", ["scikit-learn"], id="import-name"),
            pytest.param("cv2", 1, "warning", ["opencv-python"], id="cv2"),
            pytest.param("PIL", 1, "warning", ["pillow"], id="pil"),
            pytest.param("yaml", 1, "warning", ["pyyaml"], id="yaml"),
            pytest.param("bs4", 1, "warning", ["beautifulsoup4"], id="bs4"),
            pytest.param("json", 1, "warning", ["standard library"], id="standard-library"),
            pytest.param("python>=3.8", 1, "warning", ["base environment"], id="python"),
            pytest.param("more.txt", 1, "warning", ["looks like a file"], id="file-without-r"),
            pytest.param("a # see \\\nb", 1, "warning", ["backslash"], id="swallowed-line"),
            pytest.param("a==${V}", 1, "warning", ["environment variable V"], id="variable"),
        ],
    )
    def test_findings(self, tmp_path: Path, text: str, line: int, severity: str, words: list[str]) -> None:
        (finding,) = lint_requirements(read(tmp_path, text, V="1.0"))
        assert (finding.file, finding.line, finding.severity) == ("requirements.txt", line, severity)
        assert all(word in str(finding) for word in words)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("numpy\npandas>=1.5,<2\nscikit-learn==1.5.0\n", id="plain"),
            pytest.param("a==1; python_version<'3.9'\na==2; python_version>='3.9'", id="one-package-two-markers"),
            pytest.param("a\n# see \\\nb", id="comment-line-with-backslash"),
            pytest.param("a>=1.0,<=1.0", id="one-version-left"),
            pytest.param("-r gone.txt", id="missing-include-is-refused-anyway"),
            pytest.param("", id="empty"),
        ],
    )
    def test_nothing_to_say(self, tmp_path: Path, text: str) -> None:
        assert lint_requirements(read(tmp_path, text)) == ()

    def test_of_an_included_file(self, tmp_path: Path) -> None:
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "base.txt").write_text("numpy==1.0\nnumpy==1.0\n")
        findings = lint_requirements(read(tmp_path, "numpy==2.0\n-r more/base.txt\n"))
        assert [(each.file, each.line, each.severity) for each in findings] == [
            ("more/base.txt", 1, Severity.ERROR),
            ("more/base.txt", 2, Severity.ERROR),
        ]
        assert "on line 1 of requirements.txt" in findings[0].message

    def test_r(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_text("caret\nstats\ncaret\n")
        findings = lint_requirements(parse_requirements(tmp_path / "requirements.txt", "r"))
        assert [each.message for each in findings] == ["stats comes with R itself.", "caret stands here and on line 1."]
