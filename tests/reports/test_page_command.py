"""`harness validate` writes report.html, and with `--html` one page of all tasks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import run

BROKEN = Path(__file__).parents[2] / "sample_tasks" / "broken"


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Give a function that runs `harness validate` in an empty folder and returns its exit code."""

    def validate(*words: object) -> int:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["harness", "validate", "--backend", "venv", *map(str, words)])
        return run()

    return validate


def test_every_output_folder_has_a_page(validate: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("of an earlier run")
    assert validate(BROKEN / "syntax_error", "--output", "out") == 1
    text = (tmp_path / "out" / "report.html").read_text()
    assert "“Syntax error” fails the check “Hooks in the code”." in text
    assert "custom.py:12:26" in text
    assert 'href="logs.tar.gz"' in text


def test_several_tasks_are_one_page_with_links_into_their_folders(validate: Callable[..., int], tmp_path: Path) -> None:
    tasks = [BROKEN / "syntax_error", BROKEN / "refused_requirement", "no_such_task"]
    assert validate(*tasks, "--output", "out", "--html", "all.html") != 0
    text = (tmp_path / "all.html").read_text()
    assert "<h1>3 tasks</h1>" in text
    assert "“Refused requirement” fails the check" in text
    assert "“no_such_task” could not be judged." in text
    assert 'href="out/syntax_error/logs.tar.gz"' in text
    assert (tmp_path / "out" / "refused_requirement" / "report.html").is_file()


def test_what_was_before_a_failed_run_is_gone(validate: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("of an earlier run")
    (tmp_path / "bad.csv").write_text("a\n")
    task = BROKEN / "no_artifact"
    assert validate(task, "--output", "out", "--input", "bad.csv", "--target", "b", "--html", "page.html") == 2
    assert not (tmp_path / "out" / "report.html").exists()
    assert "“no_artifact” could not be judged." in (tmp_path / "page.html").read_text()


def test_mistaken_options_are_on_the_page_too(validate: Callable[..., int], tmp_path: Path) -> None:
    assert validate(BROKEN / "no_artifact", "--as-of", "yesterday", "--html", "page.html") == 2
    assert "“no_artifact” could not be judged." in (tmp_path / "page.html").read_text()


def test_a_page_that_cannot_be_written_is_bad_usage(
    validate: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert validate(BROKEN / "syntax_error", "--html", "missing/page.html") == 2
    assert "Choose another --html." in capsys.readouterr().err
