"""Every way in which a hook can go wrong: its status, its line, and that nothing of it survives."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from worker_driver import FIT, NUMBERS, PYTHONS, WHOLE, Run, Worker, run_task, score, start

# Each call of fit is another stage, in a process of its own; a file counts which is next.
FAILING_FITS = """\
    import ctypes, os, signal, sys, time

    def fit(X, y, output_dir, **kwargs):
        counter = os.environ["HOME"] + "/.counter"
        number = int(open(counter).read()) if os.path.exists(counter) else 0
        open(counter, "w").write(str(number + 1))
        CASES[number]()

    def raises():
        raise ValueError("the rows are odd")

    def exits():
        sys.exit(3)

    def exits_hard():
        os._exit(0)

    def is_interrupted():
        raise KeyboardInterrupt

    def reads_nowhere():
        ctypes.string_at(0)

    def kills_itself():
        os.kill(os.getpid(), signal.SIGKILL)

    def never_returns():
        while True:
            time.sleep(0.01)

    def allocates_at_once():
        import numpy
        numpy.ones(10 ** 10)

    def allocates_bit_by_bit():
        kept = []
        while True:
            kept.append(bytearray(os.urandom(1000)) * 1000)

    def lets_children_allocate():
        for _ in range(3):
            if os.fork() == 0:
                kept = bytearray(os.urandom(1000)) * 150000
                time.sleep(60)
        time.sleep(60)

    def leaves_a_daemon():
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                open(os.environ["HOME"] + "/.daemon", "w").write(str(os.getpid()))
                time.sleep(600)
            os._exit(0)
        while not os.path.exists(os.environ["HOME"] + "/.daemon"):
            time.sleep(0.01)

    def closes_every_file():
        os.closerange(0, 256)

    CASES = [value for name, value in list(globals().items()) if callable(value) and name != "fit"]
"""
CASES = (
    "raises",
    "exits",
    "exits_hard",
    "is_interrupted",
    "reads_nowhere",
    "kills_itself",
    "never_returns",
    "allocates_at_once",
    "allocates_bit_by_bit",
    "lets_children_allocate",
    "leaves_a_daemon",
    "closes_every_file",
)


@pytest.fixture(scope="module", params=PYTHONS)
def failed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run of a fit for each case, each allowed to fail, with 400 MB of memory; only one is cut short."""
    patience = {"never_returns": 1.5}
    stages = [
        {"name": name, "kind": "fit", "timeoutSeconds": patience.get(name, 30), "optional": True} for name in CASES
    ]
    folder = tmp_path_factory.mktemp("failed")
    return run_task(folder, FAILING_FITS, *stages, python=request.param, memoryBytes=400 * 1024**2)


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(FAILING_FITS.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("case", "status", "exit_code", "signal_name"),
    [
        pytest.param("raises", "failed", 1, None, id="exception"),
        pytest.param("exits", "exited", 3, None, id="sys.exit"),
        pytest.param("exits_hard", "exited", 0, None, id="os._exit"),
        pytest.param("is_interrupted", "exited", 130, None, id="KeyboardInterrupt"),
        pytest.param("reads_nowhere", "crashed", None, "SIGSEGV", id="segfault"),
        pytest.param("kills_itself", "crashed", None, "SIGKILL", id="kill"),
        pytest.param("never_returns", "timeout", None, "SIGKILL", id="endless-loop"),
        pytest.param("allocates_at_once", "out_of_memory", 1, None, id="huge-allocation"),
        pytest.param("leaves_a_daemon", "passed", 0, None, id="daemon"),
        pytest.param("closes_every_file", "passed", 0, None, id="closed-files"),
    ],
)
def test_how_a_stage_ends(failed: Run, case: str, status: str, exit_code: int | None, signal_name: str | None) -> None:
    stage = failed.stage(case)
    assert failed.statuses[case] == status
    assert (stage["status"], stage["exitCode"], stage["signal"]) == (status, exit_code, signal_name)
    assert stage["endedAt"] > stage["startedAt"] > "2020-01-01T00:00:00.000000Z"
    assert 10_000_000 < stage["peakMemoryBytes"] < 1_000_000_000
    assert f"ended: {status} after" in failed.log(case).splitlines()[-1]


@pytest.mark.parametrize("case", ["allocates_bit_by_bit", "lets_children_allocate"])
def test_memory_that_grows_is_limited(failed: Run, case: str) -> None:
    assert failed.stage(case)["status"] == "out_of_memory"
    assert failed.stage(case)["peakMemoryBytes"] < 1_000_000_000


