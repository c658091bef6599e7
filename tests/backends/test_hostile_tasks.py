"""Hostile and clumsy tasks: each is contained, told in one line, and leaves nothing behind; on every backend."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import tarfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import psutil
import pytest

import harness
from harness.backends import BACKENDS, Job
from harness.backends.conversation import follow
from harness.backends.docker.images import list_images, remove_image
from harness.builds.plan import plan_build
from harness.data import choose_sample
from harness.environments import find_environment
from harness.progress import Silent
from harness.records import CheckResult, CheckStatus, NetworkPolicy, TargetType
from harness.reports import Report
from harness.runs import RunResult, Stage, StageStatus
from harness.settings import Settings
from harness.tasks import read_task
from harness.workers.sandbox import Sandbox

MakeTask = Callable[..., Path]
MIB = 1024 * 1024
LOCK = "task-harness.lock"

CUSTOM = """
import ctypes, errno, glob, json, os, pickle, shutil, signal, socket, stat, subprocess, sys, tempfile, time

import numpy as np
import pandas as pd

OUTPUT = os.path.join(os.path.dirname(os.environ["ARTIFACT_DIRECTORY"]), "output")


def grow():
    kept = []
    while True:
        kept.append(np.ones(2**20))
        time.sleep(0.01)


def fill(folder, size=2**16):
    number = 0
    while True:
        number += 1
        with open(os.path.join(folder, "filler-%d" % number), "wb") as file:
            file.write(bytes(size))

{top}


def fit(X, y, output_dir, **kwargs):
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(float(y.mean()), file)
{fit}


def load_model(code_dir):
{load}
    with open(os.path.join(code_dir, "model.pkl"), "rb") as file:
        return pickle.load(file)


def score(data, model, **kwargs):
{score}
    return pd.DataFrame({{"Predictions": model + data.select_dtypes("number").sum(axis=1)}})
"""


def custom(fit: str = "", *, top: str = "", load: str = "", score: str = "") -> str:
    """Return a regression that passes, with more in its hooks: `fit` after the model is saved, the others at first."""
    bodies = {"fit": fit, "load": load, "score": score}
    indented = {name: textwrap.indent(textwrap.dedent(text).strip("\n"), "    ") for name, text in bodies.items()}
    return CUSTOM.format(top=textwrap.dedent(top), **indented)


@dataclass(frozen=True)
class Harness:
    """Validates tasks on one backend, each in the same folder, and looks after each for what is left of it."""

    backend: str
    engine: docker.APIClient
    cache: Path
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def output(self) -> Path:
        return self.folder.parent / "results"

    def judge(self, source: str, *, memory: int = 512, seconds: float = 30, disk: int = 2048) -> Report:
        """Validate with limits in MiB and seconds. Every message must be a line, and nothing may be left."""
        (self.folder / "custom.py").write_text(source)
        self.monkeypatch.setattr("harness.settings.LARGEST_DISK_BYTES", disk * MIB)
        settings = Settings(
            backend=self.backend,
            environment="python3",
            memory_bytes=memory * MIB,
            timeout_seconds=seconds,
            output=self.output,
        )
        volumes = self._loose_volumes()
        report = harness.validate(self.folder, settings)
        for check in report.checks:
            assert check.message.isprintable(), check
        assert json.loads((self.output / "report.json").read_text())["verdict"] == report.verdict
        wait_until(lambda: self._left(volumes) == [], lambda: self._left(volumes))
        return report

    def _left(self, volumes_before: set[str]) -> list[str]:
        folders = [str(path) for path in (self.cache / "runs").iterdir() if path.name != "sweep.lock"]
        owners = [str(path) for path in (self.cache / "owners").glob("*")]
        containers = self.engine.containers(all=True, filters={"label": LOCK})
        own = [found["Id"] for found in containers if found["Labels"][LOCK].startswith(str(self.cache))]
        return [*folders, *owners, *own, *self._processes(), *(self._loose_volumes() - volumes_before)]

    def _processes(self) -> Iterator[str]:
        """Yield the processes of this machine that have a home in a run's folder."""
        home = f"HOME={self.cache}/runs/".encode()
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if home in path.read_bytes():
                    yield str(path)
            except OSError:
                continue

    def _loose_volumes(self) -> set[str]:
        """Return the unnamed volumes that no container has."""
        found = self.engine.volumes(filters={"dangling": True})["Volumes"] or []
        return {volume["Name"] for volume in found if re.fullmatch("[0-9a-f]{64}", volume["Name"])}

    def artifact(self) -> dict[str, bytes]:
        """Return the files of trainingArtifact.tar.gz."""
        return members(self.output / "trainingArtifact.tar.gz")

    def log(self, stage: str) -> bytes:
        return members(self.output / "logs.tar.gz")[f"{stage}.log"]


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as packed:
        return {member.name: packed.extractfile(member).read() for member in packed}  # type: ignore[union-attr]


