"""`harness compare`: what it prints, its exit codes, and what it says of unreadable input."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run

Harness = Callable[..., int]
CUSTOM = """
import pandas as pd


def fit(X, y, output_dir, **kwargs):
    pass


def load_model(code_dir):
    return 1.0


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": [model] * len(data)})
"""


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Harness:
    """Give a function that runs a command in the folder of the test, and returns its exit code."""

    def harness(*words: object) -> int:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["harness", *map(str, words)])
        return run()

    return harness


def report(folder: Path, text: str | None = None, **fields: Any) -> Path:
    """Write a report of a run that came to nothing, or any text in its place; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    seconds = {"total": 1.0, "build": 0.0, "run": 0.0, "checks": 0.0}
    document = {"schemaVersion": 1, "verdict": "passed", "seconds": seconds, **fields}
    (folder / "report.json").write_text(json.dumps(document) if text is None else text)
    return folder


def test_two_real_validations_are_compared(
    harness: Harness, make_task: Callable[..., Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    task = make_task(CUSTOM)
    validate = ("validate", task, "--backend", "venv", "--output")
    assert harness(*validate, "before") == 0
    (task / "custom.py").write_text(CUSTOM.replace("1.0", "1.5"))
    assert harness(*validate, "after") == 0
    capfd.readouterr()
    assert harness("compare", "before", "after/report.json", "--fail-on-change", "--html", "page.html") == 1
    shown = capfd.readouterr().out
    first, *lines = shown.splitlines()
    assert first.startswith("Passed as before; ")
    assert "rows of the output changed" in first
    assert '  furthest apart: row 0, "Predictions": 1 → 1.5 (+0.5)' in lines
    assert any(line.startswith("fit, peak memory") and "MiB" in line for line in lines)
    assert "<title>Passed as before; " in (tmp_path / "page.html").read_text()

    assert harness("compare", "before", "after", "--json", "--fail-on-change", "--atol", "0.6") == 0
    document = json.loads(capfd.readouterr().out)
    assert document["schemaVersion"] == 1
    assert document["output"]["status"] == "same"
    assert document["output"]["absoluteTolerance"] == 0.6
    assert document["dependencies"]["installed"] == []
    assert document["dependencies"]["installedSame"] > 5


def test_a_task_stands_for_its_default_output(
    harness: Harness, make_task: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    task = make_task("def score(", name="bad")
    assert harness("compare", task, task) == 2
    said = capsys.readouterr().err
    assert "the task has not been validated without --output" in said
    assert f"harness validate {task}" in said
    assert harness("validate", task) == 1
    capsys.readouterr()
    assert harness("compare", task, task, "--json") == 0
    assert json.loads(capsys.readouterr().out)["before"]["verdict"] == "failed"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        pytest.param("passed", "failed", 1, id="worse"),
        pytest.param("failed", "error", 1, id="not even judged"),
        pytest.param("failed", "passed", 0, id="better"),
        pytest.param("failed", "failed", 0, id="as bad as before"),
    ],
)
def test_a_worse_verdict_can_end_with_1(harness: Harness, tmp_path: Path, before: str, after: str, code: int) -> None:
    report(tmp_path / "a", verdict=before)
    report(tmp_path / "b", verdict=after)
    assert harness("compare", "a", "b", "--fail-on-change") == code
    assert harness("compare", "a", "b") == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "a/report.json:1: is not valid JSON", id="no JSON"),
        pytest.param("[" * 100_000, "a/report.json: is not a report: it is nested too deeply", id="deep"),
        pytest.param("[]", "is not a report of `harness validate`: it has no schemaVersion", id="a list"),
        pytest.param("\xff", "is not UTF-8 text", id="no text"),
        pytest.param('{"schemaVersion": 2}', "is a report of version 2; this harness reads version 1", id="newer"),
        pytest.param('{"schemaVersion": 1}', "verdict: field required", id="fields missing"),
        pytest.param('{"schemaVersion": 1, "verdict": "fine"}', "verdict: input should be 'passed'", id="by hand"),
        pytest.param(
            '{"schemaVersion": 1, "verdict": "passed", "seconds": {"total": NaN, "build": 0, "run": 0, "checks": 0}}',
            "has times or sizes that no run has",
            id="no number",
        ),
        pytest.param('{"schemaVersion": 1, "reports": []}', "holds the reports of several tasks", id="several"),
    ],
)
def test_an_unreadable_report_is_named(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    report(tmp_path / "good")
    (report(tmp_path / "a") / "report.json").write_text(text, encoding="latin-1")
    assert harness("compare", "good", "a") == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.splitlines()[1].startswith("  fix: ")
    assert "Traceback" not in said


def test_what_a_later_release_adds_is_passed_over(harness: Harness, tmp_path: Path) -> None:
    report(tmp_path / "a", moonPhase="full")
    assert harness("compare", "a", "a") == 0


def test_places_without_a_report_are_told_apart(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    report(tmp_path / "several" / "one")
    report(tmp_path / "several" / "two")
    for place, message in (
        ("nowhere", "nowhere: there is no such folder or file"),
        ("empty", "empty: the folder has no report.json"),
        ("several", "several: the folder holds the results of several tasks: one, two"),
    ):
        assert harness("compare", place, place) == 2
        assert message in capsys.readouterr().err


def test_a_missing_table_is_named_and_can_be_left_out(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report(tmp_path / "a", outputs={"predictions": "gone/predictions.csv"})
    assert harness("compare", "a", "a") == 2
    said = capsys.readouterr().err
    assert "a/predictions.csv: the file predictions.csv that the report names is missing" in said
    assert harness("compare", "a", "a", "--no-output") == 0
    assert "the output was left out" in capsys.readouterr().out


def test_a_page_that_cannot_be_written_is_an_error(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report(tmp_path / "a")
    assert harness("compare", "a", "a", "--html", "nowhere/page.html") == 2
    assert "nowhere/page.html: cannot be written" in capsys.readouterr().err


def test_what_a_task_says_cannot_steer_the_terminal(
    harness: Harness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check = {"id": "fit", "title": "Fit", "status": "failed", "remedy": "", "details": {}}
    report(tmp_path / "a", checks=[{**check, "message": "plain"}])
    report(tmp_path / "b", checks=[{**check, "message": "[bold]\x1b]0;title\x07"}])
    assert harness("compare", "a", "b") == 0
    shown = capsys.readouterr().out
    assert "[bold]\\x1b]0;title\\x07" in shown
    assert "\x1b" not in shown
