"""Which saves are seen: real files, looked at before and after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.settings import Settings
from harness.watching import Places
from harness.watching.snapshots import changes_between, take_snapshot


@pytest.fixture
def task(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "helper.py").write_text("A = 1\n")
    (folder / "custom.py").write_text("import package.helper\n")
    (folder / "notes.ignored").write_text("of no interest\n")
    (folder / ".harnessignore").write_text("*.ignored\n")
    return folder


def seen(places: Places, act: Callable[[], object]) -> list[str]:
    """Return, in words, what has changed by the act."""
    before = take_snapshot(places)
    act()
    return [str(change) for change in changes_between(before, take_snapshot(places))]


def replace_atomically(file: Path, text: str) -> None:
    beside = file.with_name(file.name + ".tmp-4711")
    beside.write_text(text)
    beside.replace(file)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(lambda task: (task / "custom.py").write_text("x = 1\n"), ["custom.py changed"], id="written"),
        pytest.param(
            lambda task: replace_atomically(task / "custom.py", "x"), ["custom.py changed"], id="renamed-onto"
        ),
        pytest.param(lambda task: (task / "custom.py").chmod(0o600), ["custom.py changed"], id="rights"),
        pytest.param(lambda task: (task / "new.py").touch(), ["new.py added"], id="added"),
        pytest.param(lambda task: (task / "package" / "helper.py").unlink(), ["package/helper.py removed"], id="gone"),
        pytest.param(
            lambda task: (task / "package").rename(task / "moved"),
            ["moved/helper.py added", "package/helper.py removed"],
            id="folder-renamed",
        ),
        pytest.param(
            lambda task: (task / ".harnessignore").unlink(),
            [".harnessignore removed", "notes.ignored added"],
            id="no-longer-ignored",
        ),
        pytest.param(lambda task: (task / "gone").symlink_to("nowhere"), ["gone added"], id="link-to-nothing"),
    ],
)
def test_a_save_in_the_task_folder_is_seen(task: Path, act: Callable[[Path], object], expected: list[str]) -> None:
    assert seen(Places(task), lambda: act(task)) == expected


@pytest.mark.parametrize(
    "name",
    [
        ".custom.py.swp",
        "custom.py~",
        "#custom.py#",
        ".#custom.py",
        "4913",
        "custom.py___jb_tmp___",
        "flycheck_custom.py",
        "notes.ignored",
        "__pycache__/custom.cpython-311.pyc",
        ".git/index",
        ".venv/lib/module.py",
        "out/report.json",
    ],
)
def test_what_is_no_file_of_the_task_is_not_seen(task: Path, name: str) -> None:
    def write() -> None:
        file = task / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("something\n")

    assert seen(Places.of(task, Settings(output=task / "out")), write) == []


def test_files_that_options_name_are_seen_by_their_own_names(task: Path, tmp_path: Path) -> None:
    data, parameters, secrets = tmp_path / "data.csv", tmp_path / "parameters.json", tmp_path / "secrets"
    data.write_text("a\n1\n")
    parameters.write_text("{}")
    secrets.mkdir()
    environment = tmp_path / "environment"
    environment.mkdir()
    places = Places.of(
        task,
        Settings(
            input=data,
            class_labels_file=tmp_path / "labels.txt",
            parameter_file=parameters,
            user_secrets_mount_path=secrets,
            environment=str(environment),
        ),
    )
    for file in (data, parameters, secrets / "key", environment / "Dockerfile", tmp_path / "labels.txt"):
        there = file.exists()
        assert seen(places, lambda: file.write_text("other")) == [f"{file} {'changed' if there else 'added'}"]  # noqa: B023


def test_data_within_the_task_is_one_change(task: Path) -> None:
    data = task / "data.csv"
    data.write_text("a\n1\n")
    assert seen(Places(task, data=(data,)), lambda: data.write_text("a\n2\n")) == ["data.csv changed"]


def test_a_folder_that_goes_and_comes_back_is_seen_both_times(task: Path) -> None:
    elsewhere = task.with_name("elsewhere")
    assert any("custom.py removed" in line for line in seen(Places(task), lambda: task.rename(elsewhere)))
    assert take_snapshot(Places(task)).folders == {task.parent.resolve()}
    assert any("custom.py added" in line for line in seen(Places(task), lambda: elsewhere.rename(task)))


def test_folders_without_files_of_the_task_are_not_watched(task: Path) -> None:
    for name in (".git/objects", "node/.cache", "out/deep", "venv"):
        (task / name).mkdir(parents=True)
    (task / "venv" / "pyvenv.cfg").touch()
    snapshot = take_snapshot(Places.of(task, Settings(output=task / "out")))
    assert {folder.name for folder in snapshot.folders} == {"task", "package", "node"}