def wait_until(happened: Callable[[], bool], what: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def task_folder(tmp_path_factory: pytest.TempPathFactory, engine: docker.APIClient) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("hostile") / "task"
    folder.mkdir()
    (folder / "model-metadata.yaml").write_text("name: hostile\ntype: training\ntargetType: regression\n")
    yield folder
    for image in list_images(engine, folder=str(folder)):
        remove_image(engine, image)


def harness_on(backend: str) -> Callable[..., Harness]:
    def give(engine: docker.APIClient, cache: Path, task_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Harness:
        return Harness(backend, engine, cache, task_folder, monkeypatch)

    return give


@pytest.fixture(params=sorted(BACKENDS))
def anywhere(
    request: pytest.FixtureRequest,
    engine: docker.APIClient,
    cache: Path,
    task_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Harness:
    return Harness(request.param, engine, cache, task_folder, monkeypatch)


in_container = pytest.fixture(harness_on("docker"), name="in_container")
in_venv = pytest.fixture(harness_on("venv"), name="in_venv")


def failures(report: Report) -> list[CheckResult]:
    return [check for check in report.checks if check.status is CheckStatus.FAILED]


def assert_failed(report: Report, check: str, message: str) -> None:
    """Assert that this check alone failed, with a message that the pattern fits."""
    assert [failure.id for failure in failures(report)] == [check], report.checks
    assert re.search(message, failures(report)[0].message), failures(report)[0].message
    assert report.exit_code == 1


def assert_passed(report: Report) -> None:
    assert failures(report) == []
    assert report.exit_code == 0


def message_of(report: Report, check: str) -> str:
    return next(result.message for result in report.checks if result.id == check)


def test_the_task_that_all_others_are_made_of_passes(anywhere: Harness) -> None:
    report = anywhere.judge(custom())
    assert_passed(report)
    assert list(anywhere.artifact()) == ["model.pkl"]


# Memory


@pytest.mark.parametrize(
    ("source", "stage"),
    [
        pytest.param(custom("grow()"), "fit", id="in fit"),
        pytest.param(custom("kept = []\nwhile True:\n    kept.append(np.ones(2**20))"), "fit", id="fast"),
        pytest.param(custom(top="grow()"), "fit", id="at import"),
        pytest.param(custom(score="grow()"), "predict", id="in score"),
        pytest.param(custom("if os.fork() == 0:\n    grow()\nos.wait()"), "fit", id="in a child"),
        pytest.param(
            custom("if os.fork() == 0:\n    grow()\nos.wait()\nraise RuntimeError('my child is gone')"),
            "fit",
            id="in a child that is missed",
        ),
        pytest.param(
            custom(
                """
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        grow()
                    os._exit(0)
                time.sleep(60)
                """
            ),
            "fit",
            id="in a daemon",
        ),
    ],
)
def test_what_takes_too_much_memory_is_killed(anywhere: Harness, source: str, stage: str) -> None:
    report = anywhere.judge(source, memory=256)
    assert_failed(report, "memory_limit", rf"^{stage} was killed at [23]\d\d MiB \(limit 256 MiB\)")
    assert report.stages[-1].status is StageStatus.OUT_OF_MEMORY


def test_one_allocation_beyond_the_limit_is_refused_where_it_is_made(anywhere: Harness) -> None:
    report = anywhere.judge(custom("np.ones(10**9)"), memory=256)
    assert_failed(report, "memory_limit", r"^fit asked for more memory than there is \(MemoryError: .*np\.ones")


FILLS_MEMORY = """
with open("/proc/self/oom_score_adj", "w") as file:
    file.write("{score}")
with open(tempfile.gettempdir() + "/filler", "wb") as file:
    while True:
        file.write(bytes(2**20))
"""


@pytest.mark.parametrize("score", [0, 500, 1000], ids=lambda score: f"score {score}")
def test_whoever_the_kernel_kills_in_the_container_it_was_the_memory(in_container: Harness, score: int) -> None:
    """With 0, a stage that is smaller than the fork server makes the kernel kill that, and the container with it."""
    report = in_container.judge(custom(FILLS_MEMORY.format(score=score)), memory=256)
    assert_failed(report, "memory_limit", r"^fit was killed at 2\d\d MiB \(limit 256 MiB\)")


def test_two_stages_at_once_have_no_less_memory_than_one(in_container: Harness) -> None:
    """Where there is not enough for both, the optional one makes way."""
    report = in_container.judge(custom(score="kept = np.ones(120 * 2**17)\ntime.sleep(0.1)"), memory=256)
    assert_passed(report)
    required = [stage.name for stage in report.stages if stage.name != "robustness"]
    assert required == ["fit", "predict", "predict-again"]


def test_a_limit_below_what_the_imports_take_is_one_of_memory(in_container: Harness) -> None:
    run = run_directly("docker", in_container.folder, custom(), memory=16)
    assert run.fit is not None
    assert (run.fit.status, run.error) == (StageStatus.OUT_OF_MEMORY, None)


def run_directly(backend_name: str, folder: Path, source: str, memory: int = 512) -> RunResult:
    """Run without a validation around it, so with limits that the platform does not give."""
    (folder / "custom.py").write_text(source)
    task = read_task(folder)
    backend = BACKENDS[backend_name]()
    build = backend.build(plan_build(find_environment("python3"), task.requirements), Silent())
    with backend.start(build, task, NetworkPolicy.ISOLATED) as worker:
        return worker.run(job_of(folder, memory), Silent())


def job_of(folder: Path, memory: int = 512) -> Job:
    return Job(
        task=read_task(folder),
        target_type=TargetType.REGRESSION,
        data=choose_sample(TargetType.REGRESSION, None),
        parameters={},
        secrets_folder=None,
        stages=(Stage("fit", "fit", 30), Stage("predict", "score", 30)),
        memory_bytes=memory * MIB,
    )


# Processes


def test_too_many_processes_end_the_stage(anywhere: Harness) -> None:
    source = custom("for _ in range(400):\n    if os.fork() == 0:\n        time.sleep(60)\ntime.sleep(60)")
    report = anywhere.judge(source, memory=4096)
    assert_failed(report, "fit", r"^The stage had more than 300 processes at once\.$")


def test_a_fork_bomb_in_a_container_ends_the_stage(in_container: Harness) -> None:
    """Nobody should try this in a venv: what bounds it there is the user's own limit of processes, if there is one."""
    bomb = """
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)
    """
    report = in_container.judge(custom(bomb), memory=4096)
    assert_failed(report, "fit", r"^The stage had more than 300 processes at once\.$")


def test_what_outlives_its_stage_is_gone(anywhere: Harness) -> None:
    daemons = """
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
                time.sleep(600)
            os._exit(0)
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    """
    look = """
    others = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in (1, os.getpid(), os.getppid())]
    commands = [open("/proc/%s/stat" % pid).read() for pid in others if os.path.exists("/proc/%s/stat" % pid)]
    print("beside me:", commands)
    """
    report = anywhere.judge(custom(daemons, load=look))
    assert_passed(report)
    # The server that does the optional stage, and that stage.
    beside = anywhere.log("predict").decode().partition("beside me: ")[2].partition("\n")[0]
    assert len(json.loads(beside.replace("'", '"').replace("\\n", ""))) <= 2


# Time


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            custom("while True: pass"), r"^fit was killed after .* in fit \(custom.py line \d+: .*while", id="fit"
        ),
        pytest.param(custom(top="while True: pass"), r"^fit was killed after .* in import \(custom.py", id="import"),
        pytest.param(custom(load="while True: pass"), r"^predict was killed after .* in load_model", id="load_model"),
        pytest.param(custom(score="while True: pass"), r"^predict was killed after .* in score", id="score"),
        pytest.param(
            custom("signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: time.sleep(1)"),
            r"^fit was killed after .* in fit$",
            id="blocked signals",
        ),
        pytest.param(custom("os.kill(os.getpid(), signal.SIGSTOP)"), r"^fit was killed after .* in fit", id="stopped"),
        pytest.param(
            custom(
                "for number in (signal.SIGSTOP, signal.SIGKILL):\n    os.kill(os.getppid(), number)\ntime.sleep(60)"
            ),
            r"^fit was killed after .* in fit \(custom.py line \d+: time.sleep",
            id="stops and kills the worker, in vain",
        ),
    ],
)
def test_what_does_not_end_is_ended(anywhere: Harness, source: str, message: str) -> None:
    report = anywhere.judge(source, seconds=1.5)
    assert_failed(report, "time_limit", message)
    assert "(limit 1.50 s)" in message_of(report, "time_limit")