def test_an_exception_is_told_from_its_first_frame_in_the_task(failed: Run) -> None:
    error = failed.error("raises")
    line = line_of("rows are odd")
    assert error["where"] == "fit"
    assert (error["type"], error["message"], error["line"]) == ("ValueError", "the rows are odd", line)
    frames = [text for text in error["traceback"].splitlines() if text.startswith("  File")]
    assert frames == [
        f'  File "custom.py", line {line_of("CASES[number]()")}, in fit',
        f'  File "custom.py", line {line}, in raises',
    ]


def test_an_exit_has_its_line_where_python_knows_it(failed: Run) -> None:
    assert (failed.error("exits")["type"], failed.error("exits")["line"]) == ("SystemExit", line_of("sys.exit(3)"))
    assert failed.stage("exits_hard")["during"] == "fit"
    assert not failed.file("result.json", "exits_hard").exists()


def test_a_crash_and_a_timeout_have_their_line_too(failed: Run) -> None:
    assert failed.stage("reads_nowhere")["line"] == line_of("string_at(0)")
    assert failed.stage("never_returns")["line"] == line_of("sleep(0.01)")
    assert "in never_returns" in failed.log("never_returns")
    assert 1.5 <= failed.stage("never_returns")["seconds"] < 2.5


def test_a_daemon_does_not_survive_its_stage(failed: Run) -> None:
    assert not is_alive(int((failed.folder / "home" / ".daemon").read_text()))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("custom", "where", "line", "message", "remedy"),
    [
        pytest.param("x = 1\nraise OSError('no file')\n", "import", 2, "no file", None, id="import-raises"),
        pytest.param("def fit(X, y:\n", "import", 1, "", None, id="syntax"),
        pytest.param(
            "import numpy\nimport surely_missing.part\n",
            "import",
            2,
            "No module named 'surely_missing'",
            "Add the package that has the module surely_missing to requirements.txt.",
            id="module-is-missing",
        ),
        pytest.param(
            "\n\ndef fit(X, y, output_dir):\n    pass\n",
            "fit",
            3,
            "fit cannot be called as the platform calls it: got an unexpected keyword argument 'class_order'.",
            "Define it as: def fit(X, y, output_dir, class_order=None, row_weights=None, parameters=None, **kwargs).",
            id="wrong-parameters",
        ),
        pytest.param("x = 1\n", "fit", None, "custom.py defines no function fit.", None, id="no-fit"),
        pytest.param(
            "class CustomTask:\n    pass\n",
            "import",
            1,
            "CustomTask does not derive from one of the platform's interfaces.",
            "Write: from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface, "
            "and derive CustomTask from it.",
            id="class-without-interface",
        ),
    ],
)
def test_code_that_cannot_be_used(
    tmp_path: Path, custom: str, where: str, line: int | None, message: str, remedy: str | None
) -> None:
    run = run_task(tmp_path, custom)
    error = run.error("fit")
    assert run.statuses == {"fit": "failed"}
    assert (error["where"], error["line"]) == (where, line)
    assert message in error["message"]
    assert remedy is None or error["remedy"] == remedy


SCORING = """
    import numpy as np
    import pandas as pd

    def fit(X, y, output_dir, **kwargs):
        pass

    def load_model(code_dir):
        return None

    def {hook}(data, model, **kwargs):
        return {value}
"""


@pytest.mark.parametrize(
    ("target_type", "hook", "value", "message", "remedy"),
    [
        pytest.param(
            "regression",
            "score",
            "np.zeros((6, 1))",
            "score returned a numpy.ndarray of shape 6 x 1; the platform takes a pandas DataFrame.",
            'Return pandas.DataFrame(values, columns=["Predictions"]).',
            id="array",
        ),
        pytest.param(
            "regression",
            "score",
            "None",
            "score returned None; the platform takes a pandas DataFrame.",
            'Return the predictions at its end, as a pandas.DataFrame with the columns ["Predictions"].',
            id="nothing",
        ),
        pytest.param(
            "transform",
            "transform",
            "(data, None)",
            "transform returned a tuple of 2; the platform takes a pandas DataFrame or a sparse matrix.",
            "Return the features alone, without the target.",
            id="tuple",
        ),
    ],
)
def test_what_a_hook_must_not_return(
    tmp_path: Path, target_type: str, hook: str, value: str, message: str, remedy: str
) -> None:
    run = run_task(tmp_path, SCORING.format(hook=hook, value=value), targetType=target_type)
    error = run.error("predict")
    assert run.statuses["predict"] == "failed"
    assert (error["where"], error["message"], error["remedy"], error["line"]) == (hook, message, remedy, 11)


