"""A version's zip, unpacked with the standard library."""

from __future__ import annotations

import io
import shutil
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.server.bundles import ZippedFile, stream_zip
from harness.server.contents import Contents

NOON = datetime(2024, 4, 24, 12, 30, 22, 410337, tzinfo=UTC)


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contents]:
    with Contents(tmp_path_factory.mktemp("contents")) as contents:
        yield contents


def stored(contents: Contents, path: str, content: bytes, created: datetime = NOON) -> ZippedFile:
    kept = contents.put_bytes(content)
    return path, kept.sha256, kept.size_bytes, created


def test_members_are_the_files_with_their_paths_modes_and_dates(contents: Contents) -> None:
    later = datetime(2024, 4, 25, 3, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    pieces, size_bytes = stream_zip(
        [
            stored(contents, "lib/übung.py", b"ONE = 1\n", later),
            stored(contents, "custom.py", b"def fit(): ...\n"),
            stored(contents, "lib/__init__.py", b""),
            stored(contents, "data.bin", bytes(range(256)) * 3000),
        ],
        contents,
    )
    zipped = b"".join(pieces)
    assert len(zipped) == size_bytes
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["custom.py", "data.bin", "lib/__init__.py", "lib/übung.py"]
        assert archive.read("custom.py") == b"def fit(): ...\n"
        assert archive.read("lib/__init__.py") == b""
        assert archive.read("data.bin") == bytes(range(256)) * 3000
        assert archive.read("lib/übung.py") == b"ONE = 1\n"
        members = {member.filename: member for member in archive.infolist()}
    assert members["custom.py"].date_time == (2024, 4, 24, 12, 30, 22)
    assert members["lib/übung.py"].date_time == (2024, 4, 25, 1, 0, 0)
    assert {member.external_attr >> 16 for member in members.values()} == {stat.S_IFREG | 0o644}
    assert {member.compress_type for member in members.values()} == {zipfile.ZIP_STORED}


def test_the_same_version_gives_the_same_bytes(contents: Contents) -> None:
    files = [stored(contents, "a.py", b"a"), stored(contents, "b.py", b"b")]
    first, second = (b"".join(stream_zip(order, contents)[0]) for order in (files, files[::-1]))
    assert first == second


def test_no_files_are_an_empty_archive(contents: Contents) -> None:
    pieces, size_bytes = stream_zip([], contents)
    zipped = b"".join(pieces)
    assert size_bytes == len(zipped) == 22
    assert zipfile.ZipFile(io.BytesIO(zipped)).namelist() == []


@pytest.mark.parametrize(
    ("year", "kept"),
    [
        pytest.param(1970, (1980, 1, 1, 0, 0, 0), id="too-early"),
        pytest.param(2200, (2107, 12, 31, 23, 59, 58), id="too-late"),
    ],
)
def test_dates_that_the_format_lacks(contents: Contents, year: int, kept: tuple[int, ...]) -> None:
    pieces, _ = stream_zip([stored(contents, "a", b"", datetime(year, 5, 5, tzinfo=UTC))], contents)
    assert zipfile.ZipFile(io.BytesIO(b"".join(pieces))).infolist()[0].date_time == kept


def test_more_members_than_the_old_format_counts(contents: Contents) -> None:
    files = [stored(contents, "0", b"x")]
    files = [(f"{number:05}", *files[0][1:]) for number in range(65_600)]
    pieces, size_bytes = stream_zip(files, contents)
    zipped = b"".join(pieces)
    assert len(zipped) == size_bytes
    assert len(zipfile.ZipFile(io.BytesIO(zipped)).namelist()) == 65_600


def write_sparse(pieces: Iterator[bytes], file: BinaryIO) -> int:
    """Write the pieces, with a hole for each of zeros alone; return their bytes."""
    zeros = bytes(256 * 1024)
    for piece in pieces:
        if piece == zeros:
            file.seek(len(piece), io.SEEK_CUR)
        else:
            file.write(piece)
    return file.tell()


def test_a_member_that_the_old_format_cannot_hold(tmp_path: Path) -> None:
    size_bytes = 2**31
    with Contents(tmp_path / "contents") as contents:
        small = stored(contents, "z-after", b"the offset of this one is large too")
        sha256 = "0" * 64
        large = contents.path(sha256)
        large.parent.mkdir()
        with large.open("wb") as file:  # a hole: nobody looks at its hash
            file.truncate(size_bytes)
        pieces, promised_bytes = stream_zip([("large.bin", sha256, size_bytes, NOON), small], contents)
        with (tmp_path / "bundle.zip").open("wb") as bundle:
            assert write_sparse(pieces, bundle) == promised_bytes
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert [member.file_size for member in archive.infolist()] == [size_bytes, 35]
        assert archive.read("z-after") == b"the offset of this one is large too"
        with archive.open("large.bin") as member:
            assert member.read(1000) == bytes(1000)
    shutil.rmtree(tmp_path)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=40)


@given(files=st.dictionaries(NAMES, st.binary(max_size=2000), max_size=6))
@settings(deadline=None, database=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_promised_size_is_kept_and_every_file_comes_back(contents: Contents, files: dict[str, bytes]) -> None:
    pieces, size_bytes = stream_zip([stored(contents, path, content) for path, content in files.items()], contents)
    zipped = b"".join(pieces)
    assert len(zipped) == size_bytes
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
