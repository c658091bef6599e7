"""Versions of a task out of zip, tar and tar.gz files, also of those that somebody made to do harm."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.server.sources import Limits, SourceKind, describe_location, fetch

FILES = {"README.md": b"models", "tasks/ridge/custom.py": b"ridge", "tasks/ridge/lib/util.py": b"util" * 1000}

Member = tuple[str, bytes, int]
FILE, LINK = stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777


def write_zip(file: Path, *members: Member) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore", UserWarning)  # two members of one name
        for name, content, mode in members:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return file


def write_tar(file: Path, *members: Member) -> Path:
    with tarfile.open(file, "w") as archive:
        return _fill(archive, file, members)


def write_tar_gz(file: Path, *members: Member) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        return _fill(archive, file, members)


def _fill(archive: tarfile.TarFile, file: Path, members: tuple[Member, ...]) -> Path:
    types = {stat.S_IFLNK: tarfile.SYMTYPE, stat.S_IFDIR: tarfile.DIRTYPE}
    types |= {stat.S_IFIFO: tarfile.FIFOTYPE, stat.S_IFCHR: tarfile.CHRTYPE}
    for name, content, mode in members:
        info = tarfile.TarInfo(name)
        info.type = types.get(stat.S_IFMT(mode), tarfile.REGTYPE)
        if stat.S_ISLNK(mode):
            info.linkname = content.decode()
        else:
            info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return file


Write = Callable[..., Path]
each_kind = pytest.mark.parametrize("write", [write_zip, write_tar, write_tar_gz])


def taken(archive: Path, paths: str | None = None, limits: Limits | None = None) -> dict[str, bytes]:
    """Return path in the task -> content."""
    with fetch(str(archive), SourceKind.ARCHIVE, None, paths, limits=limits or Limits()) as checkout:
        assert (checkout.ref, checkout.commit_sha) == (None, None)
        return {file.path_in_task: file.disk_path.read_bytes() for file in checkout.files}


def good_members() -> list[Member]:
    return [(name, content, FILE) for name, content in FILES.items()]


@each_kind
class TestEveryKind:
    def test_files_are_taken_by_source_path(self, write: Write, tmp_path: Path) -> None:
        archive = write(tmp_path / "models", *good_members())
        assert describe_location(str(archive)).kind is SourceKind.ARCHIVE
        assert taken(archive) == FILES
        assert taken(archive, "tasks/ridge") == {"custom.py": b"ridge", "lib/util.py": b"util" * 1000}
        assert taken(archive, "tasks/ridge/lib/util.py") == {"util.py": b"util" * 1000}
        with pytest.raises(HarnessError, match="'tasks/lasso' is not in the repository"):
            taken(archive, "tasks/lasso")

    def test_members_as_tar_names_them_and_folders(self, write: Write, tmp_path: Path) -> None:
        folders = [("./", b"", stat.S_IFDIR | 0o755), ("./tasks/", b"", stat.S_IFDIR | 0o755)]
        members = [(f"./{name}", content, FILE) for name, content in FILES.items()]
        assert taken(write(tmp_path / "models", *folders, *members)) == FILES

    def test_links_inside_are_followed(self, write: Write, tmp_path: Path) -> None:
        links = [("tasks/ridge/read.md", b"../../README.md", LINK), ("newest", b"tasks/ridge", LINK)]
        archive = write(tmp_path / "models", *links, *good_members())
        assert taken(archive, "newest") == {
            "custom.py": b"ridge",
            "lib/util.py": b"util" * 1000,
            "read.md": b"models",
        }

    def test_git_itself_is_left_out(self, write: Write, tmp_path: Path) -> None:
        archive = write(tmp_path / "models", *good_members(), (".git/config", b"secret", FILE))
        assert taken(archive) == FILES

    @pytest.mark.parametrize(
        ("member", "problem"),
        [
            pytest.param(("../custom.py", b"", FILE), "has a part '..'", id="parent"),
            pytest.param(("tasks/../../custom.py", b"", FILE), "has a part '..'", id="parent-within"),
            pytest.param(("/custom.py", b"", FILE), "is absolute", id="absolute"),
            pytest.param(("a\\b", b"", FILE), "has a backslash", id="backslash"),
            pytest.param(("x" * 300, b"", FILE), "has a part of 300 bytes", id="long"),
            pytest.param(("a\nb", b"", FILE), "cannot be shown", id="line-break"),
            pytest.param(("../folder/", b"", stat.S_IFDIR | 0o755), "has a part '..'", id="folder"),
            pytest.param(("link", b"../outside", LINK), "leads out of the repository", id="link"),
            pytest.param(("tasks/link", b"/etc/passwd", LINK), "leads out of the repository", id="absolute-link"),
            pytest.param(("pipe", b"", stat.S_IFIFO | 0o644), "is a device", id="pipe"),
            pytest.param(("device", b"", stat.S_IFCHR | 0o644), "is a device", id="device"),
            pytest.param(("README.md", b"other", FILE), "is there twice", id="twice"),
            pytest.param(("./README.md", b"other", FILE), "is there twice", id="twice-differently"),
            pytest.param(("README.md/inside", b"", FILE), "is a file and a folder", id="file-as-folder"),
            pytest.param(("tasks", b"", FILE), "is a file and a folder", id="folder-as-file"),
            pytest.param(("tasks/ridge", b"..", LINK), "is a file and a folder", id="folder-as-link"),
        ],
    )
    def test_an_unsafe_member_spoils_the_whole(
        self, write: Write, tmp_path: Path, member: Member, problem: str
    ) -> None:
        place = tmp_path / "place"
        place.mkdir()
        for members in ([*good_members(), member], [member, *good_members()]):
            archive = write(tmp_path / "models", *members)
            with (
                pytest.raises(HarnessError, match="the member '") as refused,
                fetch(str(archive), SourceKind.ARCHIVE, None, "tasks/ridge", parent=place),
            ):
                pass
            assert problem in str(refused.value)
        assert list(place.iterdir()) == []
        assert {path.name for path in tmp_path.iterdir()} == {"place", "models"}

    def test_a_link_through_a_link_cannot_lead_out(self, write: Write, tmp_path: Path) -> None:
        links = [("deep/er/here", b"..", LINK), ("deep/out", b"er/here/../../x", LINK)]
        with pytest.raises(HarnessError, match="leads out of the repository"):
            taken(write(tmp_path / "models", ("deep/er/a", b"", FILE), *links))

    def test_too_much_is_refused_before_it_is_unpacked(self, write: Write, tmp_path: Path) -> None:
        archive = write(tmp_path / "models", *good_members(), ("zeros", bytes(4_000_000), FILE))
        assert len(taken(archive, None, Limits(total_bytes=4_004_011, entries=7))) == 4
        with pytest.raises(HarnessError, match="more than 4004010 bytes in all"):
            taken(archive, "tasks", Limits(total_bytes=4_004_010))
        with pytest.raises(HarnessError, match="more than 3 files and folders"):
            taken(archive, "tasks", Limits(entries=3))

    def test_a_damaged_archive_is_one_clear_error(self, write: Write, tmp_path: Path) -> None:
        archive = write(tmp_path / "models", *good_members())
        whole = archive.read_bytes()
        archive.write_bytes(whole[: len(whole) // 3])
        with pytest.raises(HarnessError, match=r"models' cannot be read: .") as refused:
            taken(archive)
        assert refused.value.finding.remedy

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_no_damage_is_more_than_an_error(self, write: Write, tmp_path: Path, data: st.DataObject) -> None:
        archive = tmp_path / "models"
        if not archive.exists():
            write(archive, *good_members(), ("link", b"README.md", LINK))
            archive.with_suffix(".whole").write_bytes(archive.read_bytes())
        content = bytearray(archive.with_suffix(".whole").read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, min(len(content), 6000) - 1))
            content[place] = data.draw(st.integers(0, 255))
        archive.write_bytes(content)
        try:
            found = taken(archive, None, Limits(total_bytes=100_000))
        except HarnessError:
            return
        assert all(len(one) <= 100_000 for one in found.values())


class TestZip:
    def test_a_name_with_a_nul_is_refused(self, tmp_path: Path) -> None:
        archive = write_zip(tmp_path / "models.zip", ("custom.py_.txt", b"", FILE))
        archive.write_bytes(archive.read_bytes().replace(b"custom.py_.txt", b"custom.py\0.txt"))
        with pytest.raises(HarnessError, match="U\\+0000"):
            taken(archive)

    def test_an_encrypted_member_is_refused(self, tmp_path: Path) -> None:
        archive = write_zip(tmp_path / "models.zip", ("custom.py", b"x", FILE))
        content = bytearray(archive.read_bytes())
        content[content.index(b"PK\x01\x02") + 8] |= 1
        archive.write_bytes(content)
        with pytest.raises(HarnessError, match=r"'custom\.py' is encrypted"):
            taken(archive)

    def test_rare_compression_is_refused(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "models.zip", "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("custom.py", b"x" * 1000)
        with pytest.raises(HarnessError, match="is compressed in a way"):
            taken(tmp_path / "models.zip")

    @pytest.mark.parametrize("size", [10, 900_000])
    def test_a_size_that_is_a_lie_is_found_out(self, tmp_path: Path, size: int) -> None:
        archive = write_zip(tmp_path / "models.zip", ("custom.py", bytes(500_000), FILE))
        content = archive.read_bytes().replace((500_000).to_bytes(4, "little"), size.to_bytes(4, "little"))
        archive.write_bytes(content)
        with pytest.raises(HarnessError, match=r"Bad CRC-32|fewer bytes"):
            taken(archive)

    def test_a_changed_byte_is_found_by_the_checksum(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "models.zip", "w") as archive:
            archive.writestr("custom.py", b"def fit")
        content = (tmp_path / "models.zip").read_bytes().replace(b"def fit", b"def fat")
        (tmp_path / "models.zip").write_bytes(content)
        with pytest.raises(HarnessError, match=r"Bad CRC-32"):
            taken(tmp_path / "models.zip")


class TestTar:
    def test_a_hard_link_is_a_file(self, tmp_path: Path) -> None:
        with tarfile.open(tmp_path / "models.tar", "w") as archive:
            _add(archive, "shared/common.py", b"common")
            _add_hard_link(archive, "tasks/ridge/common.py", "shared/common.py")
        assert taken(tmp_path / "models.tar", "tasks/ridge") == {"common.py": b"common"}

    @pytest.mark.parametrize("target", ["../outside", "/etc/passwd"])
    def test_a_hard_link_cannot_lead_out(self, tmp_path: Path, target: str) -> None:
        with tarfile.open(tmp_path / "models.tar", "w") as archive:
            _add_hard_link(archive, "custom.py", target)
        with pytest.raises(HarnessError, match=f"the member '{target}'"):
            taken(tmp_path / "models.tar")

    def test_a_huge_header_is_not_read_into_memory(self, tmp_path: Path) -> None:
        header = tarfile.TarInfo("header")
        header.type = tarfile.XHDTYPE
        header.size = 3_000_000_000
        with gzip.open(tmp_path / "models.tar.gz", "wb") as archive:
            archive.write(header.tobuf(tarfile.GNU_FORMAT))
        with pytest.raises(HarnessError, match="a header in it has 3000000000 bytes"):
            taken(tmp_path / "models.tar.gz")

    def test_headers_without_end_are_an_error(self, tmp_path: Path) -> None:
        header = tarfile.TarInfo("header")
        header.type = tarfile.XHDTYPE
        with gzip.open(tmp_path / "models.tar.gz", "wb") as archive:
            archive.write(header.tobuf(tarfile.GNU_FORMAT) * 20_000)
        with pytest.raises(HarnessError, match="cannot be read"):
            taken(tmp_path / "models.tar.gz")

    def test_a_member_far_larger_than_the_archive_is_refused_at_its_header(self, tmp_path: Path) -> None:
        header = tarfile.TarInfo("zeros")
        header.size = 10**13
        with gzip.open(tmp_path / "models.tar.gz", "wb") as archive:
            archive.write(header.tobuf(tarfile.GNU_FORMAT))
        with pytest.raises(HarnessError, match="more than 2147483648 bytes in all"):
            taken(tmp_path / "models.tar.gz")

    def test_damage_in_the_middle_is_no_end(self, tmp_path: Path) -> None:
        write_tar(tmp_path / "models.tar", *good_members())
        content = bytearray((tmp_path / "models.tar").read_bytes())
        content[content.index(b"tasks/ridge/custom.py")] ^= 1
        (tmp_path / "models.tar").write_bytes(content)
        with pytest.raises(HarnessError, match="it is damaged at byte 1024"):
            taken(tmp_path / "models.tar")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _add_hard_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.LNKTYPE, target
    archive.addfile(info)
