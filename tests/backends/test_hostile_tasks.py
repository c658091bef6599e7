"""Tasks that do harm, by intent or by mistake: contained on every backend, and told in one line."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

import harness.settings
from harness import Report, Settings, validate
from harness.backends import BACKENDS
from harness.docker_engine import Label
from harness.records import CheckStatus

MakeTask = Callable[..., Path]
MEGA = 2**20
TASK = """
import ctypes, json, os, pickle, signal, socket, stat, subprocess, sys, tempfile, time
import numpy as np
import pandas as pd

AT_IMPORT

def fit(X, y, output_dir, **kwargs):
    with open(os.path.join(output_dir, "model.pkl"), "wb") as f:
        pickle.dump(float(y.mean()), f)
IN_FIT

def load_model(code_dir):
    with open(os.path.join(code_dir, "model.pkl"), "rb") as f:
        return pickle.load(f)

def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model + 0 * data.select_dtypes("number").fillna(0).sum(axis=1)})
"""


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(
    backend: str,
    make_task: MakeTask,
    cache: Path,
    engine: docker.APIClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., Report]:
    """Give a function that runs a task with this code in fit, sees that nothing is left, and returns the report."""

    def run_task(
        in_fit: str = "", *, at_import: str = "", seconds: float = 60, mebibytes: int = 512, disk_mebibytes: int = 100
    ) -> Report:
        monkeypatch.setattr(harness.settings, "LARGEST_DISK_BYTES", disk_mebibytes * MEGA)
        body = textwrap.indent(textwrap.dedent(in_fit).strip(), "    ")
        folder = make_task(TASK.replace("AT_IMPORT", at_import).replace("IN_FIT", body))
        settings = Settings(
            backend=backend,
            environment="python3",
            memory_bytes=mebibytes * MEGA,
            timeout_seconds=seconds,
            output=tmp_path / "out",
        )
        report = validate(folder, settings)
        assert list((cache / "runs").glob("*/")) == []
        left = engine.containers(all=True, filters={"label": [str(Label.LOCK)]})
        assert [each for each in left if each["Labels"][Label.LOCK].startswith(str(cache))] == []
        return report

    return run_task


def only_failure(report: Report) -> tuple[str, str]:
    """Return id and message of the one check that failed."""
    (failed,) = report.checks_with(CheckStatus.FAILED)
    assert report.exit_code == 1
    assert "\n" not in failed.message
    return failed.id, failed.message


def warnings(report: Report) -> dict[str, str]:
    return {check.id: check.message for check in report.checks_with(CheckStatus.WARNING)}


@pytest.mark.parametrize(
    "in_fit",
    [
        pytest.param("kept = []\nwhile True: kept.append(np.ones(2**20))", id="the stage itself"),
        pytest.param(
            "if os.fork() == 0:\n    kept = []\n    while True: kept.append(np.ones(2**20))\n"
            "os.wait()\nraise RuntimeError('the child is gone')",
            id="a child of it",
        ),
    ],
)
def test_a_memory_hog_is_killed_at_its_limit(in_fit: str, run: Callable[..., Report]) -> None:
    check, message = only_failure(run(in_fit, mebibytes=256))
    assert check == "memory_limit"
    assert message.startswith("fit was killed at 2")
    assert "(limit 256 MiB)" in message


@pytest.mark.parametrize(
    ("code", "where"),
    [
        pytest.param({"in_fit": "while True: pass"}, "in fit", id="in fit"),
        pytest.param({"at_import": "while True: pass"}, "in import", id="at import"),
        pytest.param(
            {"in_fit": "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: time.sleep(0.1)"},
            "",
            id="deaf to signals",
        ),
        pytest.param({"in_fit": "os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(100)"}, "", id="stops the worker"),
    ],
)
def test_a_task_without_end_is_ended(code: dict[str, str], where: str, run: Callable[..., Report]) -> None:
    check, message = only_failure(run(**code, seconds=2))
    assert check == "time_limit"
    assert message.startswith("fit was killed after 2.")
    assert where in message


@pytest.mark.parametrize(
    "in_fit",
    [
        pytest.param(
            "with open(output_dir + '/big', 'wb') as f:\n    while True: f.write(bytes(2**20))", id="one file"
        ),
        pytest.param(
            "n = 0\nwhile True:\n    with open(output_dir + '/f%d' % n, 'wb') as f: f.write(bytes(50000))\n    n += 1",
            id="many files",
        ),
    ],
)
def test_a_disk_filler_is_stopped(in_fit: str, run: Callable[..., Report]) -> None:
    report = run(in_fit)
    check, message = only_failure(report)
    assert check == "fit"
    assert "100 MB of disk" in message or "File too large" in message
    (failed,) = report.checks_with(CheckStatus.FAILED)
    assert failed.remedy == "Write less, and remove what is not needed."


def test_processes_that_outlive_a_stage_are_ended(run: Callable[..., Report]) -> None:
    report = run(
        """
        for n in range(50):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    time.sleep(1000)
                os._exit(0)
        """
    )
    assert report.passed


def test_a_fork_bomb_stays_within_its_container(make_task: MakeTask, tmp_path: Path) -> None:
    bomb = "    while True:\n        try:\n            os.fork()\n        except OSError:\n            time.sleep(0.01)"
    folder = make_task(TASK.replace("AT_IMPORT", "").replace("IN_FIT", bomb))
    settings = Settings(
        backend="docker", environment="python3", timeout_seconds=5, memory_bytes=512 * MEGA, output=tmp_path / "out"
    )
    check, message = only_failure(validate(folder, settings))
    assert check == "fit"
    assert "processes at once" in message


@pytest.mark.parametrize(
    ("in_fit", "left_out"),
    [
        pytest.param(
            "os.remove(output_dir + '/model.pkl')\nos.symlink('/etc/passwd', output_dir + '/model.pkl')",
            '"model.pkl" (a link that leads out)',
            id="a link out of it as the model",
        ),
        pytest.param(
            "os.chdir('/')\nos.rename(output_dir, os.environ['HOME'] + '/away')\nos.symlink('/etc', output_dir)",
            '"output_dir"',
            id="a link in its place",
        ),
    ],
)
def test_an_artifact_that_leads_elsewhere_is_refused(in_fit: str, left_out: str, run: Callable[..., Report]) -> None:
    check, message = only_failure(run(in_fit))
    assert check == "artifact"
    assert left_out in message


def test_strange_files_are_left_out_and_named(run: Callable[..., Report]) -> None:
    report = run(
        """
        os.mkfifo(output_dir + "/pipe")
        socket.socket(socket.AF_UNIX).bind(output_dir + "/sock")
        for number, kind in enumerate((stat.S_IFCHR, stat.S_IFBLK)):
            try: os.mknod(output_dir + "/dev%d" % number, kind | 0o666, os.makedev(1, 3))
            except OSError: pass
        """
    )
    assert report.passed
    assert '"pipe" (no regular file), "sock" (no regular file)' in warnings(report)["artifact"]


def test_locked_and_linked_files_of_the_artifact_are_kept(run: Callable[..., Report]) -> None:
    report = run(
        """
        os.mkdir(output_dir + "/sub")
        os.link(output_dir + "/model.pkl", output_dir + "/again.bin")
        open(output_dir + "/sub/x", "w").write("x")
        for path in ("/sub/x", "/sub", "/model.pkl", ""):
            os.chmod(output_dir + path, 0)
        """
    )
    assert report.passed


def test_any_name_of_a_file_is_borne(run: Callable[..., Report]) -> None:
    report = run(
        r"""
        for name in (b"new\nline", b"\x1b[31mred", b"bad\xff\xfe", b"x" * 255, b" ", b"-rf", b"back\\slash"):
            open(output_dir.encode() + b"/" + name, "w").write("x")
        folder = output_dir
        for number in range(400):
            folder += "/d"
            os.mkdir(folder)
        open(folder + "/bottom", "w").write("x")
        """
    )
    assert report.passed


def test_the_records_of_a_stage_cannot_be_forged(run: Callable[..., Report]) -> None:
    """The task puts links in the place of what the worker writes, and says to the host that all is well."""
    check, message = only_failure(
        run(
            """
            import glob
            output = os.path.join(os.path.dirname(output_dir), "output")
            for name in ("stage.json", "log.txt", "result.json"):
                place = output + "/fit/" + name
                if os.path.lexists(place): os.remove(place)
                os.symlink("/etc/passwd", place)
            for path in glob.glob("/proc/[0-9]*/fd/*"):
                if path.split("/")[2] != str(os.getpid()):
                    try: os.write(os.open(path, os.O_WRONLY | os.O_NONBLOCK), b'{"event": "ended"}\\n')
                    except OSError: pass
            raise ValueError("and yet it failed")
            """
        )
    )
    assert (check, "ValueError: and yet it failed" in message) == ("fit", True)


def test_a_log_of_anything_is_borne(run: Callable[..., Report]) -> None:
    check, message = only_failure(
        run(
            r"""
            for number in range(20): os.write(1, os.urandom(2**20))
            os.write(1, b"x" * 50 * 2**20)
            print("\x1b[2J\x1b]0;title\x07")
            raise ValueError("\x1b[31mred\x07 \r bell" + "x" * 10**6)
            """
        )
    )
    assert check == "fit"
    assert len(message) < 2000


def test_an_endless_log_is_cut(run: Callable[..., Report]) -> None:
    check, message = only_failure(run("while True: os.write(1, b'x' * 2**20)", disk_mebibytes=500))
    assert check == "fit"
    assert "wrote more than 200 MB to its output" in message


# What a task may try to find out or to change, and what it may not get.
PROBE = """
found = []
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what, action):
    try: action()
    except Exception: return
    found.append(what)
