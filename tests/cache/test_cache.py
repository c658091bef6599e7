import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cache import make_folder, remove_tree, run_folder
from harness.errors import HarnessError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entries(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "runs").iterdir() if path.name != "sweep.lock")


def test_a_run_has_an_empty_folder_and_leaves_none(own_cache: Path) -> None:
    with run_folder() as folder:
        assert list(folder.iterdir()) == []
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("x")
    assert entries(own_cache) == []


def test_living_runs_are_left_alone(own_cache: Path) -> None:
    with run_folder() as first, run_folder() as second:
        assert first.is_dir()
        assert second.is_dir()


def test_what_a_killed_run_left_is_removed_by_the_next(own_cache: Path) -> None:
    dying = (
        "import os\nfrom harness.cache import run_folder\n"
        "with run_folder() as folder:\n    (folder / 'model').mkdir()\n    os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", dying], check=False, env=dict(os.environ))
    assert len(entries(own_cache)) == 2  # the folder and its lock
    with run_folder() as folder:
        assert entries(own_cache) == sorted([folder.name, f"{folder.name}.lock"])


def test_locked_folders_are_removed(tmp_path: Path) -> None:
    deep = tmp_path / "tree" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    (tmp_path / "tree" / "link").symlink_to(tmp_path)
    for folder in (deep, deep.parent, tmp_path / "tree"):
        folder.chmod(0)
    remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
    assert tmp_path.is_dir()


def test_a_cache_that_cannot_be_made_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HarnessError, match="HARNESS_CACHE_DIR"):
        make_folder(tmp_path / "file" / "cache")
