"""Which repositories are understood, and which of their files a request takes: shown on plain folders."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tarfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError, Interrupted
from harness.server.sources import (
    Limits,
    SourceKind,
    SourceLocation,
    describe_location,
    fetch,
    without_credentials,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a repository with two tasks, a shared module and a read-me."""
    root = tmp_path / "models"
    for path, text in {
        "README.md": "models",
        "tasks/ridge/custom.py": "ridge",
        "tasks/ridge/lib/util.py": "util",
        "tasks/lasso/custom.py": "lasso",
        "shared/common.py": "common",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def taken(folder: Path, paths: str | Sequence[str] | None, limits: Limits | None = None) -> dict[str, tuple[str, str]]:
    """Return path in the task -> (path in the repository, content)."""
    with fetch(str(folder), SourceKind.FOLDER, None, paths, limits=limits or Limits()) as checkout:
        assert (checkout.ref, checkout.commit_sha) == (None, None)
        assert all(file.size_bytes == file.disk_path.stat().st_size for file in checkout.files)
        return {file.path_in_task: (file.path_in_repository, file.disk_path.read_text()) for file in checkout.files}


class TestLocations:
    @pytest.mark.parametrize(
        ("text", "location"),
        [
            pytest.param("https://git.example/team/tasks.git", "https://git.example/team/tasks.git", id="https"),
            pytest.param("  HTTPS://git.example/tasks/ ", "https://git.example/tasks", id="spaces-case-slash"),
            pytest.param("ssh://git@git.example:2222/tasks", "ssh://git@git.example:2222/tasks", id="ssh"),
            pytest.param("git@git.example:team/tasks.git", "git@git.example:team/tasks.git", id="ssh-short"),
            pytest.param("git://git.example/tasks", "git://git.example/tasks", id="git"),
        ],
    )
    def test_addresses_are_git(self, text: str, location: str) -> None:
        assert describe_location(text) == SourceLocation(SourceKind.GIT, location)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("", id="empty"),
            pytest.param("a\0b", id="nul"),
            pytest.param("https://git.example/a\nb", id="line-break"),
            pytest.param("ext::sh -c true", id="helper"),
            pytest.param("ftp://git.example/tasks", id="scheme"),
            pytest.param("https:///tasks", id="no-host"),
            pytest.param("ssh://-oProxyCommand=true/tasks", id="option-as-host"),
            pytest.param("-oProxyCommand=true:tasks", id="option"),
            pytest.param("host:-option", id="option-as-path"),
            pytest.param("https://git.example:port/tasks", id="port"),
            pytest.param("https://git.example/tasks.tar.gz", id="archive-url"),
            pytest.param("file://elsewhere.example/tasks", id="file-elsewhere"),
            pytest.param("/no/such/folder", id="missing"),
            pytest.param("x" * 5000, id="long"),
        ],
    )
    def test_anything_else_is_refused_with_a_remedy(self, text: str) -> None:
        with pytest.raises(HarnessError) as refused:
            describe_location(text)
        assert refused.value.finding.remedy

    def test_what_lies_on_this_disk_is_looked_at(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder.parent)
        assert describe_location("./models/../models/") == SourceLocation(SourceKind.FOLDER, str(folder))
        assert describe_location(folder.as_uri()) == SourceLocation(SourceKind.FOLDER, str(folder))
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        subprocess.run(["git", "init", "--quiet", "--bare", "bare.git"], check=True)
        assert describe_location("models").kind is SourceKind.GIT
        assert describe_location("models/tasks").kind is SourceKind.FOLDER
        assert describe_location("bare.git") == SourceLocation(SourceKind.GIT, str(folder.parent / "bare.git"))

    def test_archives_are_known_by_their_content(self, tmp_path: Path) -> None:
        (tmp_path / "custom.py").write_text("pass")
        with zipfile.ZipFile(tmp_path / "one.bin", "w") as packed:
            packed.write(tmp_path / "custom.py", "custom.py")
        with tarfile.open(tmp_path / "two", "w") as plain, tarfile.open(tmp_path / "three", "w:gz") as compressed:
            plain.add(tmp_path / "custom.py", "custom.py")
            compressed.add(tmp_path / "custom.py", "custom.py")
        for name in ("one.bin", "two", "three"):
            assert describe_location(str(tmp_path / name)).kind is SourceKind.ARCHIVE
        (tmp_path / "four.zip").write_text("no zip")
        with pytest.raises(HarnessError, match="neither a folder nor a zip"):
            describe_location(str(tmp_path / "four.zip"))

    @given(st.text("abAB~:/@.-%0[]?#! é\x00", max_size=30), st.sampled_from(["", "https://", "ssh://", "file://"]))
    def test_a_strange_text_is_a_location_or_refused(self, text: str, scheme: str) -> None:
        with suppress(HarnessError):
            described = describe_location(scheme + text)
            assert not described.location.startswith("-")
            # What git takes for the name of a program to run.
            assert re.match(r"[A-Za-z0-9+.-]*::", described.location) is None

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("https://ana:secret@git.example/t", "https://****@git.example/t"),
            ("https://token@git.example/t?key=1", "https://****@git.example/t?****"),
            ("cannot read 'https://a:p@ss@git.example/t': no", "cannot read 'https://****@git.example/t': no"),
            ("ssh://git:secret@git.example/t", "ssh://git:****@git.example/t"),
            ("git@git.example:t", "git@git.example:t"),
            ("/data/tasks", "/data/tasks"),
        ],
    )
    def test_credentials_are_starred_out(self, text: str, shown: str) -> None:
        assert without_credentials(text) == shown

    @given(
        st.sampled_from(["http", "https", "HTTPS"]),
        st.text("abcXYZ059:@%!$&+-._~", max_size=20),
    )
    def test_no_password_is_ever_shown(self, scheme: str, login: str) -> None:
        text = without_credentials(f"git said: {scheme}://{login}SECRET:SECRET@git.example/tasks failed")
        assert "SECRET" not in text
        assert text.endswith("@git.example/tasks failed")