def test_a_worker_that_is_asked_to_end_says_so(anywhere: Harness) -> None:
    report = anywhere.judge(custom("os.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(60)"))
    assert_failed(report, "fit", "^the run was cut short: SIGTERM ended the worker$")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        pytest.param("SIGKILL", "^the run was cut short: the worker ended early. SIGKILL ended it.$", id="killed"),
        pytest.param(
            "SIGSTOP",
            "^the run was cut short: the worker ended early. It no longer kept to the time limits and was killed.$",
            id="stopped",
        ),
    ],
)
def test_without_namespaces_a_worker_can_be_killed_and_that_is_told(
    in_venv: Harness, number: str, message: str
) -> None:
    in_venv.monkeypatch.setattr("harness.backends.venv.run.find_sandbox", lambda _: Sandbox((), without_network=False))
    in_venv.monkeypatch.setattr("harness.backends.conversation.GRACE_SECONDS", 1.0)
    report = in_venv.judge(custom(f"os.kill(os.getppid(), signal.{number})\ntime.sleep(60)"), seconds=0.5)
    assert_failed(report, "fit", message)


# Disk


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(custom("fill(output_dir)"), id="many files"),
        pytest.param(custom("fill(output_dir, 0)"), id="very many empty files"),
        pytest.param(custom("fill(os.environ['HOME'])"), id="in the home folder"),
        pytest.param(custom("fill(os.environ['CODE_DIR'])"), id="beside the code"),
        pytest.param(custom("fill(OUTPUT)"), id="among the records"),
        pytest.param(custom("fill(tempfile.gettempdir())"), id="among the temporary files"),
        pytest.param(
            custom(
                """
                kept = []
                while True:
                    kept.append(tempfile.TemporaryFile(dir=output_dir))
                    kept[-1].write(bytes(2**20))
                """
            ),
            id="removed but open",
        ),
    ],
)
def test_what_takes_too_much_disk_is_ended(anywhere: Harness, source: str) -> None:
    report = anywhere.judge(source, disk=8)
    assert_failed(report, "fit", r"^The stage took more than 8 MB of disk\.$")
    assert failures(report)[0].remedy == "Write less, and remove what is not needed."


