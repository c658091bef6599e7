"""A rewrite is accepted by the platform, means the same, and leaves the rest of the line alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.requirements import Requirements, fix_requirements, parse_requirements


def read(folder: Path, text: str) -> Requirements:
    file = folder / "requirements.txt"
    file.write_bytes(text.encode())
    return parse_requirements(file, environment={})


@pytest.mark.parametrize(
    ("text", "rewrite"),
    [
        pytest.param("pandas~=1.4.2", "pandas>=1.4.2,<1.5", id="compatible-release"),
        pytest.param("pandas~=1.4", "pandas>=1.4,<2", id="compatible-release-of-two-parts"),
        pytest.param("pandas~=1.4.0", "pandas>=1.4.0,<1.5", id="compatible-release-with-a-zero"),
        pytest.param("pandas~=1.4rc1", "pandas>=1.4rc1,<2", id="compatible-release-of-a-pre-release"),
        pytest.param("pandas~=1.4.2.post1", "pandas>=1.4.2.post1,<1.5", id="compatible-release-of-a-post-release"),
        pytest.param("pandas~=2!1.9", "pandas>=2!1.9,<2!2", id="compatible-release-with-an-epoch"),
        pytest.param("pandas ~= 1.4.2", "pandas >=1.4.2,<1.5", id="blanks-around-the-operator"),
        pytest.param("pandas==1.2.*", "pandas>=1.2,<1.3", id="wildcard"),
        pytest.param("pandas==1.*", "pandas>=1,<2", id="wildcard-of-one-part"),
        pytest.param("pandas==1.9.*", "pandas>=1.9,<1.10", id="wildcard-carries-on-to-ten"),
        pytest.param("pandas==1.2.*,>1.2rc1", "pandas>=1.2.dev0,<1.3,>1.2rc1", id="wildcard-with-pre-releases"),
        pytest.param("pandas===1.0", "pandas==1.0", id="arbitrary-equality-of-a-version"),
        pytest.param("pandas>=2,!=1.2", "pandas>=2", id="exclusion-below-the-lower-bound"),
        pytest.param("pandas!=3,<2", "pandas<2", id="exclusion-above-the-upper-bound"),
        pytest.param("pandas>=1, !=0.5 , <2", "pandas>=1, <2", id="exclusion-in-the-middle"),
        pytest.param("pandas>=1,!=1", None, id="exclusion-of-the-bound-itself"),
        pytest.param("pandas!=1.2.*,>=1.3", "pandas>=1.3", id="excluded-wildcard-below"),
        pytest.param("pandas!=1.2.*,<1.2", "pandas<1.2", id="excluded-wildcard-above"),
        pytest.param("pandas!=1.2.*,<1.2rc1", None, id="excluded-wildcard-reaches-into-the-bound"),
        pytest.param("pandas==1.0+cpu,!=1.0", None, id="exclusion-of-a-local-version"),
        pytest.param("pandas~=1.4,!=1.5", None, id="exclusion-inside"),
        pytest.param("pandas~=1.4,!=2.5", "pandas>=1.4,<2", id="exclusion-outside-of-a-compatible-release"),
        pytest.param("pandas~=1.4,==1.4.*", "pandas>=1.4,<2,>=1.4,<1.5", id="two-at-once"),
        pytest.param(
            "pandas[a, B] ~=1.4 ; os_name=='nt' # why", "pandas[a, B] >=1.4,<2 ; os_name=='nt' # why", id="rest"
        ),
        pytest.param(
            "pandas~=1.4 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb  # x",
            "pandas>=1.4,<2 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb  # x",
            id="hashes-on-their-lines",
        ),
        pytest.param("pan\\\ndas ~\\\n=1.4", "pan\\\ndas >=1.4,<2", id="continued-in-an-operator"),
        pytest.param("pandas --pre --hash=sha256:aa # x", "pandas --hash=sha256:aa # x", id="option-without-effect"),
        pytest.param("pandas=1.5", "pandas==1.5", id="single-equals"),
        pytest.param("pandas = 1.5 ; os_name=='nt'", "pandas == 1.5 ; os_name=='nt'", id="single-equals-with-marker"),
        pytest.param("pandas =>1.5,=<2", "pandas >=1.5,<=2", id="turned-operators"),
        pytest.param("pandas> =1.5", "pandas>=1.5", id="torn-operator"),
        pytest.param("pandas>1.5<2", "pandas>1.5,<2", id="missing-comma"),
        pytest.param("pandas>=1.5 ~=1.6", "pandas>=1.5,>=1.6,<2", id="missing-comma-and-an-operator"),
        pytest.param("pandas>=1.5.*", "pandas>=1.5", id="wildcard-with-a-bound"),
        pytest.param("pandas<=1.5.*", None, id="wildcard-with-an-ambiguous-bound"),
        pytest.param("pip install pandas~=1.4", "pandas>=1.4,<2", id="command"),
        pytest.param('"pandas==1.5"', "pandas==1.5", id="quoted"),
        pytest.param("pandas==1.5#why", "pandas==1.5 #why", id="comment-without-blank"),
        pytest.param("pandas==1.5\t--hash=sha256:aa", "pandas==1.5 --hash=sha256:aa", id="tab-before-option"),
        pytest.param("pandas==1.5; python_version<3.8", 'pandas==1.5; python_version<"3.8"', id="unquoted-marker"),
        pytest.param("pandas\u00a0==\u200b1.5", "pandas ==1.5", id="invisible-characters"),
        pytest.param("pandas\u22651.5", "pandas>=1.5", id="mathematical-sign"),
        pytest.param("pandas; os_name==\u201cnt\u201d", 'pandas; os_name=="nt"', id="curly-quotes"),
    ],
)
def test_rewrites(tmp_path: Path, text: str, rewrite: str | None) -> None:
    (refused,) = read(tmp_path, text).refused
    assert refused.rewrite == rewrite
    if rewrite is not None:
        assert not read(tmp_path, rewrite).refused


RELEASES = st.lists(st.integers(0, 3), min_size=2, max_size=3).map(lambda parts: ".".join(map(str, parts)))
SUFFIXES = st.sampled_from(["", "", "", "rc1", ".post1", ".dev0"])
VERSIONS = st.builds(str.__add__, RELEASES, SUFFIXES)
COMPARISONS = st.one_of(
    st.builds(str.__add__, st.sampled_from(["~=", "~=", "!=", "<", "<=", ">=", ">", "=="]), VERSIONS),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), RELEASES),
)
CANDIDATES = [
    Version(f"{release}{suffix}")
    for release in (
        "0.9",
        *(f"{major}.{minor}.{micro}" for major in range(5) for minor in range(5) for micro in (0, 1, 3)),
    )
    for suffix in ("", ".post1", ".post2")
]


@settings(deadline=None, max_examples=150, database=None, suppress_health_check=list(HealthCheck))
@given(comparisons=st.lists(COMPARISONS, min_size=1, max_size=3))
def test_a_rewrite_allows_the_same_releases(tmp_path: Path, comparisons: list[str]) -> None:
    text = ",".join(comparisons)
    requirements = read(tmp_path, f"x{text}")
    for refused in requirements.refused:
        if refused.rewrite is not None:
            before = SpecifierSet(text)
            after = SpecifierSet(refused.rewrite.removeprefix("x"))
            assert [v for v in CANDIDATES if v in before] == [v for v in CANDIDATES if v in after]


class TestFix:
    def test_changes_nothing_else(self, tmp_path: Path) -> None:
        file = tmp_path / "requirements.txt"
        file.write_bytes(
            b"\xef\xbb\xbf# base \xc3\xa9\r\n\r\nnumpy~=1.26   # keep me\r\nscipy\n  pandas==2.* ; os_name=='nt' \\\r\n"
            b"   --hash=sha256:aa\r\n-e .\n\n# end\nfoo!=1"
        )
        file.chmod(0o640)
        result = fix_requirements(file)
        assert file.read_bytes() == (
            b"\xef\xbb\xbf# base \xc3\xa9\r\n\r\nnumpy>=1.26,<2   # keep me\r\nscipy\n"
            b"  pandas>=2,<3 ; os_name=='nt' \\\r\n   --hash=sha256:aa\r\n-e .\n\n# end\nfoo!=1"
        )
        assert [(line.line_number, line.before, line.after) for line in result.rewritten] == [
            (3, "numpy~=1.26   # keep me", "numpy>=1.26,<2   # keep me"),
            (
                5,
                "  pandas==2.* ; os_name=='nt' \\\n   --hash=sha256:aa",
                "  pandas>=2,<3 ; os_name=='nt' \\\n   --hash=sha256:aa",
            ),
        ]
        assert [(line.line_number, line.line) for line in result.left] == [(7, "-e ."), (10, "foo!=1")]
        assert file.stat().st_mode & 0o777 == 0o640
        assert [each.name for each in tmp_path.iterdir()] == ["requirements.txt"]

    @pytest.mark.parametrize(
        "encoding", [pytest.param(name, id=name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32")]
    )
    @pytest.mark.parametrize("ending", [pytest.param("\n", id="newline"), pytest.param("", id="no-newline")])
    def test_keeps_the_encoding(self, tmp_path: Path, encoding: str, ending: str) -> None:
        file = tmp_path / "requirements.txt"
        file.write_bytes(f"# \u00e9\nnumpy~=1.26{ending}".encode(encoding))
        fix_requirements(file)
        assert file.read_bytes() == f"# \u00e9\nnumpy>=1.26,<2{ending}".encode(encoding)

    def test_keeps_a_declared_encoding(self, tmp_path: Path) -> None:
        file = tmp_path / "requirements.txt"
        file.write_bytes(b"# -*- coding: latin-1 -*-\nnumpy~=1.26 # caf\xe9\n")
        fix_requirements(file)
        assert file.read_bytes() == b"# -*- coding: latin-1 -*-\nnumpy>=1.26,<2 # caf\xe9\n"

    def test_without_a_rewrite_the_file_is_not_touched(self, tmp_path: Path) -> None:
        file = tmp_path / "requirements.txt"
        file.write_text("numpy\nfoo!=1\n")
        before = file.stat()
        result = fix_requirements(file)
        assert (result.rewritten, [line.line_number for line in result.left]) == ((), [2])
        assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real.txt").write_text("numpy~=1.26\n")
        link = tmp_path / "requirements.txt"
        link.symlink_to("real.txt")
        fix_requirements(link)
        assert link.is_symlink()
        assert (tmp_path / "real.txt").read_text() == "numpy>=1.26,<2\n"

    def test_included_files_stay_as_they_are(self, tmp_path: Path) -> None:
        (tmp_path / "more.txt").write_text("scipy~=1.0\n")
        file = tmp_path / "requirements.txt"
        file.write_text("numpy~=1.26\n-r more.txt\n")
        assert [line.line_number for line in fix_requirements(file).left] == [2]
        assert (tmp_path / "more.txt").read_text() == "scipy~=1.0\n"

    def test_a_second_fix_finds_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "requirements.txt"
        file.write_text("numpy~=1.26\npandas =>1.5\n")
        assert len(fix_requirements(file).rewritten) == 2
        assert fix_requirements(file).rewritten == ()

    def test_r(self, tmp_path: Path) -> None:
        file = tmp_path / "requirements.txt"
        file.write_text("caret==6.0 # models\r\ndplyr\r\n", newline="")
        fix_requirements(file, "r")
        assert file.read_bytes() == b"caret # models\r\ndplyr\r\n"
