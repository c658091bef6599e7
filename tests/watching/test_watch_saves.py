"""How editors save, and what is no save: with the command as a person sees it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from watched_task import GOOD, RAISES, failed, wait_until, watching

MakeTask = Callable[..., Path]


def save_atomically(file: Path, text: str) -> None:
    """Save as editors do that keep the old file until the new one is complete."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", delete=False) as beside:
        beside.write(text)
    os.replace(beside.name, file)  # noqa: PTH105 - as editors call it


def test_noise_is_no_save_and_a_real_one_is_named(make_task: MakeTask) -> None:
    task = make_task(GOOD, **{".harnessignore": "ignored.txt\n"})
    with watching(task, "--output", task / "out") as watch:
        watch.line_with("PASSED")
        for name in (".custom.py.swp", "custom.py~", "4913", "ignored.txt", "__pycache__/custom.pyc", ".git/index"):
            (task / name).parent.mkdir(exist_ok=True)
            (task / name).write_text("noise")
        save_atomically(task / "custom.py", RAISES)
        assert re.fullmatch(r"\d\d:\d\d:\d\d  custom.py changed", watch.line_with("changed"))
        assert watch.line().startswith("FAILED tried")
        assert "no scores today" in watch.line_with("predict")
        (task / "new.py").touch()
        (task / "custom.py~").unlink()
        assert re.fullmatch(r"\d\d:\d\d:\d\d  new.py added", watch.line_with("new.py"))
        watch.line_with("results:")
        assert watch.interrupt() == 130
        assert watch.lines_left() == []


def test_a_save_ends_the_round_that_is_under_way(make_task: MakeTask, tmp_path: Path) -> None:
    started = tmp_path / "started"
    waits = GOOD.replace(
        "    (Path(output_dir)",
        f"    open({str(started)!r}, 'w').close()\n    __import__('time').sleep(1000)\n    (Path(output_dir)",
        1,
    )
    task = make_task(waits)
    with watching(task, "--json") as watch:
        wait_until(started.exists)
        started.unlink()
        (task / "custom.py").write_text(waits + "\n# again\n")
        wait_until(started.exists)
        for number in range(20):
            (task / "custom.py").write_text(RAISES + f"# {number}\n")
        (task / "custom.py").write_text(GOOD)
        report = watch.report()
        assert report["verdict"] == "passed"
        assert watch.interrupt() == 130
        assert watch.lines_left() == []


def test_a_folder_that_is_renamed_away_is_waited_for(make_task: MakeTask) -> None:
    task = make_task(GOOD)
    elsewhere = task.with_name("elsewhere")
    with watching(task, "--json") as watch:
        assert watch.report()["verdict"] == "passed"
        task.rename(elsewhere)
        report = watch.report()
        assert report["verdict"] == "error"
        assert report["error"]["message"] == "There is no such task folder."
        (elsewhere / "custom.py").write_text(RAISES)
        elsewhere.rename(task)
        assert failed(watch.report()) == ["predict"]
        save_atomically(task / "custom.py", GOOD)
        assert watch.report()["verdict"] == "passed"


def test_without_room_for_watching_the_files_are_looked_at_again_and_again(make_task: MakeTask) -> None:
    task = make_task(GOOD)
    # A user namespace has limits of its own.
    without_room = ("unshare", "--user", "--map-root-user", "sh", "-c")
    command = ('echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh")
    with watching(task, "--json", prefix=without_room + command) as watch:
        assert watch.report()["verdict"] == "passed"
        (task / "custom.py").write_text(RAISES)
        assert failed(watch.report()) == ["predict"]
        (task / "helper.py").touch()
        watch.report()
        assert watch.errors().count("no more room for watching files") == 1


def test_a_terminal_shows_one_screen_a_round(make_task: MakeTask) -> None:
    task = make_task(GOOD)
    here, there = pty.openpty()
    command = [sys.executable, "-m", "harness", "validate", str(task), "--watch", "--backend", "venv"]
    with subprocess.Popen(command, stdout=there, stderr=there, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(there)
        first = read_to(here, "Ctrl-C ends")
        (task / "custom.py").write_text(RAISES)
        second = read_to(here, "Ctrl-C ends")
        process.send_signal(2)
        assert process.wait(30) == 130
    os.close(here)
    assert "PASSED" in first
    screen = second[second.rindex("\x1b[2J") :]
    assert "custom.py changed" in screen
    assert "FAILED" in screen
    assert "fix" in screen
    assert "PASSED" not in screen


def read_to(terminal: int, text: str) -> str:
    said = ""
    while text not in said:
        said += os.read(terminal, 4096).decode(errors="replace")
    return said


@pytest.mark.parametrize("name", ["junit", "sarif"])
def test_files_for_other_programs_are_written_every_round_and_are_no_saves(make_task: MakeTask, name: str) -> None:
    task = make_task(GOOD)
    file = task / f"report.{name}"
    with watching(task, "--json", f"--{name}", file) as watch:
        watch.report()
        wait_until(file.exists)
        before = file.read_text()
        (task / "custom.py").write_text(RAISES)
        assert failed(watch.report()) == ["predict"]
        wait_until(lambda: "no scores today" in file.read_text())
        assert "no scores today" not in before
        assert watch.interrupt() == 130
        assert watch.lines_left() == []