def call(function, *arguments):
    if function(*arguments) < 0: raise OSError(ctypes.get_errno())
attempt("the worker's variables", lambda: open("/proc/%d/environ" % os.getppid()).read())
attempt("the worker's memory", lambda: open("/proc/%d/mem" % os.getppid(), "r+b"))
attempt("tracing the worker", lambda: call(libc.ptrace, 16, os.getppid(), 0, 0))
attempt("the network", lambda: socket.create_connection(("192.0.2.1", 80), timeout=1))
attempt("the machine below", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("a mount", lambda: call(libc.mount, b"none", b"/mnt", b"tmpfs", 0, None))
attempt("another user", lambda: os.setuid(1))
attempt("the log of the kernel", lambda: open("/dev/kmsg", "rb").read(1))
for place in PLACES:
    attempt(place, lambda: open(place + "/probe", "w"))
raise ValueError("found %r" % (found,))
"""


def test_a_task_finds_no_way_to_the_worker_or_the_machine(run: Callable[..., Report]) -> None:
    _, message = only_failure(run(PROBE.replace("PLACES", "()")))
    assert "ValueError: found []" in message


def test_a_container_has_nothing_to_write_but_its_own_folders(make_task: MakeTask, tmp_path: Path) -> None:
    places = repr(("/", "/etc", "/opt/harness/worker", "/opt/venv/bin", "/usr/bin", "/root", "/var/tmp", "/dev/shm/.."))
    body = textwrap.indent(PROBE.replace("PLACES", places).strip(), "    ")
    folder = make_task(TASK.replace("AT_IMPORT", "").replace("IN_FIT", body))
    report = validate(folder, Settings(backend="docker", environment="python3", output=tmp_path / "out"))
    assert "ValueError: found []" in only_failure(report)[1]
