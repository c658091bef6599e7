"""The store of contents, on a real disk, a full one included."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.server.contents import Contents, ContentWriter, StoredContent
from harness.server.errors import StorageFull

# The SHA-256 of b"hello\n", as sha256sum prints it.
HELLO = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


@pytest.fixture
def contents(tmp_path: Path) -> Iterator[Contents]:
    with Contents(tmp_path / "contents") as contents:
        yield contents


def files_below(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )


def test_a_content_lies_under_its_hash_read_only(contents: Contents) -> None:
    assert contents.put_bytes(b"hello\n") == StoredContent(HELLO, 6)
    assert files_below(contents.folder) == [f"58/{HELLO[2:]}"]
    assert stat.S_IMODE(contents.path(HELLO).stat().st_mode) == 0o444
    assert contents.path(HELLO) == contents.folder / "58" / HELLO[2:]
    assert contents.size_bytes(HELLO) == 6
    with contents.open(HELLO) as file:
        assert file.read() == b"hello\n"


def test_pieces_files_and_bytes_are_the_same_content_and_stored_once(contents: Contents, tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_bytes(b"hello\n")
    with contents.writer() as writer:
        writer.write(b"hel")
        writer.write(memoryview(b"lo\n"))
        pieces = writer.finish()
    assert pieces == contents.put_bytes(b"hello\n") == contents.put_file(tmp_path / "hello.txt")
    assert files_below(contents.folder) == [f"58/{HELLO[2:]}"]


def test_an_empty_content(contents: Contents) -> None:
    assert contents.put_bytes(b"").size_bytes == 0


def test_leaving_without_finish_leaves_nothing(contents: Contents) -> None:
    with contents.writer() as writer:
        writer.write(b"hello\n")
    with contents.writer() as writer:
        writer.write(b"hello\n")
        writer.seal()
    with suppress(KeyError), contents.writer() as writer:
        writer.write(b"hello\n")
        raise KeyError
    assert files_below(contents.folder) == []


@pytest.mark.parametrize("sha256", ["", "58", "../../etc/passwd", HELLO.upper(), HELLO + "\n"])
def test_what_is_no_hash_has_no_path(contents: Contents, sha256: str) -> None:
    with pytest.raises(ValueError, match="not the SHA-256"):
        contents.path(sha256)


def test_a_missing_content_is_file_not_found(contents: Contents) -> None:
    with pytest.raises(FileNotFoundError):
        contents.open(HELLO)


def test_copies_may_be_written_into_without_harm_to_the_store(contents: Contents, tmp_path: Path) -> None:
    contents.put_bytes(b"hello\n")
    contents.copy_out([("custom.py", HELLO), ("lib/deep/util.py", HELLO)], tmp_path / "task")
    for copy in (tmp_path / "task/custom.py", tmp_path / "task/lib/deep/util.py"):
        assert copy.read_bytes() == b"hello\n"
        assert stat.S_IMODE(copy.stat().st_mode) == 0o644
        copy.write_bytes(b"changed")
    assert contents.path(HELLO).read_bytes() == b"hello\n"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../outside", "a/../../outside", "a//b", "a/", "./a", "a\0b"])
def test_nothing_is_copied_out_of_the_folder(contents: Contents, tmp_path: Path, path: str) -> None:
    contents.put_bytes(b"hello\n")
    with pytest.raises(ValueError, match="not a path inside a folder"):
        contents.copy_out([(path, HELLO)], tmp_path / "task")
    assert not (tmp_path / "outside").exists()


def test_copying_replaces_nothing(contents: Contents, tmp_path: Path) -> None:
    contents.put_bytes(b"hello\n")
    (tmp_path / "custom.py").write_text("mine")
    with pytest.raises(FileExistsError):
        contents.copy_out([("custom.py", HELLO)], tmp_path)
    assert (tmp_path / "custom.py").read_text() == "mine"


def test_unused_contents_go_after_the_grace_time(contents: Contents) -> None:
    used, old, new = (contents.put_bytes(content) for content in (b"used", b"old", b"new one"))
    for content in (used, old):
        os.utime(contents.path(content.sha256), (1_700_000_000, 1_700_000_000))
    assert contents.remove_unused({used.sha256}, grace_seconds=3600) == [StoredContent(old.sha256, 3)]
    assert contents.path(used.sha256).exists()
    assert contents.remove_unused(lambda sha256: sha256 == used.sha256, grace_seconds=0) == [new]
    assert files_below(contents.folder) == [f"{used.sha256[:2]}/{used.sha256[2:]}"]


def test_what_is_uploaded_again_has_the_whole_grace_time(contents: Contents) -> None:
    contents.put_bytes(b"hello\n")
    os.utime(contents.path(HELLO), (1_700_000_000, 1_700_000_000))
    with contents.writer() as writer:
        writer.write(b"hello\n")
        writer.seal()
        assert contents.remove_unused(set(), grace_seconds=3600) == []
        writer.finish()
    assert contents.path(HELLO).exists()


def test_threads_that_place_and_remove_the_same_content_keep_it_whole(contents: Contents) -> None:
    failures: list[BaseException] = []

    def put() -> None:
        try:
            for _ in range(50):
                assert contents.put_bytes(b"hello\n").sha256 == HELLO
                contents.remove_unused(set(), grace_seconds=0)
        except BaseException as error:  # noqa: BLE001 (shown by the main thread)
            failures.append(error)

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert files_below(contents.folder) == []


def test_opening_removes_what_a_killed_process_left_and_nothing_that_is_under_way(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from harness.server.contents import Contents\n"
        "writer = Contents(pathlib.Path(sys.argv[1])).writer()\n"
        "writer.write(bytes(100_000))\n"
        "print('written', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "written\n"
        with Contents(tmp_path), Contents(tmp_path):
            assert len(files_below(tmp_path)) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(files_below(tmp_path)) == 1
    with Contents(tmp_path):
        assert files_below(tmp_path) == []


# What a process may write into one file is limited, as on a disk that fills up: the system answers EFBIG.
LIMITED = """
import pathlib, resource, sys
from harness.server.contents import Contents
from harness.server.errors import StorageFull

folder = pathlib.Path(sys.argv[1])
contents = Contents(folder / "contents")
large = contents.put_bytes(bytes(300_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for attempt in (
    lambda: contents.put_bytes(bytes(250_000)),
    lambda: contents.put_file(contents.path(large.sha256)),
    lambda: contents.copy_out([("a/large.bin", large.sha256)], folder / "copy"),
):
    try:
        attempt()
    except StorageFull as error:
        print(error.status, error.message)
"""


def test_a_limit_is_told_as_a_full_storage_and_nothing_half_written_stays(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == 3 * "507 The server has no room left for these files.\n"
    assert result.stderr == ""
    assert len(files_below(tmp_path / "contents")) == 1
    assert files_below(tmp_path / "copy") == []


def test_a_device_without_room_is_told_as_a_full_storage(contents: Contents, tmp_path: Path) -> None:
    with ContentWriter(Path("/dev/full").open("wb"), tmp_path / "none", contents) as writer:
        with pytest.raises(StorageFull) as refused:
            writer.write(bytes(100_000))
        assert isinstance(refused.value.__cause__, OSError)
        assert refused.value.__cause__.errno == errno.ENOSPC
    with ContentWriter(Path("/dev/full").open("wb"), tmp_path / "none", contents) as writer:
        writer.write(b"small: still in the buffer")
        with pytest.raises(StorageFull):
            writer.finish()
    assert files_below(contents.folder) == []