HOLES = "for number in range(40):\n    open(output_dir + '/hole-%d' % number, 'wb').truncate(30 * 2**20)"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("file.write(bytes(64 * 2**20))", id="large"),
        pytest.param("file.truncate(2**50)", id="with a huge hole"),
    ],
)
def test_one_file_beyond_the_limit_is_refused_where_it_is_written(anywhere: Harness, lines: str) -> None:
    report = anywhere.judge(custom(f"with open(output_dir + '/filler', 'wb') as file:\n    {lines}"), disk=32)
    assert_failed(report, "fit", r"^fit raised OSError: .*File too large.*\(custom.py line \d+")
    assert failures(report)[0].remedy == "Write less, and remove what is not needed."


def test_holes_count_in_full_in_what_fit_leaves(anywhere: Harness) -> None:
    report = anywhere.judge(custom(HOLES), disk=32)
    assert_failed(report, "artifact", r"^fit left 1\.2 GiB, there is room for 32 MiB at most$")
    assert anywhere.artifact() == {}


def test_holes_that_a_failed_fit_leaves_are_not_packed(anywhere: Harness) -> None:
    report = anywhere.judge(custom(HOLES + "\nraise ValueError('no')"), disk=32)
    assert_failed(report, "fit", "^fit raised ValueError: no ")
    assert anywhere.artifact() == {}


