from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.tasks import TaskFile, list_files

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def paths(folder: Path) -> list[str]:
    return [file.path for file in list_files(folder).files]


@contextmanager
def without_privileges() -> Iterator[None]:
    """Give up root's right to read everything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_files_have_path_size_and_digest(tmp_path: Path) -> None:
    (tmp_path / "custom.py").write_bytes(b"abc")
    fill(tmp_path, "lib/__init__.py", "a.txt")
    listing = list_files(tmp_path)
    assert listing.findings == ()
    assert listing.files == (
        TaskFile("a.txt", 0, EMPTY_SHA256),
        TaskFile("custom.py", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        TaskFile("lib/__init__.py", 0, EMPTY_SHA256),
    )


def test_what_does_not_belong_to_a_task_is_left_out(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "custom.py",
        "data/model.pkl",
        ".git/HEAD",
        ".hidden",
        ".ipynb_checkpoints/custom.py",
        ".mypy_cache/x.json",
        ".pytest_cache/x",
        "__pycache__/custom.cpython-311.pyc",
        "lib/__pycache__/a.pyc",
        "lib/old.pyc",
        "lib/.DS_Store",
        "env/pyvenv.cfg",
        "env/bin/python",
    )
    listing = list_files(tmp_path)
    assert [file.path for file in listing.files] == ["custom.py", "data/model.pkl"]
    assert listing.findings == ()


def test_the_ignore_file_has_the_syntax_of_gitignore(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "custom.py",
        "a.csv",
        "keep.csv",
        "deep/b.csv",
        "data/c.txt",
        "data/keep.txt",
        "notes/top.md",
        "top.md",
    )
    (tmp_path / ".harnessignore").write_text("# data\n*.csv\n!keep.csv\n\ndata/\n!data/keep.txt\n/top.md\n")
    assert paths(tmp_path) == ["custom.py", "keep.csv", "notes/top.md"]


def test_a_bad_pattern_is_named_and_the_others_hold(tmp_path: Path) -> None:
    fill(tmp_path, "custom.py", "a.csv")
    (tmp_path / ".harnessignore").write_text("*.csv\n/x\\\n")
    listing = list_files(tmp_path)
    assert [file.path for file in listing.files] == ["custom.py"]
    [finding] = listing.findings
    assert (finding.file, finding.line) == (".harnessignore", 2)


def test_an_ignore_file_in_another_encoding_is_a_finding(tmp_path: Path) -> None:
    fill(tmp_path, "custom.py")
    (tmp_path / ".harnessignore").write_bytes(b"\xff\xfe")
    [finding] = list_files(tmp_path).findings
    assert (finding.file, "UTF-8" in finding.message) == (".harnessignore", True)


def test_links_inside_the_task_are_followed_as_files(tmp_path: Path) -> None:
    folder = fill(tmp_path / "task", "custom.py", "lib/part.py")
    (folder / "link.py").symlink_to("custom.py")
    (folder / "linked").symlink_to("lib")
    (folder / "absolute.py").symlink_to(folder / "lib" / "part.py")
    listing = list_files(folder)
    assert listing.findings == ()
    assert [file.path for file in listing.files] == [
        "absolute.py",
        "custom.py",
        "lib/part.py",
        "link.py",
        "linked/part.py",
    ]


@pytest.mark.parametrize(
    ("target", "fragment"),
    [
        pytest.param("../outside.txt", "leads out of the task folder", id="file-outside"),
        pytest.param("..", "leads out of the task folder", id="parent"),
        pytest.param("/etc", "leads out of the task folder", id="absolute-folder"),
        pytest.param("nowhere", "leads to nothing", id="broken"),
        pytest.param("link", "leads to nothing", id="to-itself"),
        pytest.param(".", "leads back", id="circle"),
    ],
)
def test_links_that_cannot_travel(tmp_path: Path, target: str, fragment: str) -> None:
    folder = fill(tmp_path / "task", "custom.py")
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "link").symlink_to(target)
    listing = list_files(folder)
    assert [file.path for file in listing.files] == ["custom.py"]
    [finding] = listing.findings
    assert finding.file == "link"
    assert fragment in finding.message
    assert finding.remedy


def test_an_ignored_link_is_no_finding(tmp_path: Path) -> None:
    folder = fill(tmp_path / "task", "custom.py")
    (folder / "link").symlink_to("/etc")
    (folder / ".harnessignore").write_text("link\n")
    assert list_files(folder).findings == ()


def test_folders_that_link_to_each_other_come_to_an_end(tmp_path: Path) -> None:
    fill(tmp_path, "a/one.txt", "b/two.txt")
    (tmp_path / "a" / "to_b").symlink_to("../b")
    (tmp_path / "b" / "to_a").symlink_to("../a")
    listing = list_files(tmp_path)
    assert [file.path for file in listing.files] == ["a/one.txt", "a/to_b/two.txt", "b/to_a/one.txt", "b/two.txt"]
    assert sorted(str(finding.file) for finding in listing.findings) == ["a/to_b/to_a", "b/to_a/to_b"]


def test_a_pipe_is_a_finding_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    [finding] = list_files(tmp_path).findings
    assert (finding.file, "no regular file" in finding.message) == ("pipe", True)


@pytest.mark.parametrize(
    ("name", "shown", "fragment"),
    [
        pytest.param(b"a\\b", "a\\b", "backslash", id="backslash"),
        pytest.param(b"a\xffb", "a\\xffb", "UTF-8", id="not-utf8"),
        pytest.param(b"a\nb", "a\\nb", "cannot be printed", id="line-break"),
    ],
)
def test_names_that_the_platform_cannot_hold(tmp_path: Path, name: bytes, shown: str, fragment: str) -> None:
    fill(tmp_path, "größe.txt")
    (tmp_path / os.fsdecode(name)).touch()
    listing = list_files(tmp_path)
    assert [file.path for file in listing.files] == ["größe.txt"]
    [finding] = listing.findings
    assert finding.file == shown
    assert fragment in finding.message


def test_what_may_not_be_read_is_a_finding(tmp_path: Path) -> None:
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    fill(tmp_path, "custom.py", "secret.txt", "closed/inside.txt")
    (tmp_path / "secret.txt").chmod(0)
    (tmp_path / "closed").chmod(0)
    with without_privileges():
        listing = list_files(tmp_path)
    (tmp_path / "closed").chmod(0o755)
    assert [file.path for file in listing.files] == ["custom.py"]
    assert [(finding.file, "permission denied" in finding.message) for finding in listing.findings] == [
        ("closed", True),
        ("secret.txt", True),
    ]
