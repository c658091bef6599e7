"""`harness check`: the static part, for folders and for the files that an editor or a commit names."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import run

MakeTask = Callable[..., Path]
GOOD = "def fit(X, y, output_dir, **kwargs):\n    pass\n\n\ndef score(data, model, **kwargs):\n    return data\n"


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Give a function that runs the command in the folder above the tasks: exit code, stdout, stderr."""

    def checked(*words: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["harness", "check", *words])
        code = run()
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return checked


Check = Callable[..., tuple[int, str, str]]


def test_each_finding_is_a_line_with_its_place_and_its_fix(make_task: MakeTask, check: Check) -> None:
    make_task(GOOD, requirements="six\npandas~=2.0\n")
    code, out, err = check("task")
    assert (code, err) == (1, "")
    assert out == (
        "task/requirements.txt:2: error: "
        "The operator ~= is not supported; only <, <=, ==, >= and > with a version are. [requirements]\n"
        "  fix: Write pandas>=2.0,<3.\n"
    )


def test_a_task_that_is_in_order(make_task: MakeTask, check: Check) -> None:
    make_task(GOOD)
    assert check("task") == (0, "task: passed\n", "")


def test_files_stand_for_their_task_which_is_judged_once(make_task: MakeTask, check: Check) -> None:
    task = make_task(GOOD, name="tasks/churn", requirements="six!=1\n")
    (task / "helpers").mkdir()
    (task / "helpers" / "text.py").write_text("")
    make_task(GOOD, name="tasks/price")
    (task.parent / "notes.md").write_text("")
    code, out, _ = check(
        "tasks/churn/helpers/text.py", "tasks/churn/requirements.txt", "tasks/notes.md", "tasks/price/gone.py"
    )
    assert code == 1
    assert [line.partition(": ")[0] for line in out.splitlines() if not line.startswith(" ")] == [
        "tasks/churn/requirements.txt:1",
        "tasks/price",
        "2 tasks",
    ]
    assert check("tasks/notes.md") == (0, "", "note: none of these files belongs to a task\n")
    assert check("tasks")[0] == 1


def test_json_has_the_checks_of_validate_that_need_no_run(make_task: MakeTask, check: Check) -> None:
    task = make_task("def fit(X:\n", requirements="six~=1.0\n")
    code, out, _ = check("task", "--json")
    assert code == 1
    report = json.loads(out)
    assert report["verdict"] == "failed"
    assert {one["id"]: one["status"] for one in report["checks"]} == {
        "task_files": "passed",
        "metadata": "passed",
        "hooks": "failed",
        "requirements": "failed",
    }
    assert report["task"]["path"] == task.name
    assert report["build"] is None
    (task.parent / "notes.md").write_text("")
    assert json.loads(check("--json", "notes.md")[1])["reports"] == []


def test_it_writes_the_formats_of_validate(make_task: MakeTask, check: Check, tmp_path: Path) -> None:
    make_task(GOOD, requirements="six~=1.0\n")
    assert check("task", "--junit", "junit.xml", "--sarif", "found.sarif")[0] == 1
    cases = ET.parse(tmp_path / "junit.xml").getroot().findall(".//testcase")
    assert [case.attrib["name"] for case in cases] == ["task_files", "metadata", "hooks", "requirements"]
    (result,) = json.loads((tmp_path / "found.sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "task/requirements.txt"


def test_what_cannot_be_judged_ends_with_2(make_task: MakeTask, check: Check, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (make_task(GOOD, name="untyped") / "model-metadata.yaml").unlink()
    assert check("nowhere")[0] == 2
    code, _, err = check("empty")
    assert (code, "custom.py" in err) == (2, True)
    code, _, err = check("untyped")
    assert (code, "--target-type" in err) == (2, True)
    assert check("untyped", "--target-type", "regression")[0] == 0