# What fit leaves


def test_a_locked_artifact_is_unlocked(anywhere: Harness) -> None:
    locking = """
    os.mkdir(output_dir + "/sub")
    open(output_dir + "/sub/more.txt", "w").close()
    for path in ("/sub/more.txt", "/sub", "/model.pkl", ""):
        os.chmod(output_dir + path, 0)
    """
    assert_passed(anywhere.judge(custom(locking)))
    assert sorted(anywhere.artifact()) == ["model.pkl", "sub/more.txt"]


def test_a_locked_artifact_of_a_failed_fit_does_not_stop_the_report(anywhere: Harness) -> None:
    source = custom("os.chmod(output_dir + '/model.pkl', 0)\nos.chmod(output_dir, 0)\nraise ValueError('no')")
    assert_failed(anywhere.judge(source), "fit", "^fit raised ValueError: no ")


def test_odd_names_are_kept_as_they_are(anywhere: Harness) -> None:
    names = [b"new\nline", b"\x1b[31mred", b"no utf-8 \xff\xfe", b"x" * 255, b" ", b"-rf", b"back\\slash", b"quo'te\""]
    writing = f"for name in {names!r}:\n    open(output_dir.encode() + b'/' + name, 'w').close()"
    assert_passed(anywhere.judge(custom(writing)))
    assert sorted(os.fsencode(name) for name in anywhere.artifact()) == sorted([*names, b"model.pkl"])


def test_a_deep_folder_is_kept(anywhere: Harness) -> None:
    digging = """
    folder = output_dir
    for _ in range(400):
        folder += "/d"
        os.mkdir(folder)
    open(folder + "/bottom", "w").close()
    """
    assert_passed(anywhere.judge(custom(digging)))
    assert sorted(anywhere.artifact()) == ["d/" * 400 + "bottom", "model.pkl"]


def test_a_second_name_of_a_file_is_another_file(anywhere: Harness) -> None:
    assert_passed(anywhere.judge(custom("os.link(output_dir + '/model.pkl', output_dir + '/copy.bin')")))
    artifact = anywhere.artifact()
    assert artifact["copy.bin"] == artifact["model.pkl"]