class TestSourcePaths:
    def test_everything_is_taken_where_nothing_is_named(self, folder: Path) -> None:
        everything = taken(folder, None)
        assert list(everything) == [
            "README.md",
            "shared/common.py",
            "tasks/lasso/custom.py",
            "tasks/ridge/custom.py",
            "tasks/ridge/lib/util.py",
        ]
        assert everything == taken(folder, []) == taken(folder, ".") == taken(folder, "./")
        assert everything["README.md"] == ("README.md", "models")

    @pytest.mark.parametrize("path", ["tasks/ridge", "tasks/ridge/", "./tasks/ridge"])
    def test_the_content_of_a_folder_lands_at_the_root(self, folder: Path, path: str) -> None:
        assert taken(folder, path) == {
            "custom.py": ("tasks/ridge/custom.py", "ridge"),
            "lib/util.py": ("tasks/ridge/lib/util.py", "util"),
        }

    def test_a_file_lands_at_the_root_under_its_own_name(self, folder: Path) -> None:
        assert taken(folder, "tasks/ridge/lib/util.py") == {"util.py": ("tasks/ridge/lib/util.py", "util")}

    def test_several_are_united_and_may_overlap(self, folder: Path) -> None:
        assert taken(folder, ["tasks/ridge", "shared", "tasks/ridge/custom.py", "tasks/ridge"]) == {
            "common.py": ("shared/common.py", "common"),
            "custom.py": ("tasks/ridge/custom.py", "ridge"),
            "lib/util.py": ("tasks/ridge/lib/util.py", "util"),
        }

    def test_two_files_for_one_path_are_both_named(self, folder: Path) -> None:
        with pytest.raises(
            HarnessError, match=r"'tasks/ridge/custom\.py' and 'tasks/lasso/custom\.py' .* 'custom\.py'"
        ):
            taken(folder, ["tasks/ridge", "tasks/lasso"])

    def test_a_file_cannot_be_a_folder_as_well(self, folder: Path) -> None:
        (folder / "shared" / "lib").write_text("a file")
        with pytest.raises(HarnessError, match=r"'shared/lib' and 'tasks/ridge/lib/util\.py' would be 'lib'"):
            taken(folder, ["tasks/ridge", "shared"])

    @pytest.mark.parametrize(
        "path",
        ["", "/", "/etc/passwd", "..", "tasks/../..", "tasks/./ridge", "tasks//ridge", "a\0b", "a\\b", "x" * 5000],
    )
    def test_a_path_that_could_lead_elsewhere_is_refused(self, folder: Path, path: str) -> None:
        with pytest.raises(HarnessError, match="the source path") as refused:
            taken(folder, ["tasks", path])
        assert len(str(refused.value)) < 600

    @given(st.text(max_size=40))
    def test_a_strange_path_takes_nothing_and_says_so(self, path: str) -> None:
        here = Path(__file__).parent / "__pycache__" / "nothing"
        with pytest.raises(HarnessError):
            taken(here, path)

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            ("tasks/rigde", "Nearest: 'tasks/ridge'."),
            ("taks/ridge", "Nearest: 'tasks'."),
            ("tasks/forest", "There is 'tasks/lasso', 'tasks/ridge'."),
            ("tasks/*", "Name folders and files one by one: patterns are not looked up."),
            (".git/config", "What git itself keeps is no part of a repository's files."),
            ("README.md/x", "Look at the path again."),
        ],
    )
    def test_a_path_that_is_not_there_gets_a_hint(self, folder: Path, path: str, hint: str) -> None:
        (folder / ".git").mkdir()
        (folder / ".git" / "config").write_text("")
        with pytest.raises(HarnessError, match="is not in the repository") as refused:
            taken(folder, path)
        assert refused.value.finding.remedy == hint

    def test_a_folder_without_a_file_is_refused(self, folder: Path) -> None:
        (folder / "tasks" / "new").mkdir()
        with pytest.raises(HarnessError, match="there is no file in 'tasks/new'"):
            taken(folder, "tasks/new")

    def test_more_than_the_limits_is_refused(self, folder: Path) -> None:
        assert len(taken(folder, "tasks/ridge", Limits(total_bytes=9, entries=3))) == 2
        with pytest.raises(HarnessError, match="more than 8 bytes"):
            taken(folder, "tasks/ridge", Limits(total_bytes=8))
        with pytest.raises(HarnessError, match="more than 2 files and folders"):
            taken(folder, "tasks/ridge", Limits(entries=2))


