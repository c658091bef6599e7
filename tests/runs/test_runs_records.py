"""What a stage's folder says is read without trust: the task could write there too."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.runs import StageRecordChanged, StageStatus, read_stage

ENDED = {"status": "passed", "startedAt": "2026-01-02T03:04:05Z", "endedAt": "2026-01-02T03:04:06Z", "seconds": 1}
OUTPUT = {"kind": "frame", "rows": 2, "columns": ["a"], "columnKinds": ["number"], "numbers": "n.npy", "table": "n.csv"}


def replace_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a scoring stage that has passed."""
    (tmp_path / "stage.json").write_text(json.dumps(ENDED))
    (tmp_path / "result.json").write_text(json.dumps({"requests": [{"id": "whole", "output": OUTPUT}]}))
    (tmp_path / "n.csv").write_text("a\n1\n2\n")
    return tmp_path


def test_a_stage_as_the_worker_wrote_it(folder: Path) -> None:
    stage = read_stage(folder, "score", "passed")
    output = stage.output("whole")
    assert stage.status is StageStatus.PASSED
    assert output is not None
    assert output.table == "n.csv"
    assert output.file("n.csv").read_text() == "a\n1\n2\n"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda file: file.write_text(json.dumps({**ENDED, "status": "failed"})), id="another status"),
        pytest.param(lambda file: file.unlink(), id="removed"),
        pytest.param(lambda file: file.write_text("passed"), id="no JSON"),
        pytest.param(replace_by_pipe, id="a pipe"),
        pytest.param(lambda file: (file.rename(f"{file}.real"), file.symlink_to(f"{file}.real")), id="a link"),
    ],
)
def test_a_changed_record_is_noticed(folder: Path, spoil: Callable[[Path], object]) -> None:
    spoil(folder / "stage.json")
    with pytest.raises(StageRecordChanged, match="ended was changed afterwards"):
        read_stage(folder, "score", "passed")


def test_a_pipe_in_place_of_a_result_counts_as_none(folder: Path) -> None:
    replace_by_pipe(folder / "result.json")
    assert read_stage(folder, "score", "passed").reported.requests == ()


@pytest.mark.parametrize("name", ["../n.csv", "/etc/hostname", "pipe.csv", "gone.csv", "folder"])
def test_a_table_that_is_no_file_of_the_stage_is_none(folder: Path, name: str) -> None:
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder").mkdir()
    result = {"requests": [{"id": "whole", "output": {**OUTPUT, "table": name}}]}
    (folder / "result.json").write_text(json.dumps(result))
    output = read_stage(folder, "score", "passed").output("whole")
    assert output is not None
    assert output.table is None
    with pytest.raises(ValueError, match="not a file of this stage"):
        output.file(name)