def test_what_is_no_file_is_told_and_not_kept(anywhere: Harness) -> None:
    leaving = """
    os.symlink("/etc/passwd", output_dir + "/passwords")
    os.symlink(OUTPUT, output_dir + "/records")
    os.mkfifo(output_dir + "/pipe")
    socket.socket(socket.AF_UNIX).bind(output_dir + "/socket")
    try:
        os.mknod(output_dir + "/device", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError as error:
        print("no device:", error)
    """
    report = anywhere.judge(custom(leaving))
    assert_passed(report)
    assert b"no device:" in anywhere.log("fit")
    assert list(anywhere.artifact()) == ["model.pkl"]
    told = message_of(report, "artifact")
    assert told.startswith("fit left what is not kept: ")
    for part in (
        '"passwords" (a link that leads out)',
        '"records" (a link',
        '"pipe" (no regular file)',
        '"socket" (no',
    ):
        assert part in told


def test_paths_that_are_too_long_are_told_and_not_kept(anywhere: Harness) -> None:
    digging = """
    os.chdir(output_dir)
    for _ in range(60):
        os.mkdir("deep" * 50)
        os.chdir("deep" * 50)
    open("treasure", "w").close()
    os.chdir(os.environ["CODE_DIR"])
    """
    report = anywhere.judge(custom(digging))
    assert_passed(report)
    assert list(anywhere.artifact()) == ["model.pkl"]
    assert re.match(
        r'fit left what is not kept: "deepdeep.*" \(a path that is too long\)', message_of(report, "artifact")
    )


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        pytest.param(
            "os.remove(output_dir + '/model.pkl')\nos.symlink('/etc/passwd', output_dir + '/model.pkl')",
            r'"model\.pkl" \(a link that leads out\)',
            id="link for the model",
        ),
        pytest.param(
            "shutil.rmtree(output_dir)\nos.symlink('/etc', output_dir)",
            r'"output_dir" \(removed, or',
            id="link for all",
        ),
        pytest.param(
            "shutil.rmtree(output_dir)\nopen(output_dir, 'w').close()", r'"output_dir" \(removed, or', id="file for all"
        ),
        pytest.param("shutil.rmtree(output_dir)", r'"output_dir" \(removed, or', id="nothing"),
    ],
)
def test_a_model_that_is_not_there_is_no_model(anywhere: Harness, lines: str, what: str) -> None:
    assert_failed(anywhere.judge(custom(lines)), "artifact", f"^fit left what is not kept: {what}")
    assert anywhere.artifact() == {}


REPLACING = """
for stage in ("fit", "predict"):
    os.makedirs(os.path.join(OUTPUT, stage), exist_ok=True)
    for name in ("stage.json", "log.txt", "result.json"):
        path = os.path.join(OUTPUT, stage, name)
        if os.path.exists(path):
            os.remove(path)
        os.symlink("/etc/passwd", path)
"""


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(REPLACING, id="links for the records"),
        pytest.param("shutil.rmtree(OUTPUT)\nos.symlink('/etc', OUTPUT)", id="link for their folder"),
        pytest.param("shutil.rmtree(OUTPUT)\nopen(OUTPUT, 'w').close()", id="file for their folder"),
        pytest.param("os.chmod(OUTPUT + '/fit', 0)\nos.chmod(OUTPUT, 0)", id="locked folders"),
    ],
)
def test_the_records_are_the_workers_own(anywhere: Harness, lines: str) -> None:
    assert_passed(anywhere.judge(custom(f"print('here I am')\n{lines}")))
    assert b"here I am\n" in anywhere.log("fit")
    assert b"root:" not in anywhere.log("fit") + anywhere.log("predict")


def test_a_failure_among_replaced_records_is_told(anywhere: Harness) -> None:
    report = anywhere.judge(custom(REPLACING + "raise ValueError('and yet it failed')"))
    assert_failed(report, "fit", r"^fit raised ValueError: and yet it failed")


def test_the_folder_with_all_results_cannot_be_replaced_in_a_container(in_container: Harness) -> None:
    source = custom("os.rename(os.path.dirname(OUTPUT), os.environ['HOME'] + '/away')")
    assert_failed(in_container.judge(source), "fit", r"^fit raised PermissionError: .*'/opt/run/results'")


