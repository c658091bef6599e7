"""How the stages ended: limits, fit, artifact, loading and scoring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from recorded_validation import MIB, Validation, error

from harness.records import CheckStatus, TargetType
from harness.tasks.model import Hooks

Record = Callable[[Validation], object]
SOURCE = "import pandas as pd\n\ndef fit(X, y, output_dir, **kwargs):\n    X = X.astype(float)\n"
LOST_MODEL = error(
    "[Errno 2] No such file or directory: '/run/7/artifact/model.pkl'",
    "FileNotFoundError",
    "load_model",
    line=4,
)


def _failed_fit(status: str = "failed", **more: object) -> Record:
    return lambda validation: validation.stage("fit", status, kind="fit", **more)  # type: ignore[arg-type]


def _failed_scoring(status: str = "failed", **more: object) -> Record:
    def record(validation: Validation) -> None:
        validation.stage("fit", kind="fit")
        validation.stage("predict", status, **more)  # type: ignore[arg-type]

    return record


def _artifacts(*names: str, **changes: object) -> Record:
    def record(validation: Validation) -> None:
        validation.artifacts = dict.fromkeys(names, b"12345")
        for name, value in changes.items():
            setattr(validation, name, value)
        validation.answer()

    return record


@pytest.mark.parametrize(
    ("check_id", "record", "status", "message"),
    [
        pytest.param(
            "fit",
            _failed_fit(error=error("could not convert 'a'", where="fit", line=4)),
            "failed",
            "fit raised ValueError: could not convert 'a' (custom.py line 4: X = X.astype(float))",
            id="fit-raised",
        ),
        pytest.param(
            "fit",
            _failed_fit(error=error("fit takes no X.", where="fit", line=3, traceback="")),
            "failed",
            "fit takes no X. (custom.py line 3: def fit(X, y, output_dir, **kwargs):)",
            id="fit-cannot-be-called",
        ),
        pytest.param(
            "fit",
            _failed_fit("crashed", ended={"signal": "SIGSEGV", "exitCode": None, "during": "fit", "line": 4}),
            "failed",
            "fit crashed with SIGSEGV in fit (custom.py line 4: X = X.astype(float)): compiled code ended the "
            "process, and Python could not raise an error",
            id="fit-crashed",
        ),
        pytest.param(
            "fit",
            _failed_fit("exited", ended={"exitCode": 0, "during": "fit"}),
            "failed",
            "fit ended its own process with exit code 0 (sys.exit, os._exit or KeyboardInterrupt) in fit",
            id="fit-exited",
        ),
        pytest.param("fit", _failed_fit(), "failed", "fit failed without saying why", id="fit-said-nothing"),
        pytest.param(
            "fit",
            lambda _: None,
            "passed",
            "in 1.25 s",
            id="fit-passed",
        ),
        pytest.param(
            "time_limit",
            _failed_fit("timeout", ended={"seconds": 60.4, "during": "fit", "line": 4}),
            "failed",
            "fit was killed after 60.4 s (limit 60 s) in fit (custom.py line 4: X = X.astype(float))",
            id="fit-took-too-long",
        ),
        pytest.param(
            "memory_limit",
            _failed_fit("out_of_memory", ended={"peakMemoryBytes": 530 * MIB}),
            "failed",
            "fit was killed at 530 MiB (limit 512 MiB)",
            id="fit-needed-too-much",
        ),
        pytest.param(
            "memory_limit",
            _failed_fit("out_of_memory", error=error("Unable to allocate 7 TiB", "MemoryError", "fit", line=4)),
            "failed",
            "fit asked for more memory than there is (MemoryError: Unable to allocate 7 TiB) at 173 MiB "
            "(limit 512 MiB) in fit (custom.py line 4: X = X.astype(float))",
            id="fit-asked-for-too-much",
        ),
        pytest.param(
            "memory_limit",
            lambda validation: validation.answer().stage("predict-again", ended={"peakMemoryBytes": 200 * MIB}),
            "passed",
            "at most 200 MiB of 512 MiB (predict-again)",
            id="memory",
        ),
        pytest.param(
            "time_limit",
            lambda validation: validation.answer().stage("robustness", "timeout", ended={"seconds": 60.1}),
            "passed",
            "at most 1.25 s of 60 s (fit)",
            id="damaged-input-is-not-held-to-the-limit",
        ),
        pytest.param(
            "artifact", _artifacts("a.txt", "model.pkl"), "passed", '"a.txt", "model.pkl", 10 bytes', id="left"
        ),
        pytest.param("artifact", _artifacts(), "failed", "fit left nothing in output_dir", id="nothing-left"),
        pytest.param(
            "artifact",
            _artifacts(task_files=("custom.py", "old.pkl", "data/x.pkl")),
            "failed",
            'fit left nothing in output_dir; scoring would use the old "old.pkl" from the task\'s folder',
            id="old-artifact-only",
        ),
        pytest.param(
            "artifact",
            _artifacts(hooks=Hooks("hooks", ("fit", "load_model", "score"))),
            "warning",
            "fit left nothing in output_dir, so scoring uses nothing that it learned",
            id="nothing-left-and-a-load-hook",
        ),
        pytest.param(
            "artifact",
            _artifacts("model.pkl", "sub/other.pkl", "copy.H5"),
            "failed",
            'there are 2 files that could be the model: "copy.H5", "model.pkl"; '
            "without a load_model hook the platform refuses to choose",
            id="two-candidates",
        ),
        pytest.param(
            "artifact",
            _artifacts("model.pkl", task_files=("custom.py", "vocabulary.pkl")),
            "failed",
            'there are 2 files that could be the model: "model.pkl", "vocabulary.pkl"; '
            "without a load_model hook the platform refuses to choose",
            id="a-candidate-among-the-task's-files",
        ),
        pytest.param(
            "artifact",
            _artifacts("model.pkl", "other.pkl", hooks=Hooks("hooks", ("fit", "load_model", "score"))),
            "passed",
            '"model.pkl", "other.pkl", 10 bytes',
            id="two-candidates-and-a-load-hook",
        ),
        pytest.param(
            "load",
            _failed_scoring(error=error("No module named 'foo'", "ModuleNotFoundError", "import", line=1)),
            "failed",
            "import raised ModuleNotFoundError: No module named 'foo' (custom.py line 1: import pandas as pd)",
            id="import-failed",
        ),
        pytest.param(
            "load",
            _failed_scoring(error=LOST_MODEL),
            "failed",
            "the model only loads from the path where fit saved it: load_model raised FileNotFoundError: [Errno 2] "
            "No such file or directory: '/run/7/artifact/model.pkl' (custom.py line 4: X = X.astype(float))",
            id="path-of-fit",
        ),
        pytest.param(
            "load",
            _failed_scoring(error=error("No such file: '/data/words.txt'", "FileNotFoundError", "load_model")),
            "failed",
            "load_model raised FileNotFoundError: No such file: '/data/words.txt'",
            id="another-missing-file",
        ),
        pytest.param(
            "load",
            _failed_scoring("crashed", ended={"signal": "SIGABRT", "during": "load_model"}, modelSource=None),
            "failed",
            "predict crashed with SIGABRT in load_model: compiled code ended the process, and Python could not "
            "raise an error",
            id="crashed-while-loading",
        ),
        pytest.param("load", lambda _: None, "passed", "file model.pkl, in 0.20 s", id="loaded"),
        pytest.param(
            "load",
            _failed_scoring(error=error("x")),
            "passed",
            "file model.pkl, in 0.20 s",
            id="loaded-though-scoring-failed",
        ),
        pytest.param(
            "predict",
            _failed_scoring(error=error("bad shape")),
            "failed",
            "score raised ValueError: bad shape",
            id="score",
        ),
        pytest.param(
            "predict",
            _failed_scoring("crashed", ended={"signal": "SIGSEGV", "during": "score"}),
            "failed",
            "predict crashed with SIGSEGV in score: compiled code ended the process, and Python could not raise "
            "an error",
            id="crashed-while-scoring",
        ),
        pytest.param(
            "predict",
            _failed_scoring("passed", answers={"whole": error("late")}),
            "failed",
            "score raised ValueError: late",
            id="first-request-raised",
        ),
        pytest.param("predict", _failed_scoring("passed"), "failed", "the scoring hook returned nothing", id="nothing"),
        pytest.param("predict", lambda _: None, "passed", "20 rows in 0.01 s", id="scored"),
    ],
)
def test_processes(tmp_path: Path, check_id: str, record: Record, status: str, message: str) -> None:
    validation = Validation(tmp_path)
    (tmp_path / "task" / "custom.py").write_text(SOURCE)
    record(validation)
    result = validation.result(check_id)
    assert (result.status.value, result.message) == (status, message)


def test_a_worker_that_cannot_start_fails_fit(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.run_error = "the environment lacks numpy"
    validation.python_version = None
    results = validation.results()
    assert (results["fit"].status, results["fit"].message) == (
        CheckStatus.FAILED,
        "the task could not be started in the base environment: the environment lacks numpy",
    )
    assert results["predict"].message == "not run because “Fit completes” failed"


def test_a_run_that_was_cut_short_while_scoring(tmp_path: Path) -> None:
    validation = Validation(tmp_path).stage("fit", kind="fit")
    validation.run_error = "the worker ended early."
    results = validation.results()
    assert (results["load"].status, results["load"].message) == (
        CheckStatus.FAILED,
        "the run was cut short: the worker ended early.",
    )
    assert "numpy" not in results["load"].remedy
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["load"]


def test_a_run_that_was_cut_short_in_the_second_process(tmp_path: Path) -> None:
    validation = Validation(tmp_path).answer().without("predict-again")
    validation.run_error = "the worker ended early."
    results = validation.results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["repeatable"]


def test_a_model_in_the_code_folder_beside_notes_in_the_artifact(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.artifacts = {"notes.json": b"{}"}
    validation.stage("fit", kind="fit", outsideWrites=["/code/model.pkl"])
    result = validation.result("artifact")
    assert (result.status, result.message) == (
        CheckStatus.FAILED,
        'fit left no model in output_dir, only "notes.json", it wrote "/code/model.pkl" instead',
    )


def test_an_artifact_whose_name_is_no_text_can_be_reported(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.artifacts = {"caf\udce9.pkl": b"1"}
    result = validation.result("artifact")
    assert result.details["files"] == ["caf?.pkl"]
    assert '"caf?.pkl"' in result.model_dump_json().replace('\\"', '"')


def test_an_artifact_written_into_the_code_folder(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.artifacts = {}
    validation.answer().stage("fit", kind="fit", outsideWrites=["/run/code/model.pkl", "/run/code/notes.txt"])
    result = validation.result("artifact")
    assert result.message == 'fit left nothing in output_dir, it wrote "/run/code/model.pkl" instead'
    assert "output_dir" in result.remedy


def test_an_artifact_larger_than_the_platform_stores(tmp_path: Path) -> None:
    validation = Validation(tmp_path).answer()
    with (tmp_path / "artifact" / "huge.bin").open("wb") as file:
        file.truncate(11 * 1024**3)  # sparse: takes no room
    result = validation.result("artifact")
    assert result.status is CheckStatus.FAILED
    assert result.message.startswith("fit left 11 GiB, the platform stores 10 GiB at most; ")
    assert '"huge.bin" with 11 GiB' in result.message


def test_the_traceback_is_in_the_details(tmp_path: Path) -> None:
    told = error("bad", traceback="Traceback (most recent call last):\n  …\nValueError: bad", line=7)
    validation = Validation(tmp_path)
    validation.stage("fit", kind="fit").stage("predict", "failed", error=told)
    result = validation.result("predict")
    assert result.details["error"]["traceback"].endswith("ValueError: bad")
    assert result.details["error"]["line"] == 7
    assert result.details["status"] == "failed"


def test_the_worker_s_own_remedy_comes_first(tmp_path: Path) -> None:
    told = error("score returned None.", traceback="", remedy="Return a DataFrame.")
    validation = Validation(tmp_path)
    validation.stage("fit", kind="fit").stage("predict", "failed", error=told)
    result = validation.result("predict")
    assert (result.message, result.remedy) == ("score returned None.", "Return a DataFrame.")


def test_a_long_error_with_control_characters_is_one_short_line(tmp_path: Path) -> None:
    told = error("\x1b[31mred\x1b[0m\n" + "x" * 5000)
    validation = Validation(tmp_path)
    validation.stage("fit", kind="fit").stage("predict", "failed", error=told)
    message = validation.result("predict").message
    assert message.isprintable()
    assert len(message) < 400


def test_a_scoring_process_killed_for_its_time_is_the_limit_s_failure(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.stage("fit", kind="fit").stage("predict", "timeout", ended={"during": "score", "seconds": 61})
    results = validation.results()
    assert [result.id for result in results.values() if result.status is CheckStatus.FAILED] == ["time_limit"]
    assert results["fit"].status is CheckStatus.PASSED
    assert results["load"].status is CheckStatus.PASSED
    assert results["predict"].message == "not run because “Time limit” failed"


def test_the_whole_of_a_result_survives_nulls(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.stage("fit", "failed", kind="fit", error=error("early", where="import"), importSeconds=None)
    assert validation.result("fit").message == "import raised ValueError: early"


def test_a_transform_completes(tmp_path: Path) -> None:
    results = Validation(tmp_path).as_type(TargetType.TRANSFORM).results()
    assert results["transform"].message == "20 rows in 0.01 s"
    assert results["predict"].status is CheckStatus.SKIPPED


def test_a_transform_that_raises(tmp_path: Path) -> None:
    validation = Validation(tmp_path).as_type(TargetType.TRANSFORM)
    validation.stage("fit", kind="fit").stage("transform", "failed", error=error("no", where="transform"))
    results = validation.results()
    assert results["transform"].message == "transform raised ValueError: no"
    assert results["row_count"].message == "not run because “Transform completes” failed"
