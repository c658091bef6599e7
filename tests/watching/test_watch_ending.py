"""How watching ends, and that nothing is left of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import docker
import psutil
import pytest
from watched_task import GOOD, PATIENCE_SECONDS, wait_until, watching

from harness.backends import BACKENDS
from harness.docker_engine import Label

MakeTask = Callable[..., Path]


def left_of(cache: Path) -> list[str]:
    """Return the processes and containers that work in the cache folder, and the folders of runs in it."""
    runs = [str(folder) for folder in (cache / "runs").glob("*/")]
    words = [word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or ()]
    api = docker.APIClient()
    containers = [
        found["Id"]
        for found in api.containers(all=True, filters={"label": str(Label.LOCK)})
        if found["Labels"][Label.LOCK].startswith(str(cache))
    ]
    api.close()
    return [*runs, *(word for word in words if word.startswith(str(cache))), *containers]


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_nothing_is_left_when_it_is_interrupted(make_task: MakeTask, cache: Path, backend: str) -> None:
    task = make_task(GOOD)
    with watching(task, "--json", backend=backend) as watch:
        assert watch.report()["verdict"] == "passed"
        # The next round's worker waits by now, or is on its way.
        wait_until(lambda: left_of(cache))
        assert watch.interrupt() == 130
        assert left_of(cache) == []
        assert "Traceback" not in watch.errors()
        assert "everything that was started has been ended" in watch.errors()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_round_under_way_is_ended_with_it(
    number: signal.Signals, make_task: MakeTask, tmp_path: Path, cache: Path
) -> None:
    started = tmp_path / "started"
    task = make_task(
        "import time\n\n\ndef fit(X, y, output_dir, **kwargs):\n"
        f"    open({str(started)!r}, 'w').close()\n    time.sleep(1000)\n"
    )
    with watching(task, "--json") as watch:
        wait_until(started.exists)
        watch.process.send_signal(number)
        assert watch.process.wait(PATIENCE_SECONDS) == 130
        assert watch.lines_left() == []
        assert left_of(cache) == []


def test_a_killed_watch_leaves_no_process(make_task: MakeTask, cache: Path) -> None:
    with watching(make_task(GOOD), "--json") as watch:
        watch.report()
        wait_until(lambda: left_of(cache))
        watch.process.kill()
        watch.process.wait(PATIENCE_SECONDS)
        wait_until(lambda: not [one for one in left_of(cache) if not one.startswith(str(cache / "runs"))])


def refused(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "harness", "validate", *map(str, arguments), "--watch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    return done.returncode, done.stderr


def test_what_no_save_can_help_ends_at_once(
    make_task: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make_task(GOOD)
    code, said = refused(task, make_task(GOOD, name="another"))
    assert (code, "--watch takes one task" in said) == (2, True)
    code, said = refused(task, "--summary", tmp_path / "summary.md")
    assert (code, "--summary would grow with every round" in said) == (2, True)
    code, said = refused(tmp_path / "nowhere")
    assert (code, "There is no such task folder." in said) == (2, True)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    code, said = refused(task, "--backend", "docker")
    assert (code, "no Docker engine" in said) == (4, True)