def test_what_a_run_leaves_beside_its_artifact_is_not_there_for_another(anywhere: Harness) -> None:
    leaving = (
        "for place in (os.environ['CODE_DIR'], tempfile.gettempdir()):\n    open(place + '/left.txt', 'w').close()"
    )
    looking = "print('found:', [os.path.exists(place + '/left.txt') for place in (code_dir, tempfile.gettempdir())])"
    assert_passed(anywhere.judge(custom(leaving, load=looking)))
    assert b"found: [False, False]" in anywhere.log("predict")
    assert_passed(anywhere.judge(custom("print('files:', sorted(os.listdir(os.environ['CODE_DIR'])))")))
    files = anywhere.log("fit").partition(b"files: ")[2].partition(b"\n")[0]
    assert set(json.loads(files.replace(b"'", b'"'))) - {"__pycache__"} == {"custom.py", "model-metadata.yaml"}


def test_a_hundred_thousand_files_are_no_trouble(anywhere: Harness) -> None:
    writing = """
    for number in range(100_000):
        os.close(os.open("%s/%d.txt" % (output_dir, number), os.O_CREAT))
    """
    assert_passed(anywhere.judge(custom(writing), seconds=120))
    with tarfile.open(anywhere.output / "trainingArtifact.tar.gz") as packed:
        assert sum(1 for _ in packed) == 100_001


# Logs


def test_a_gigabyte_of_log_ends_the_stage(anywhere: Harness) -> None:
    report = anywhere.judge(custom("for _ in range(1000):\n    os.write(1, bytes(2**20))"))
    assert_failed(report, "fit", r"^The stage wrote more than 200 MB to its output\.$")


def test_a_line_of_a_hundred_megabytes_is_kept(anywhere: Harness) -> None:
    assert_passed(anywhere.judge(custom("for _ in range(100):\n    os.write(1, b'x' * 2**20)")))
    assert b"x" * 100 * MIB in anywhere.log("fit")


def test_garbage_and_escapes_stay_in_the_log(anywhere: Harness) -> None:
    raising = r"""
    os.write(1, bytes(range(256)) * 4096)
    print("\x1b[2J\x1b]0;a title\x07")
    raise ValueError("\x1b[31mred\x1b[0m\nsecond line\r\u2028\x07 half \udcff" + "x" * 10**6)
    """
    report = anywhere.judge(custom(raising))
    assert_failed(report, "fit", r"^fit raised ValueError: \[31mred \[0m second line half \?x+…")
    assert len(failures(report)[0].message) < 600
    assert b"\x1b]0;a title\x07" in anywhere.log("fit")


# The machine around


