"""`harness shell`: the container of a run, to look around in; nothing of it stays."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from engine_traces import Traces, harness, harness_command, traces_of, wait_until

MakeTask = Callable[..., Path]
MEAN = """
import json
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    Path(output_dir, "mean.json").write_text(json.dumps(float(y.mean())))


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": [model] * len(data)})


def load_model(code_dir):
    return json.loads(Path(code_dir, "mean.json").read_text())
"""
BINARY = "name: tried\ntype: training\ntargetType: binary\n"
DATA = "size,kind\n" + "1,yes\n2,no\n" * 6


@pytest.fixture
def traces(engine: docker.APIClient, cache: Path) -> Iterator[Traces]:
    with traces_of(engine, cache) as traces:
        yield traces


def test_commands_through_a_pipe_fit_and_find_the_artifact(make_task: MakeTask, traces: Traces) -> None:
    commands = "python3 /opt/harness/worker fit && ls $ARTIFACT_DIRECTORY; exit 7\n"
    done = shell(commands, make_task(MEAN))
    assert done.returncode == 7, done.stderr
    assert "fit passed" in done.stdout
    assert done.stdout.splitlines()[-1] == "mean.json"
    assert len(traces.volumes()) == 2
    assert traces.left() == []


def test_the_shell_has_what_a_fit_gets_and_no_more_rights(make_task: MakeTask, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(DATA)
    commands = (
        "pwd; ls; id -u; cat $INPUT_DIRECTORY/y.csv | head -3; echo $TARGET_TYPE $TRAINING_DATA_EXTENSION\n"
        'echo "$POSITIVE_CLASS_LABEL/$NEGATIVE_CLASS_LABEL"; touch /etc/x 2>/dev/null || echo read-only\n'
        "python3 -c 'import os; print(os.listdir(\"/sys/class/net\"))'\n"
    )
    task = make_task(MEAN, BINARY)
    done = shell(commands, task, "--input", str(tmp_path / "data.csv"), "--target", "kind")
    assert done.stdout.splitlines() == [
        "/opt/code",
        "custom.py",
        "model-metadata.yaml",
        "65534",
        '"kind"',
        '"yes"',
        '"no"',
        "binary .csv",
        "no/yes",
        "read-only",
        "['lo']",
    ]
    assert done.returncode == 0


def shell(commands: str, task: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = harness_command("shell", task, "--env", "python3", *options)
    return subprocess.run(command, input=commands, capture_output=True, text=True, check=False)


class Terminal:
    """A person at a terminal in which a shell has been opened."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._shown = b""

    def type(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def read_until(self, expected: bytes) -> None:
        """Read on from where the last reading ended."""
        while expected not in self._shown:
            assert self._read(), self._shown
        self._shown = self._shown.partition(expected)[2]

    def read_to_the_end(self) -> int:
        """Return the exit code."""
        while self._read():
            pass
        return self.process.wait(30)

    def _read(self) -> bool:
        """Read what is shown; False where nobody has the terminal open any more."""
        readable, _, _ = select.select([self._descriptor], [], [], 60)
        assert readable, self._shown
        try:
            chunk = os.read(self._descriptor, 4096)
        except OSError:
            return False
        self._shown += chunk
        return bool(chunk)


@contextmanager
def terminal(task: Path) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    command = harness_command("shell", task, "--env", "python3")
    try:
        with subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - it does nothing that another thread could have locked
        ) as process:
            os.close(theirs)
            try:
                yield Terminal(process, ours)
            finally:
                process.kill()
    finally:
        os.close(ours)


def _own_terminal() -> None:
    """Let Ctrl-C on the standard input reach this process and its children, as a person's terminal does."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_terminal_ends_with_ctrl_d_and_the_exit_code_of_the_last_command(make_task: MakeTask, traces: Traces) -> None:
    with terminal(make_task(MEAN)) as person:
        person.read_until(b"Fit with: python3 /opt/harness/worker fit")
        person.read_until(b"$ ")
        person.type(b"tty && ls $INPUT_DIRECTORY\n")
        person.read_until(b"/dev/pts/")
        person.read_until(b"X.csv")
        # Ctrl-C ends the line that was begun, not the shell.
        person.type(b'python3 -c \'import time; print("wait" + "ing"); time.sleep(1000)\'\n')
        person.read_until(b"waiting")
        person.type(b"\x03")
        person.read_until(b"$ ")
        person.type(b"(exit 3)\n")
        person.read_until(b"$ ")
        person.type(b"\x04")
        assert person.read_to_the_end() == 3
    assert traces.left() == []


def test_ctrl_c_while_the_container_is_made_leaves_nothing(make_task: MakeTask, traces: Traces) -> None:
    with terminal(make_task(MEAN)) as person:
        wait_until(traces.containers)
        person.type(b"\x03")
        assert person.read_to_the_end() == 130
    assert traces.left() == []


def test_a_terminated_shell_leaves_nothing(make_task: MakeTask, traces: Traces) -> None:
    with terminal(make_task(MEAN)) as person:
        person.read_until(b"$ ")
        person.process.send_signal(signal.SIGTERM)
        assert person.read_to_the_end() == 130
    assert traces.left() == []


def test_without_an_engine(make_task: MakeTask, tmp_path: Path) -> None:
    done = harness("shell", make_task(MEAN), DOCKER_HOST=f"unix://{tmp_path}/nothing.sock")
    assert done.returncode == 4
    assert "a shell needs Docker: no Docker engine answers" in done.stderr
    assert "venv" not in done.stderr


def test_without_dockers_program(make_task: MakeTask, tmp_path: Path) -> None:
    done = harness("shell", make_task(MEAN), PATH=str(tmp_path))
    assert done.returncode == 4
    assert "the program docker is missing" in done.stderr
    assert "fix: Install Docker's command line" in done.stderr


def test_of_an_r_task(tmp_path: Path) -> None:
    (tmp_path / "custom.R").write_text("fit <- function(X, y, output_dir, ...) {}\n")
    (tmp_path / "model-metadata.yaml").write_text("name: Net\ntype: training\ntargetType: regression\n")
    done = harness("shell", tmp_path)
    assert done.returncode == 4
    assert "custom.R: the docker backend builds and runs Python tasks only" in done.stderr


def test_of_a_task_whose_dependencies_cannot_be_installed(make_task: MakeTask) -> None:
    done = harness("shell", make_task(MEAN, requirements="no-such-package-of-ours==1\n"), "--env", "python3")
    assert done.returncode == 3, done.stderr
    assert "requirements.txt:1" in done.stderr
    assert "fix: " in done.stderr


def test_of_a_task_with_a_line_that_the_platform_refuses(make_task: MakeTask) -> None:
    done = harness("shell", make_task(MEAN, requirements="six~=1.0\n"), "--env", "python3")
    assert done.returncode == 2
    assert "requirements.txt:1: 'six~=1.0'" in done.stderr