def test_a_later_request_may_fail_and_a_failed_stage_ends_the_run(tmp_path: Path) -> None:
    custom = """
        import pandas as pd

        def fit(X, y, output_dir, **kwargs):
            pass

        def load_model(code_dir):
            return None

        def score(data, model, **kwargs):
            if len(data) == 1:
                raise IndexError("one row only")
            if len(data) == 2:
                raise SystemExit
            return data[["a"]]
    """
    one, two = ({"id": name, "rows": rows, "edit": None} for name, rows in (("one", [2]), ("two", [2, 3])))
    run = run_task(tmp_path, custom, FIT, score(WHOLE, one, WHOLE), score(WHOLE, two, name="exit"), score(name="never"))
    assert run.statuses == {"fit": "passed", "predict": "passed", "exit": "exited"}
    assert run.request("one")["error"]["message"] == "one row only"
    assert run.request("one")["output"] is None
    assert run.result("predict")["error"] is None
    assert [entry["id"] for entry in run.result("predict")["requests"]] == ["whole", "one", "whole"]
    assert run.exit_code == 0


def test_output_without_end_stops_the_stage(tmp_path: Path) -> None:
    custom = """
        import os

        def fit(X, y, output_dir, **kwargs):
            while True:
                os.write(1, b"x" * 65536)
    """
    run = run_task(tmp_path, custom, FIT)
    assert run.statuses == {"fit": "failed"}
    assert run.error("fit")["where"] == "log"
    assert run.error("fit")["message"] == "The stage wrote more than 200 MB to its output."
    assert run.file("log.txt", "fit").stat().st_size < 210 * 1024**2


SLEEPING = """
    import os, subprocess, sys, time

    def fit(X, y, output_dir, **kwargs):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        with open(output_dir + "/pids.partial", "w") as stream:
            stream.write("%d %d" % (os.getpid(), child.pid))
        os.rename(output_dir + "/pids.partial", output_dir + "/pids")
        print("sleeping", flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda worker: worker.stdout.close(), id="host-is-gone"),
        pytest.param(lambda worker: worker.process.send_signal(signal.SIGTERM), id="terminated"),
        pytest.param(lambda worker: worker.process.send_signal(signal.SIGINT), id="interrupted"),
    ],
)
def test_the_end_of_the_host_leaves_no_process(tmp_path: Path, end: Callable[..., None]) -> None:
    worker = start(tmp_path, SLEEPING, FIT)
    assert worker.next_event()["event"] == "stageStarted"
    wait_for(tmp_path / "artifact" / "pids")
    end(worker)
    assert worker.process.wait(10) != 0
    for stream in (worker.stdin, worker.stdout):
        stream.close()
    for pid in (tmp_path / "artifact" / "pids").read_text().split():
        assert not is_alive(int(pid))


def wait_for(path: Path) -> None:
    """Wait until another process has written a file; the test's own time limit is the patience."""
    while not path.exists():
        os.sched_yield()


def test_no_job_is_no_error(tmp_path: Path) -> None:
    worker = Worker(tmp_path, "this-python")
    assert worker.next_event()["event"] == "ready"
    worker.stdin.close()
    assert worker.next_event() == {}
    worker.stdout.close()
    assert worker.process.wait(10) == 1


def test_an_environment_without_pandas_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken" / "pandas").mkdir(parents=True)
    (tmp_path / "broken" / "pandas" / "__init__.py").write_text("raise ImportError('no pandas here')\n")
    worker = Worker(tmp_path / "run", "this-python", variables={"PYTHONPATH": str(tmp_path / "broken")})
    run = worker.finish()
    assert run.events == [
        {
            "event": "error",
            "message": "The environment cannot import pandas, which every task needs: ImportError: no pandas here",
        }
    ]
    assert run.exit_code == 1


def test_the_artifact_is_put_back_after_a_failure(tmp_path: Path) -> None:
    custom = """
        import os

        def fit(X, y, output_dir, **kwargs):
            open(output_dir + "/model.bin", "w").close()
            open("beside.bin", "w").close()

        def load_model(code_dir):
            print(sorted(set(os.listdir(code_dir)) - {"__pycache__"}), os.path.exists(os.environ["ARTIFACT_DIRECTORY"]))
            raise RuntimeError("no")
    """
    run = run_task(tmp_path, custom, inputs={"X.csv": NUMBERS, "y.csv": NUMBERS})
    assert run.statuses == {"fit": "passed", "predict": "failed"}
    assert "['custom.py', 'model.bin'] False" in run.log("predict")
    assert [file.name for file in run.artifact.iterdir()] == ["model.bin"]


HOSTILE_START = """\
    import json, os, pickle, shutil, sys, time
    import pandas as pd
    OUTPUT = os.path.join(os.path.dirname(os.environ["ARTIFACT_DIRECTORY"]), "output")

    def forge(stage):
        os.makedirs(os.path.join(OUTPUT, stage), exist_ok=True)
        for name, text in (("stage.json", '{"status": "passed"}'), ("result.json", '{"requests": [{"id": "whole"}]}')):
            with open(os.path.join(OUTPUT, stage, name), "w") as stream:
                stream.write(text)

    def load_model(folder):
        with open(os.path.join(folder, "model.pkl"), "rb") as stream:
            return pickle.load(stream)

    def save(output_dir, model=1.0):
        with open(os.path.join(output_dir, "model.pkl"), "wb") as stream:
            pickle.dump(model, stream)

    def score(data, model, **kwargs):
        return pd.DataFrame({"Predictions": data["a"] * model})

    def fit(X, y, output_dir, **kwargs):
        save(output_dir)
"""


