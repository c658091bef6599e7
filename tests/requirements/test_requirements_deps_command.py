"""`harness deps`, run as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from harness.cli.deps import deps
from harness.errors import HarnessError

app = typer.Typer()
app.command()(deps)


def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), env=env)
    if isinstance(result.exception, HarnessError):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def write(folder: Path, text: str, name: str = "requirements.txt") -> str:
    (folder / name).write_text(text, newline="")
    return str(folder / name)


def test_json_of_a_file(tmp_path: Path) -> None:
    code, out, _ = run(write(tmp_path, "requests[socks]>=2 # web\npandas~=1.4.2\n"), "--json")
    assert code == 1
    assert json.loads(out) == {
        "dependencies": [
            {
                "packageName": "requests",
                "constraints": [{"constraintType": ">=", "version": "2"}],
                "extras": "socks",
                "line": "requests[socks]>=2 # web",
                "lineNumber": 1,
            }
        ],
        "refused": [
            {
                "lineNumber": 2,
                "line": "pandas~=1.4.2",
                "reason": "The operator ~= is not supported; only <, <=, ==, >= and > with a version are.",
                "rewrite": "pandas>=1.4.2,<1.5",
                "packageName": "pandas",
                "constraints": [{"constraintType": "~=", "version": "1.4.2"}],
            }
        ],
    }


def test_json_with_includes(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    write(tmp_path / "more", "scipy\n", "base.txt")
    code, out, _ = run(write(tmp_path, "-r more/base.txt\n"), "--json")
    document = json.loads(out)
    assert code == 1
    assert document["dependencies"] == []
    assert [line["line"] for line in document["refused"]] == ["-r more/base.txt"]
    assert document["included"] == [
        {
            "file": "more/base.txt",
            "dependencies": [{"packageName": "scipy", "constraints": [], "line": "scipy", "lineNumber": 1}],
            "refused": [],
        }
    ]


def test_text_shows_the_table_and_the_refused_lines(tmp_path: Path) -> None:
    code, out, err = run(
        write(tmp_path, "numpy>=1.20, <2\n\npandas  ~=1.4.2  # frames\nfoo @ https://u:pw@e.org/f.zip\n")
    )
    assert code == 1
    assert [line.split() for line in out.splitlines()[:2]] == [
        ["line", "package", "extras", "constraints"],
        ["1", "numpy", "-", ">=", "1.20,", "<", "2"],
    ]
    assert "line 3 is refused:\n    pandas  ~=1.4.2  # frames\n  The operator ~= is not supported" in out
    assert "  write: pandas  >=1.4.2,<1.5  # frames\n" in out
    assert "https://****@e.org/f.zip" in out
    assert ":pw@" not in out + err
    assert "\x1b" not in out + err


def test_accepted_file_ends_with_0(tmp_path: Path) -> None:
    code, out, err = run(write(tmp_path, "numpy\n"))
    assert (code, err) == (0, "")
    assert "any version" in out


def test_lines_that_exclude_each_other_end_with_1(tmp_path: Path) -> None:
    code, out, err = run(write(tmp_path, "numpy==1.0\nnumpy==2.0\n"), "--json")
    assert (code, json.loads(out)["refused"]) == (1, [])
    assert err.startswith("error: requirements.txt:2: numpy ==2.0 and ==1.0 (on line 1) exclude each other.")


def test_an_include_that_is_missing_is_told_once(tmp_path: Path) -> None:
    code, out, err = run(write(tmp_path, "-r gone.txt\n"))
    assert (code, err) == (1, "")
    assert out.count("gone.txt does not exist") == 1


def test_no_control_characters_reach_the_terminal(tmp_path: Path) -> None:
    _, out, _ = run(write(tmp_path, "numpy \x1b[31m\n"))
    assert "\x1b" not in out
    assert "\\x1b[31m" in out


def test_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "numpy\n")
    code, out, _ = run(str(tmp_path), "--json")
    assert code == 0
    assert [each["packageName"] for each in json.loads(out)["dependencies"]] == ["numpy"]


def test_a_folder_without_the_file(tmp_path: Path) -> None:
    assert run(str(tmp_path), "--json") == (0, '{\n  "dependencies": [],\n  "refused": []\n}\n', "")
    code, out, _ = run(str(tmp_path))
    assert (code, out) == (0, "No requirements.txt: the task needs nothing beyond its base environment.\n")


def test_an_r_task(tmp_path: Path) -> None:
    write(tmp_path, "caret (>= 6.0)\n")
    write(tmp_path, "", "custom.R")
    code, out, _ = run(str(tmp_path), "--json")
    assert (code, json.loads(out)["refused"][0]["rewrite"]) == (1, "caret")
    write(tmp_path, "", "custom.py")
    _, out, _ = run(str(tmp_path), "--json")
    assert json.loads(out)["dependencies"][0]["constraints"] == [{"constraintType": ">=", "version": "6.0"}]


def test_fix_rewrites_and_shows_what_is_left(tmp_path: Path) -> None:
    file = write(tmp_path, "pandas~=1.4.2 # a\r\nfoo!=1\r\n")
    code, out, err = run(file, "--fix", "--json")
    assert code == 1
    assert Path(file).read_bytes() == b"pandas>=1.4.2,<1.5 # a\r\nfoo!=1\r\n"
    assert "requirements.txt:1: pandas~=1.4.2 # a\n  rewritten: pandas>=1.4.2,<1.5 # a\n1 line rewritten.\n" in err
    document = json.loads(out)
    assert [each["line"] for each in document["dependencies"]] == ["pandas>=1.4.2,<1.5 # a"]
    assert [each["line"] for each in document["refused"]] == ["foo!=1"]


def test_fix_that_leaves_nothing_ends_with_0(tmp_path: Path) -> None:
    file = write(tmp_path, "pandas~=1.4.2\n")
    assert run(file, "--fix")[0] == 0
    code, _, err = run(file, "--fix")
    assert (code, err) == (0, "0 lines rewritten.\n")


def test_findings_go_to_stderr(tmp_path: Path) -> None:
    code, out, err = run(write(tmp_path, "sklearn\n"), "--json")
    assert code == 0
    assert json.loads(out)["refused"] == []
    assert err.startswith("warning: requirements.txt:1: sklearn is the name of an import")


@pytest.mark.parametrize("name", [pytest.param("gone", id="missing"), pytest.param("bad.txt", id="not-text")])
def test_unreadable_input_is_one_error_with_exit_code_2(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(HarnessError) as raised:
        run(str(tmp_path / name))
    assert raised.value.exit_code == 2
    assert raised.value.finding.remedy
