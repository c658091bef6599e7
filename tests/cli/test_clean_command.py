"""`harness clean` without an engine: venvs, and what it says. Images are in tests/docker/test_images.py."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.clean import size_text


@pytest.fixture
def venvs(tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "venvs"
    folder.mkdir(parents=True)
    return folder


def add_venv(venvs: Path, name: str, kilobytes: int) -> Path:
    """Put something there that the harness could have built."""
    folder = venvs / name
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "content").write_bytes(bytes(kilobytes * 1000))
    (folder / "harness-build.json").touch()
    return folder


def clean(venvs: Path, *options: str) -> subprocess.CompletedProcess[str]:
    absent = f"unix://{venvs}/nothing.sock"
    environment = {**os.environ, "HARNESS_CACHE_DIR": str(venvs.parent), "DOCKER_HOST": absent}
    command = [sys.executable, "-m", "harness", "clean", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_venvs_go_with_their_sizes_and_half_built_ones_too(venvs: Path) -> None:
    add_venv(venvs, "a", 1500)
    half_built = add_venv(venvs, "b.unfinished", 20)
    (half_built / "harness-build.json").unlink()
    (venvs.parent / "other").mkdir()
    done = clean(venvs)
    assert done.returncode == 0, done.stderr
    link = len(sys.executable)
    assert [line.split() for line in done.stdout.splitlines()] == [
        [*size_text(20_000 + link).split(), "venv", f"{venvs}/b.unfinished"],
        [*size_text(1_500_000 + link).split(), "venv", f"{venvs}/a"],
        ["1.5", "MB", "in", "all"],
    ]
    assert list(venvs.glob("*/")) == []
    assert (venvs.parent / "other").is_dir()


def test_json_is_one_document_and_the_missing_engine_a_note(venvs: Path) -> None:
    folder = add_venv(venvs, "a", 3)
    done = clean(venvs, "--json")
    size = 3000 + len(sys.executable)
    assert json.loads(done.stdout) == {"removed": [{"kind": "venv", "name": str(folder), "sizeBytes": size}]}
    (note,) = done.stderr.splitlines()
    assert note.startswith("note: no Docker engine answers at")
    assert note.endswith("images may be left.")
    assert json.loads(clean(venvs, "--json").stdout) == {"removed": []}


def test_what_other_venvs_share_counts_only_with_the_last(venvs: Path) -> None:
    one, other = add_venv(venvs, "a", 0), add_venv(venvs, "b", 0)
    (one / "shared").write_bytes(bytes(50_000))
    (other / "shared").hardlink_to(one / "shared")
    removed = json.loads(clean(venvs, "--json").stdout)["removed"]
    link = len(sys.executable)
    assert [removal["sizeBytes"] for removal in removed] == [link, 50_000 + link]


def test_a_venv_that_is_used_or_built_stays(venvs: Path) -> None:
    used, built = add_venv(venvs, "used", 1), add_venv(venvs, "built", 1)
    add_venv(venvs, "idle", 1)
    program = [str(used / "bin" / "python"), "-c", "print(flush=True); input()"]
    with (
        (venvs / "built.lock").open("w") as lock,
        subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert process.stdout is not None
        process.stdout.readline()
        removed = json.loads(clean(venvs, "--json").stdout)["removed"]
        process.communicate(b"\n")
    assert [removal["name"] for removal in removed] == [str(venvs / "idle")]
    assert used.is_dir()
    assert built.is_dir()


def test_nothing_to_remove_is_no_trouble(tmp_path: Path) -> None:
    done = clean(tmp_path / "cache" / "venvs")
    assert done.returncode == 0
    assert done.stdout.split() == ["0", "B", "in", "all"]


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (5 * 10**12, "5000.0 GB"),
    ],
)
def test_a_size_has_the_unit_that_suits_it(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes) == text
