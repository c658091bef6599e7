"""The formats that build servers and code hosts read, of real validations."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run

MakeTask = Callable[..., Path]
CUSTOM = """
def fit(X, y, output_dir, **kwargs):
    raise ValueError("no | model")


def load_model(code_dir):
    return None


def score(data, model, **kwargs):
    return data
"""


class Validated:
    """The files that one validation wrote."""

    def __init__(self, code: int, folder: Path) -> None:
        self.code = code
        self.junit = ET.parse(folder / "junit.xml").getroot()
        self.sarif: dict[str, Any] = json.loads((folder / "found.sarif").read_text())
        self.summary = (folder / "summary.md").read_text()

    @property
    def results(self) -> list[dict[str, Any]]:
        return list(self.sarif["runs"][0]["results"])

    def case(self, check: str) -> ET.Element:
        found = self.junit.find(f".//testcase[@name='{check}']")
        assert found is not None
        return found


@pytest.fixture
def validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Validated]:
    """Give a function that validates a task from the folder above it, and reads all formats."""

    def validate(task: Path) -> Validated:
        monkeypatch.chdir(tmp_path)
        files = ["--junit", "junit.xml", "--sarif", "found.sarif", "--summary", "summary.md"]
        words = ["harness", "validate", task.name, "--backend", "venv", "--output", str(tmp_path / "out"), *files]
        monkeypatch.setattr(sys, "argv", words)
        return Validated(run(), tmp_path)

    return validate


def test_a_hook_that_raises_stands_at_its_line(make_task: MakeTask, validated: Callable[..., Validated]) -> None:
    found = validated(make_task(CUSTOM))
    assert found.code == 1
    (result,) = [result for result in found.results if result["ruleId"] == "fit"]
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "task/custom.py"}, "region": {"startLine": 3}}
    rules = found.sarif["runs"][0]["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == "fit"
    failure = found.case("fit").find("failure")
    assert failure is not None
    assert "ValueError: no | model" in failure.attrib["message"]
    assert "Traceback" in (failure.text or "")
    assert found.case("predict").find("skipped") is not None
    assert len(found.case("hooks")) == 0
    assert "### ❌ tried: failed" in found.summary
    assert "`task/custom.py:3`" in found.summary
    assert "no \\| model" in found.summary


def test_the_counts_of_junit_are_those_of_the_checks(make_task: MakeTask, validated: Callable[..., Validated]) -> None:
    found = validated(make_task(CUSTOM))
    suite = found.junit[0]
    cases = suite.findall("testcase")
    assert suite.attrib["name"] == "tried"
    assert int(suite.attrib["tests"]) == len(cases) == 39
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == 1
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))


def test_refused_lines_stand_at_their_lines(make_task: MakeTask, validated: Callable[..., Validated]) -> None:
    found = validated(make_task(CUSTOM, requirements="six\npandas~=2.0\nnumpy!=2.0\n"))
    places = [
        (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in found.results
        if (place := result["locations"][0]["physicalLocation"])
    ]
    assert places == [("task/requirements.txt", 2), ("task/requirements.txt", 3)]
    assert "Write pandas>=2.0,<3." in found.results[0]["message"]["text"]


def test_a_failed_build_stands_at_its_requirement(make_task: MakeTask, validated: Callable[..., Validated]) -> None:
    found = validated(make_task(CUSTOM, requirements="six\nno-such-package-of-anybody==1.0\n"))
    assert found.code == 3
    (result,) = [result for result in found.results if result["ruleId"] == "dependency_build"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "task/requirements.txt"}, "region": {"startLine": 2}}


def test_what_cannot_be_judged_is_an_error_in_each_format(tmp_path: Path, validated: Callable[..., Validated]) -> None:
    (tmp_path / "task").mkdir()
    found = validated(tmp_path / "task")
    assert found.code == 2
    assert [result["ruleId"] for result in found.results] == ["not_judged"]
    assert found.case("validate").find("error") is not None
    assert "### ⚠️ Task: error" in found.summary


def test_a_passing_task_has_no_failures(validated: Callable[..., Validated], tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "sample_tasks" / "regression_row_weights"
    (tmp_path / "passing").symlink_to(sample)
    found = validated(tmp_path / "passing")
    assert found.code == 0
    assert [result for result in found.results if result["level"] == "error"] == []
    assert found.junit[0].attrib["failures"] == "0"
    assert "### ✅" in found.summary


def test_a_file_that_cannot_be_written_is_told(
    make_task: MakeTask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    task = make_task(CUSTOM, requirements="pandas~=2.0\n")
    words = ["harness", "validate", str(task), "--output", str(tmp_path / "out"), "--sarif", str(tmp_path / "no" / "f")]
    monkeypatch.setattr(sys, "argv", words)
    assert run() == 2
    assert "Choose another --sarif." in capsys.readouterr().err
