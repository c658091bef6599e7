"""requirements.txt in, the platform's records and refused lines out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.requirements import NO_REQUIREMENTS, Requirements, parse_requirements


def read(folder: Path, text: str, **environment: str) -> Requirements:
    file = folder / "requirements.txt"
    file.write_bytes(text.encode())
    return parse_requirements(file, environment=environment)


def record(requirements: Requirements) -> dict[str, Any]:
    (only,) = requirements.dependencies
    assert not requirements.refused
    return only.to_json_dict()


def constraint(operator: str, version: str) -> dict[str, str]:
    return {"constraintType": operator, "version": version}


@pytest.mark.parametrize(
    ("text", "name", "constraints", "extras"),
    [
        pytest.param("numpy", "numpy", [], None, id="bare-name"),
        pytest.param("Scikit_Learn==1.5.0", "Scikit_Learn", [("==", "1.5.0")], None, id="name-as-written"),
        pytest.param(
            "pandas <2, >=1.5", "pandas", [("<", "2"), (">=", "1.5")], None, id="constraints-in-written-order"
        ),
        pytest.param("pandas (>= 1.5 , < 2)", "pandas", [(">=", "1.5"), ("<", "2")], None, id="parentheses"),
        pytest.param("requests[socks, Security]>2", "requests", [(">", "2")], "socks,Security", id="extras"),
        pytest.param("requests [socks]", "requests", [], "socks", id="blank-before-extras"),
        pytest.param("requests[]", "requests", [], None, id="empty-extras"),
        pytest.param("numpy<=1.26; python_version < '3.12'", "numpy", [("<=", "1.26")], None, id="marker"),
        pytest.param("numpy ;", "numpy", [], None, id="empty-marker"),
        pytest.param("torch==2.1+cpu", "torch", [("==", "2.1+cpu")], None, id="local-version"),
        pytest.param("numpy==1!2.0rc1", "numpy", [("==", "1!2.0rc1")], None, id="epoch-and-pre-release"),
        pytest.param("numpy==1.26 --hash=sha256:aa --hash sha384:bb", "numpy", [("==", "1.26")], None, id="hashes"),
        pytest.param("numpy>=1.5,", "numpy", [(">=", "1.5")], None, id="comma-at-the-end"),
    ],
)
def test_accepted_lines(
    tmp_path: Path, text: str, name: str, constraints: list[tuple[str, str]], extras: str | None
) -> None:
    expected: dict[str, Any] = {
        "packageName": name,
        "constraints": [constraint(*each) for each in constraints],
        "line": text,
        "lineNumber": 1,
    }
    if extras:
        expected["extras"] = extras
    assert record(read(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "line", "line_number"),
    [
        pytest.param("\n# first\n\nnumpy\n", "numpy", 4, id="blank-lines-and-comments-count"),
        pytest.param("# a\r\n\r\nnumpy # b\r\n", "numpy # b", 3, id="crlf"),
        pytest.param("# a\rnumpy\r", "numpy", 2, id="carriage-returns-alone"),
        pytest.param("# a\fnumpy", "numpy", 2, id="form-feed-ends-a-line"),
        pytest.param("\n  numpy \\\n  >=1.0 \\\n  # why\n", "  numpy \\\n  >=1.0 \\\n  # why", 2, id="continued"),
        pytest.param("numpy \\\r\n>=1\r\n", "numpy \\\n>=1", 1, id="continued-crlf"),
        pytest.param("# no \\\nnumpy", "numpy", 2, id="a-comment-is-not-continued"),
        pytest.param("numpy>=1.0 \\", "numpy>=1.0 \\", 1, id="continued-at-the-end-of-the-file"),
    ],
)
def test_lines_and_their_numbers(tmp_path: Path, text: str, line: str, line_number: int) -> None:
    found = record(read(tmp_path, text))
    assert (found["packageName"], found["line"], found["lineNumber"]) == ("numpy", line, line_number)


def test_a_comment_ends_a_continuation(tmp_path: Path) -> None:
    requirements = read(tmp_path, "numpy \\\n# comment\n>=1.0\npandas\n")
    assert [(each.package_name, each.line_number) for each in requirements.dependencies] == [
        ("numpy", 1),
        ("pandas", 4),
    ]
    assert [(each.line_number, each.reason) for each in requirements.refused] == [
        (3, "There is no package name before >=.")
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("-r more.txt", "-r", id="requirement-file"),
        pytest.param("-c limits.txt", "-c", id="constraint-file"),
        pytest.param("--index-url https://example.org/simple", "--index-url", id="index"),
        pytest.param("-i https://example.org/simple", "--index-url", id="index-short"),
        pytest.param("--extra-index-url=https://example.org", "--extra-index-url", id="extra-index"),
        pytest.param("--pre", "--pre", id="pre"),
        pytest.param("--no-binary :all:", "--no-binary", id="no-binary"),
        pytest.param("--hash=sha256:aa", "end the line before with a backslash", id="lost-hash"),
        pytest.param("numpy --config-settings a=b", "--config-settings", id="option-of-a-requirement"),
        pytest.param("numpy --no-such-option", "--no-such-option", id="unknown-option"),
        pytest.param("numpy --hash=md5:aa", "md5", id="weak-hash"),
        pytest.param("numpy --hash=sha256:aa pandas", "`pandas`", id="words-after-the-options"),
        pytest.param("-e .", "editable", id="editable"),
        pytest.param("-e git+https://example.org/x.git#egg=x", "editable", id="editable-repository"),
        pytest.param("git+https://example.org/x.git@v1#egg=x", "git repository", id="git"),
        pytest.param("hg+https://example.org/x", "Mercurial", id="mercurial"),
        pytest.param("https://example.org/x-1.0.zip", "URL", id="url"),
        pytest.param("x @ https://example.org/x-1.0.zip", "name @ URL", id="named-url"),
        pytest.param("./wheels/x-1.0-py3-none-any.whl", "local path", id="local-wheel"),
        pytest.param("../project", "local path", id="local-folder"),
        pytest.param("numpy!=1.5", "!=", id="not-equal"),
        pytest.param("numpy===weird", "===", id="arbitrary-equality"),
        pytest.param("numpy>=1.5,!=1.6.*", "!=1.6.*", id="excluding-wildcard"),
        pytest.param("pandas==", "no version after ==", id="no-version"),
        pytest.param("pandas 1.5", "pandas==1.5", id="no-operator"),
        pytest.param("pandas==latest", "latest is not a version", id="no-such-version"),
        pytest.param("pandas~=1", "two parts", id="compatible-release-of-one-part"),
        pytest.param("numpy pandas", "a line of its own", id="two-packages"),
        pytest.param("numpy, pandas", "a line of its own", id="two-packages-with-comma"),
        pytest.param("numpy=1.2.3=py39_0", "conda", id="conda-pin"),
        pytest.param("import numpy", "Python code", id="python-code"),
        pytest.param("numpy; python_version ~ 3", "marker", id="bad-marker"),
        pytest.param("numpy\\ \n>=1", "blank follows the backslash", id="blank-after-backslash"),
        pytest.param("<html>", "no package name before <", id="web-page"),
        pytest.param("numpy>=${LOWEST}", "LOWEST is not set", id="variable-that-is-not-set"),
    ],
)
def test_refused_without_rewrite(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "more.txt").write_text("")
    (tmp_path / "limits.txt").write_text("")
    refused = read(tmp_path, text).refused[0]
    assert word in refused.reason
    assert (refused.line_number, refused.line, refused.rewrite) == (1, text.partition("\n")[0], None)


def test_refused_line_tells_what_was_parsed(tmp_path: Path) -> None:
    (refused,) = read(tmp_path, "Requests[socks,security]~=2.30,!=2.31").refused
    assert refused.to_json_dict() == {
        "lineNumber": 1,
        "line": "Requests[socks,security]~=2.30,!=2.31",
        "reason": "The operator ~= and the operator != are not supported; only <, <=, ==, >= and > with a version are.",
        "rewrite": None,
        "packageName": "Requests",
        "extras": "socks,security",
        "constraints": [constraint("~=", "2.30"), constraint("!=", "2.31")],
    }


def test_refused_line_that_does_not_parse(tmp_path: Path) -> None:
    (refused,) = read(tmp_path, "pandas=1.5").refused
    assert refused.to_json_dict() == {
        "lineNumber": 1,
        "line": "pandas=1.5",
        "reason": "A single = is not an operator; an exact version is written with ==.",
        "rewrite": "pandas==1.5",
    }


def test_every_refused_line_is_told_at_once(tmp_path: Path) -> None:
    requirements = read(tmp_path, "numpy\npandas~=1.5\n???\n-e .\nscipy\n")
    assert [line.line_number for line in requirements.refused] == [2, 3, 4]
    assert [line.line_number for line in requirements.dependencies] == [1, 5]


class TestIncludes:
    def test_their_requirements_keep_their_own_file_and_line(self, tmp_path: Path) -> None:
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "base.txt").write_text("# base\nscipy\n-r deeper.txt\n")
        (tmp_path / "more" / "deeper.txt").write_text("joblib~=1.3\n")
        requirements = read(tmp_path, "numpy\n-r more/base.txt\npandas\n")
        assert [(entry.file.name, entry.line_number, entry.name) for entry in requirements.entries] == [
            ("requirements.txt", 1, "numpy"),
            ("base.txt", 2, "scipy"),
            ("deeper.txt", 1, "joblib"),
            ("requirements.txt", 3, "pandas"),
        ]
        assert [each.package_name for each in requirements.dependencies] == ["numpy", "pandas"]
        assert "Copy the 2 requirements of more/base.txt in place of this line." in requirements.refused[0].reason
        (base,) = requirements.included
        assert [each.package_name for each in base.dependencies] == ["scipy"]
        assert [line.rewrite for line in base.included[0].refused] == ["joblib>=1.3,<2"]

    def test_constraints_are_kept_apart(self, tmp_path: Path) -> None:
        (tmp_path / "limits.txt").write_text("numpy<2\n")
        requirements = read(tmp_path, "numpy\n-c limits.txt\n")
        assert [entry.name for entry in requirements.entries] == ["numpy"]
        assert [(entry.name, entry.is_constraint) for entry in requirements.constraints] == [("numpy", True)]
        assert [str(file.file) for file in requirements.constraint_files] == [str(tmp_path / "limits.txt")]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            pytest.param("-r gone.txt", "gone.txt does not exist", id="missing"),
            pytest.param("-r requirements.txt", "requirements.txt includes itself", id="itself"),
            pytest.param("-r .", "cannot be read. This is a folder", id="folder"),
            pytest.param("-r latin.txt", "cannot be read. The file is not valid UTF-8", id="encoding"),
            pytest.param("-r https://example.org/r.txt", "lies on a server", id="server"),
            pytest.param("-r loop.txt", "does not exist", id="ring-of-links"),
        ],
    )
    def test_what_cannot_be_included(self, tmp_path: Path, text: str, words: str) -> None:
        (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
        (tmp_path / "loop.txt").symlink_to("loop.txt")
        requirements = read(tmp_path, f"{text}\nnumpy\n")
        assert words in requirements.refused[0].reason
        assert [each.package_name for each in requirements.dependencies] == ["numpy"]
        assert requirements.pip_refuses

    def test_a_ring_of_files_ends(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("one\n-r b.txt\n")
        (tmp_path / "b.txt").write_text("two\n-r a.txt\n")
        requirements = read(tmp_path, "-r a.txt\n")
        assert [entry.name for entry in requirements.entries] == ["one", "two"]
        assert "includes itself" in requirements.included[0].included[0].refused[0].reason

    def test_a_folder_linked_into_itself_ends(self, tmp_path: Path) -> None:
        (tmp_path / "here").symlink_to(tmp_path)
        requirements = read(tmp_path, "numpy\n-r here/requirements.txt\n")
        assert "includes itself" in requirements.refused[0].reason


class TestEnvironmentVariables:
    def test_expanded_in_the_record_not_in_the_line(self, tmp_path: Path) -> None:
        found = record(read(tmp_path, "numpy==${VERSION_1} # pin", VERSION_1="1.26.4"))
        assert found["constraints"] == [constraint("==", "1.26.4")]
        assert found["line"] == "numpy==${VERSION_1} # pin"

    def test_only_upper_case_names_are_variables(self, tmp_path: Path) -> None:
        requirements = read(tmp_path, "numpy==${version}\n$NAME\n", version="1.0", NAME="pandas")
        assert len(requirements.refused) == 2

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("--index-url https://user:${TOKEN}@example.org/simple", id="option"),
            pytest.param("x @ https://${TOKEN}@example.org/x.zip", id="address"),
            pytest.param("git+https://${TOKEN}@example.org/x.git#egg=x", id="repository"),
            pytest.param("numpy=${TOKEN}", id="unparsable"),
            pytest.param("numpy===${TOKEN}", id="version"),
            pytest.param("numpy~=1.0,==${TOKEN}", id="version-beside-a-rewrite"),
            pytest.param("-r ${TOKEN}", id="include"),
            pytest.param("-e ${TOKEN}", id="editable"),
            pytest.param("numpy --hash=sha256:aa ${TOKEN}", id="left-over"),
            pytest.param("numpy --${TOKEN}", id="unknown-option"),
            pytest.param("numpy ; os_name == ${TOKEN}", id="marker"),
        ],
    )
    def test_a_secret_never_shows(self, tmp_path: Path, text: str) -> None:
        requirements = read(tmp_path, text, TOKEN="hunter2")
        (refused,) = requirements.refused
        assert "hunter2" not in refused.model_dump_json()
        assert "hunter2" not in repr(requirements)
        assert refused.line == text


def test_a_task_without_the_file() -> None:
    found = (NO_REQUIREMENTS.dependencies, NO_REQUIREMENTS.refused, NO_REQUIREMENTS.entries, NO_REQUIREMENTS.file)
    assert found == ((), (), (), None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a~=1." + "9" * 5000, id="endless-version"),
        pytest.param("a ; " + "(" * 5000, id="endless-parentheses"),
        pytest.param("a" + " " * 50_000 + "b c=", id="endless-blanks"),
        pytest.param("a @ https://[bad", id="half-an-address"),
        pytest.param("-e 'a @ git+https://[bad'", id="half-an-editable-address"),
        pytest.param("-r https://[bad", id="half-an-included-address"),
        pytest.param("-r a\0b", id="nul-in-a-file-name"),
        pytest.param("-r " + "x" * 5000, id="endless-file-name"),
        pytest.param("dist/.foo-1.0-py3-none-any.whl", id="wheel-without-a-name"),
        pytest.param("-", id="dash"),
        pytest.param("--=", id="option-without-name"),
        pytest.param("---", id="dashes"),
    ],
)
def test_hostile_lines_are_refused_like_any_other(tmp_path: Path, text: str) -> None:
    requirements = read(tmp_path, f"{text}\nnumpy\n")
    assert [line.line_number for line in requirements.refused] == [1]
    assert [each.package_name for each in requirements.dependencies] == ["numpy"]
    assert requirements.pip_refuses == (text != "-")


class TestR:
    def read(self, folder: Path, text: str) -> Requirements:
        (folder / "requirements.txt").write_text(text)
        return parse_requirements(folder / "requirements.txt", "r")

    def test_one_package_a_line(self, tmp_path: Path) -> None:
        requirements = self.read(tmp_path, "# packages\n\ncaret\ndata.table # fast\nR6\n")
        assert [each.to_json_dict() for each in requirements.dependencies] == [
            {"packageName": "caret", "constraints": [], "line": "caret", "lineNumber": 3},
            {"packageName": "data.table", "constraints": [], "line": "data.table # fast", "lineNumber": 4},
            {"packageName": "R6", "constraints": [], "line": "R6", "lineNumber": 5},
        ]
        assert [entry.name for entry in requirements.entries] == ["caret", "data.table", "R6"]

    @pytest.mark.parametrize(
        ("text", "rewrite"),
        [
            pytest.param("caret==6.0", "caret", id="version"),
            pytest.param("caret (>= 6.0) # note", "caret # note", id="version-as-in-a-description"),
            pytest.param('library("caret")', "caret", id="code"),
            pytest.param("'caret',", "caret", id="quoted"),
            pytest.param("caret,", "caret", id="comma"),
            pytest.param("caret dplyr", None, id="two"),
            pytest.param("topepo/caret", None, id="repository"),
            pytest.param("-r more.txt", None, id="option"),
            pytest.param("2caret", None, id="starts-with-a-digit"),
            pytest.param("caret.", None, id="ends-in-a-dot"),
            pytest.param("my_package", None, id="underscore"),
            pytest.param("x", None, id="one-letter"),
        ],
    )
    def test_anything_else_is_refused(self, tmp_path: Path, text: str, rewrite: str | None) -> None:
        (refused,) = self.read(tmp_path, f"\n{text}\n").refused
        assert (refused.line_number, refused.line, refused.rewrite) == (2, text, rewrite)
        assert refused.reason