class TestFolders:
    def test_hidden_files_are_taken_and_git_itself_is_not(self, folder: Path) -> None:
        ridge = folder / "tasks" / "ridge"
        (ridge / ".hidden").write_text("hidden")
        (ridge / "lib" / ".git").write_text("gitdir: elsewhere")
        (ridge / ".GIT").mkdir()
        (ridge / ".GIT" / "config").write_text("")
        assert set(taken(folder, "tasks/ridge")) == {".hidden", "custom.py", "lib/util.py"}

    def test_links_inside_are_followed(self, folder: Path) -> None:
        ridge = folder / "tasks" / "ridge"
        (ridge / "relative.py").symlink_to("../../shared/common.py")
        (ridge / "absolute.py").symlink_to(folder / "README.md")
        (ridge / "all").symlink_to("../../shared")
        (folder / "newest").symlink_to("tasks/ridge")
        found = taken(folder, "newest")
        assert found["relative.py"] == ("newest/relative.py", "common")
        assert found["absolute.py"] == ("newest/absolute.py", "models")
        assert found["all/common.py"] == ("newest/all/common.py", "common")

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("../../../outside", "leads out of the repository"),
            ("/etc/hostname", "leads out of the repository"),
            ("nothing", "is not in the repository"),
            ("../../.git/config", "is not in the repository"),
            ("bad", "is a circle of links"),
        ],
    )
    def test_a_link_to_elsewhere_is_refused_where_it_is_wanted(self, folder: Path, target: str, reason: str) -> None:
        (folder.parent / "outside").write_text("secret")
        (folder / ".git").mkdir()
        (folder / ".git" / "config").write_text("secret")
        (folder / "tasks" / "ridge" / "bad").symlink_to(target)
        assert set(taken(folder, "tasks/lasso")) == {"custom.py"}
        for path in ("tasks/ridge", "tasks"):
            with pytest.raises(HarnessError, match=f"bad' is a link to .*, which {reason}"):
                taken(folder, path)
        with pytest.raises(HarnessError, match=f"the source path 'tasks/ridge/bad' {reason}"):
            taken(folder, "tasks/ridge/bad")

    def test_a_link_to_a_folder_above_is_refused(self, folder: Path) -> None:
        (folder / "tasks" / "ridge" / "again").symlink_to("..")
        with pytest.raises(HarnessError, match="'tasks/ridge/again/ridge' is a folder inside itself"):
            taken(folder, "tasks/ridge")

    def test_links_that_multiply_come_to_an_end(self, tmp_path: Path) -> None:
        for depth in range(20):
            (tmp_path / "many" / f"d{depth}").mkdir(parents=True)
            for each in range(10):
                (tmp_path / "many" / f"d{depth}" / f"l{each}").symlink_to(f"../d{depth + 1}")
        (tmp_path / "many" / "d20").mkdir()
        with pytest.raises(HarnessError, match="more than 2000 files"):
            taken(tmp_path / "many", "d0", Limits(entries=2000))

    def test_what_is_no_file_is_refused_and_never_waited_for(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.mkfifo(folder / "tasks" / "ridge" / "pipe")
        with pytest.raises(HarnessError, match=r"'tasks/ridge/pipe' is a pipe, not a file"):
            taken(folder, "tasks/ridge")
        (folder / "tasks" / "ridge" / "pipe").unlink()
        with socket.socket(socket.AF_UNIX) as listening:
            monkeypatch.chdir(folder / "tasks" / "ridge")  # the address of a socket is short
            listening.bind("socket")
            with pytest.raises(HarnessError, match="'tasks/ridge/socket' is a socket"):
                taken(folder, "tasks/ridge/socket")

    def test_a_name_that_no_task_can_have_is_refused(self, folder: Path) -> None:
        (folder / "tasks" / "ridge" / "a\nb").write_text("")
        with pytest.raises(HarnessError, match=r"'tasks/ridge/a\\nb': the file's path in the task has a character"):
            taken(folder, "tasks/ridge")

    def test_a_ref_makes_no_sense(self, folder: Path) -> None:
        with (
            pytest.raises(HarnessError, match="ref 'main' is given, and the repository is not git but a folder"),
            fetch(str(folder), SourceKind.FOLDER, "main", None),
        ):
            pass

    def test_a_folder_that_has_gone_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(HarnessError, match="gone' is not there any more"):
            taken(tmp_path / "gone", None)

    def test_the_copies_are_apart_from_the_folder_and_go_at_the_end(self, folder: Path, tmp_path: Path) -> None:
        copies = tmp_path / "copies"
        copies.mkdir()
        with fetch(str(folder), SourceKind.FOLDER, None, "shared", parent=copies) as checkout:
            place = checkout.folder / "common.py"
            assert place.is_relative_to(copies)
            place.write_text("changed")
        assert (folder / "shared" / "common.py").read_text() == "common"
        assert list(copies.iterdir()) == []

    def test_a_cancelled_fetch_takes_nothing(self, folder: Path) -> None:
        cancellation = Cancellation()
        cancellation.cancel()
        with (
            pytest.raises(Interrupted),
            fetch(str(folder), SourceKind.FOLDER, None, None, cancellation=cancellation),
        ):
            pass
