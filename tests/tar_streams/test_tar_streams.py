"""What goes into a container arrives as it was; what comes out can do no harm here."""

from __future__ import annotations

import io
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tar_streams import TooLarge, tar_stream, unpack

PLENTY = 10**9


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> Iterator[bytes]:
    """Yield a tar in small pieces."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for member, content in members:
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    content = raw.getvalue()
    return (content[start : start + 700] for start in range(0, len(content), 700))


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def tree(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_files_and_folders_arrive_with_their_owner(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "data.csv").write_bytes(b"a\n1\n")
    script = tmp_path / "run.sh"
    script.write_bytes(b"#!/bin/sh\n")
    script.chmod(0o755)
    packed = b"".join(tar_stream([("x/empty", None), ("x/in", tmp_path / "in"), ("x/run", script)], owner=65534))
    with tarfile.open(fileobj=io.BytesIO(packed)) as found:
        modes = {entry.name: (entry.uid, entry.gid, stat.S_IMODE(entry.mode)) for entry in found}
    assert modes == {
        "x/empty": (65534, 65534, 0o755),
        "x/in": (65534, 65534, 0o755),
        "x/in/deep": (65534, 65534, 0o755),
        "x/in/deep/data.csv": (65534, 65534, 0o644),
        "x/run": (65534, 65534, 0o755),
    }


# Names that a file system of any kind takes.
NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60)


@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=5))
def test_whatever_is_packed_comes_out_again(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        unpack(
            tar_stream((f"results/{number}-{key}", content) for number, (key, content) in enumerate(files.items())),
            Path(name),
            PLENTY,
        )
        found = {key.partition("-")[2]: content for key, content in tree(Path(name)).items()}
    assert found == files


def test_a_large_file_is_passed_on_as_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(3_000_000))
    assert max(len(piece) for piece in tar_stream([("large", tmp_path / "large")])) <= 256 * 1024


@pytest.mark.parametrize(
    "name",
    ["results/../../escaped", "/results/../escaped", "results/a/../../../escaped"],
)
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    unpack(archive((member(name), b"x")), folder, PLENTY)
    assert [path for path in tmp_path.rglob("escaped") if not path.is_relative_to(folder)] == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE], ids=["link", "char", "block", "pipe"]
)
def test_links_devices_and_pipes_stay_outside(kind: bytes, tmp_path: Path) -> None:
    unpack(archive((member("r/strange", kind, "/etc/passwd"), b""), (member("r/plain"), b"1")), tmp_path, PLENTY)
    assert tree(tmp_path) == {"plain": b"1"}
    assert not (tmp_path / "strange").is_symlink()


def test_a_file_behind_a_link_does_not_follow_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    unpack(archive((member("r/door", tarfile.SYMTYPE, str(outside)), b""), (member("r/door/in"), b"x")), folder, PLENTY)
    assert list(outside.iterdir()) == []


def test_a_second_name_of_a_file_is_kept_and_one_of_another_place_is_not(tmp_path: Path) -> None:
    links = [
        (member("r/again", tarfile.LNKTYPE, "r/model"), b""),
        (member("r/passwd", tarfile.LNKTYPE, "/etc/passwd"), b""),
    ]
    unpack(archive((member("r/model"), b"m"), *links), tmp_path, PLENTY)
    assert tree(tmp_path) == {"model": b"m", "again": b"m"}


def test_what_was_locked_can_be_read_here(tmp_path: Path) -> None:
    unpack(
        archive((member("r/locked", tarfile.DIRTYPE, mode=0), b""), (member("r/locked/file", mode=0), b"x")),
        tmp_path,
        PLENTY,
    )
    assert tree(tmp_path) == {"locked/file": b"x"}
    assert stat.S_IMODE((tmp_path / "locked").stat().st_mode) & 0o700 == 0o700


def test_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        unpack(archive((member("r/a"), bytes(600)), (member("r/b"), bytes(600))), tmp_path, 1000)
