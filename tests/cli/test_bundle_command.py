"""`harness bundle`, run as a user runs it, and its zip read with the standard library."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

MakeTask = Callable[..., Path]
CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n\n\ndef score(data, model, **kwargs):\n    return data\n"


def harness(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def fill(task: Path) -> None:
    for name, text in {
        "lib/parts.py": "ONE = 1\n",
        "lib/__pycache__/parts.cpython-311.pyc": "",
        "lib/old.pyc": "",
        "data/train.csv": "a,b\n",
        "env/pyvenv.cfg": "",
        ".git/HEAD": "",
        ".harnessignore": "data/\n*.log\n",
        "run.log": "",
    }.items():
        (task / name).parent.mkdir(parents=True, exist_ok=True)
        (task / name).write_text(text)


def test_the_zip_holds_the_files_of_the_task_and_the_rest_is_told(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(CUSTOM)
    fill(task)
    (task / "run.sh").write_text("true\n")
    (task / "run.sh").chmod(0o700)
    done = harness("bundle", task, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    file = tmp_path / "task.zip"
    assert document["file"] == str(file)
    assert document["sizeBytes"] == file.stat().st_size
    assert document["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert [one["path"] for one in document["files"]] == ["custom.py", "lib/parts.py", "model-metadata.yaml", "run.sh"]
    assert document["files"][1]["sizeBytes"] == 8
    assert document["leftOut"] == [
        {"path": ".git/", "reason": "hidden"},
        {"path": ".harnessignore", "reason": "hidden"},
        {"path": "data/", "reason": ".harnessignore"},
        {"path": "env/", "reason": "virtual environment"},
        {"path": "lib/__pycache__/", "reason": "cache"},
        {"path": "lib/old.pyc", "reason": "compiled Python"},
        {"path": "run.log", "reason": ".harnessignore"},
    ]
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["custom.py", "lib/parts.py", "model-metadata.yaml", "run.sh"]
        assert archive.read("custom.py") == CUSTOM.encode()
        members = archive.infolist()
    assert {member.external_attr >> 16 for member in members} == {stat.S_IFREG | 0o644}
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_files_give_the_same_bytes(make_task: MakeTask, tmp_path: Path) -> None:
    one, other = make_task(CUSTOM, name="one"), make_task(CUSTOM, name="other")
    os.utime(other / "custom.py", (1_000_000_000, 1_000_000_000))
    (other / "custom.py").chmod(0o755)
    for task in (one, other):
        assert harness("bundle", task).returncode == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    # A bundle that is there is written anew.
    (other / "more.py").write_text("")
    assert harness("bundle", ".", folder=other).returncode == 0
    with zipfile.ZipFile(tmp_path / "other.zip") as archive:
        assert archive.namelist() == ["custom.py", "model-metadata.yaml", "more.py"]


def test_a_person_reads_a_list(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task("#\n" + CUSTOM)
    (task / ".hidden").touch()
    done = harness("bundle", task, "--output", tmp_path / "upload.zip")
    assert done.returncode == 0, done.stderr
    size = (tmp_path / "upload.zip").stat().st_size
    assert done.stdout.splitlines() == [
        f"{tmp_path / 'upload.zip'}: 2 files, {size} B",
        "    100 B  custom.py",
        "     50 B  model-metadata.yaml",
        "left out:",
        "  .hidden  hidden",
    ]


def test_a_link_out_of_the_folder_is_an_error(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(CUSTOM)
    (tmp_path / "outside.txt").touch()
    (task / "linked.txt").symlink_to(tmp_path / "outside.txt")
    done = harness("bundle", task)
    assert (done.returncode, done.stdout) == (2, "")
    assert "linked.txt: The link leads out of the task folder" in done.stderr
    assert not (tmp_path / "task.zip").exists()


def test_a_link_within_the_folder_travels_as_a_file(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(CUSTOM, **{"words.txt": "a\n"})
    (task / "again.txt").symlink_to("words.txt")
    assert harness("bundle", task).returncode == 0
    with zipfile.ZipFile(tmp_path / "task.zip") as archive:
        assert archive.read("again.txt") == b"a\n"
        assert archive.getinfo("again.txt").external_attr >> 16 == stat.S_IFREG | 0o644


def test_places_where_no_bundle_goes(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(CUSTOM)
    inside = harness("bundle", task, "--output", task / "task.zip")
    assert inside.returncode == 2
    assert "Give an --output outside of the task folder." in inside.stderr
    (tmp_path / "notes.txt").write_text("mine")
    taken = harness("bundle", task, "--output", tmp_path / "notes.txt")
    assert taken.returncode == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"
    missing = harness("bundle", task, "--output", tmp_path / "none" / "task.zip")
    assert missing.returncode == 2
    assert "cannot be written: No such file or directory" in missing.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["notes.txt", "task"]


def test_there_has_to_be_a_task(tmp_path: Path) -> None:
    done = harness("bundle", tmp_path / "none")
    assert done.returncode == 2
    assert "There is no such task folder." in done.stderr