def hostile(*lines: str) -> str:
    """Return a task whose fit saves a model and then does this."""
    return HOSTILE_START + "".join(f"        {line}\n" for line in lines)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(['forge("predict")'], id="forged-records"),
        pytest.param(['os.makedirs(os.path.join(OUTPUT, "predict", "stage.json", "x"))'], id="folder-for-a-record"),
        pytest.param(
            ['os.makedirs(OUTPUT + "/predict")', 'os.mkfifo(OUTPUT + "/predict/log.txt")'], id="pipe-for-the-log"
        ),
        pytest.param(
            ['os.makedirs(OUTPUT + "/fit/x")', 'os.mkfifo(OUTPUT + "/fit/stage.json.partial")'], id="pipe-for-a-record"
        ),
        pytest.param(['os.symlink("/nowhere", OUTPUT + "/predict")'], id="link-for-the-folder"),
        pytest.param(["shutil.rmtree(OUTPUT)"], id="no-output-folder"),
        pytest.param(['shutil.rmtree(os.environ["CODE_DIR"])'], id="no-code-folder"),
        pytest.param(["os.fork()"], id="fork-that-returns"),
        pytest.param(
            ["for name in os.listdir(output_dir):", "    os.chmod(os.path.join(output_dir, name), 0o400)"],
            id="read-only-artifact",
        ),
        pytest.param(['os.chmod(output_dir + "/model.pkl", 0)', "os.chmod(output_dir, 0)"], id="locked-artifact"),
    ],
)
def test_what_fit_does_to_our_folders_stops_nothing(tmp_path: Path, lines: list[str]) -> None:
    run = run_task(tmp_path, hostile(*lines))
    assert run.statuses == {"fit": "passed", "predict": "passed"}
    assert run.numbers() == [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]]
    assert 'stage "fit" ended: passed' in run.log("fit")
    assert 'stage "predict" ended: passed' in run.log("predict")


def test_a_forged_result_does_not_outlive_the_stage_that_should_write_it(tmp_path: Path) -> None:
    run = run_task(tmp_path, hostile('forge("predict")').replace("return pd", "os._exit(0); return pd"))
    assert run.statuses == {"fit": "passed", "predict": "exited"}
    assert run.stage("predict")["status"] == "exited"
    assert not (tmp_path / "output" / "predict" / "result.json").exists()


def test_a_fork_that_returns_from_score_does_not_answer_twice(tmp_path: Path) -> None:
    requests = [WHOLE, *({"id": f"again-{number}", "rows": None, "edit": None} for number in range(12))]
    run = run_task(tmp_path, hostile().replace("return pd", "os.fork(); return pd"), FIT, score(*requests))
    assert run.statuses == {"fit": "passed", "predict": "passed"}
    assert [entry["id"] for entry in run.result("predict")["requests"]][-1] == "again-11"


def test_scoring_has_the_code_as_it_was_before_fit(tmp_path: Path) -> None:
    lines = ('save(os.environ["CODE_DIR"], 7.0)', 'os.remove(os.path.join(output_dir, "model.pkl"))')
    run = run_task(tmp_path, hostile(*lines), FIT, score(), files={"old.txt": "old"})
    assert run.statuses == {"fit": "passed", "predict": "failed"}
    assert run.error("predict")["type"] == "FileNotFoundError"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["shutil.rmtree(output_dir)", 'os.symlink("/etc", output_dir)'], id="link-for-the-artifact"),
        pytest.param(
            ['os.remove(output_dir + "/model.pkl")', 'os.symlink("/etc/hostname", output_dir + "/model.pkl")'],
            id="link-in-the-artifact",
        ),
        pytest.param(["shutil.rmtree(output_dir)", 'open(output_dir, "w").close()'], id="file-for-the-artifact"),
    ],
)
def test_scoring_gets_nothing_from_outside_of_the_artifact(tmp_path: Path, lines: list[str]) -> None:
    run = run_task(tmp_path, hostile(*lines))
    assert run.statuses == {"fit": "passed", "predict": "failed"}
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"custom.py", "__pycache__"}
    assert run.artifact.is_dir()
    assert not run.artifact.is_symlink()


def test_half_characters_in_a_message_come_out_as_question_marks(tmp_path: Path) -> None:
    run = run_task(tmp_path, hostile('raise ValueError("caf" + chr(0xdce9))'), FIT)
    assert run.error("fit")["message"] == "caf?"