PROBES = """
reached = []


def attempt(name, action):
    try:
        action()
    except (OSError, AttributeError) as error:
        print(name, error)
    else:
        reached.append(name)


def call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def probe_everywhere():
    for server in {1, os.getppid()}:
        for name in ("environ", "mem", "maps", "fd/0", "fd/1", "cwd/x", "root/etc/hostname"):
            attempt("%s of the server" % name, lambda: open("/proc/%d/%s" % (server, name), "rb"))
        attempt("ptrace", lambda: call("ptrace", 16, server, 0, 0))
    attempt("mount", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None))
    attempt("chown", lambda: os.chown(os.environ["HOME"], 1, 1))
    attempt("device", lambda: os.mknod(os.environ["HOME"] + "/device", stat.S_IFCHR | 0o666, os.makedev(1, 3)))
    attempt("another user", lambda: call("setresuid", 1, 1, 1) if os.getuid() != 1 else None)
    attempt("haste", lambda: os.nice(-1))
    attempt("raw socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    attempt("machine socket", lambda: socket.socket(40, socket.SOCK_STREAM))
    attempt("machine socket, old way", lambda: call("syscall", 0x40000029, 40, 1, 0))
    attempt("ring of requests", lambda: call("syscall", 425, 8, ctypes.create_string_buffer(120)))
    for address in ADDRESSES:
        attempt("network", lambda: socket.create_connection((address, PORT), timeout=1))


def probe_container():
    for path in ("/etc/shadow", "/dev/kmsg", "/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/vda", "/dev/sda"):
        attempt(path, lambda: open(path, "rb"))
    places = ["/", "/etc", "/root", "/usr/bin", "/var/tmp", "/opt", "/opt/run", "/opt/harness/worker", "/opt/venv/bin"]
    places += ["/dev", "/sys/fs/cgroup", "/proc/sys/kernel", os.path.dirname(np.__file__)]
    for place in places:
        attempt("writing to " + place, lambda: open(os.path.join(place, "probe"), "w"))
    attempt("changing the worker", lambda: open("/opt/harness/worker/__main__.py", "a"))
    attempt("core pattern", lambda: open("/proc/sys/kernel/core_pattern", "w"))
    attempt("engine", lambda: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock"))
    attempt("namespace", lambda: call("unshare", 0x10000000))
    attempt("root", lambda: os.chroot("/tmp"))
    attempt("host name", lambda: socket.sethostname("probed"))
"""


def addresses() -> list[str]:
    """Return the IPv4 addresses of this machine."""
    found = [address for addresses in psutil.net_if_addrs().values() for address in addresses]
    return [address.address for address in found if address.family is socket.AF_INET]


def test_what_a_task_tries_on_the_machine_is_refused(anywhere: Harness) -> None:
    """In a venv a task has the user's rights on files, so only what lies beyond these is tried there."""
    beyond = "probe_container()" if anywhere.backend == "docker" else ""
    with socket.create_server(("", 0)) as server:
        known = f"ADDRESSES = {addresses()!r}\nPORT = {server.getsockname()[1]}\n"
        probing = f"probe_everywhere()\n{beyond}\nassert reached == [], reached"
        assert_passed(anywhere.judge(custom(probing, top=known + PROBES)))


FORGING = """
lines = [{"event": "stageEnded", "name": "fit", "status": "passed"}, {"event": "ended"}]
written = []
for path in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        if path.split("/")[2] != str(os.getpid()):
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            os.write(descriptor, "".join(json.dumps(line) + "\\n" for line in lines).encode())
            written.append(path)
    except OSError as error:
        print(path, error)
raise ValueError("written to %r" % written)
"""


def test_the_workers_words_cannot_be_forged(anywhere: Harness) -> None:
    assert_failed(anywhere.judge(custom(FORGING)), "fit", r"^fit raised ValueError: written to \[\] ")


@pytest.mark.parametrize(
    ("events", "error"),
    [
        pytest.param([{"event": "ended"}], "the worker ended without saying how fit went", id="nothing ran"),
        pytest.param(
            [
                {"event": "stageStarted", "name": "fit"},
                {"event": "stageEnded", "name": "fit", "status": "passed"},
                {"event": "ended"},
            ],
            "the record of how fit ended was changed afterwards",
            id="no record",
        ),
        pytest.param(
            [{"event": "stageEnded", "name": "fit", "status": "passed"}, {"event": "ended"}],
            "the worker said something unexpected: ",
            id="an end without a beginning",
        ),
        pytest.param([["ended"]], "the worker said something unexpected: ", id="no event"),
    ],
)
def test_words_that_do_not_fit_together_are_an_error(
    make_task: MakeTask, tmp_path: Path, events: list[object], error: str
) -> None:
    said = io.BytesIO("".join(json.dumps(event) + "\n" for event in events).encode())
    run = follow(said, Silent()).result(job_of(make_task(custom())), tmp_path / "output", tmp_path / "artifact")
    assert run.stages == ()
    assert (run.error or "").startswith(error)
