"""Versions of a task out of real git repositories: from a path, a file URL, and a plain web server."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError, Interrupted
from harness.server.sources import Checkout, SourceKind, describe_location, fetch


class Repository:
    """A git repository with a working tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "protocol.file.allow=always")
        done = subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        """Commit files of the given contents, `__` in a name is a slash and `_py` an ending, and return the sha."""
        for name, content in files.items():
            file = self.folder / name.replace("__", "/").replace("_py", ".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "next")
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's own settings of git out of the tests, also the repository that they may be run from."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Give a repository with three commits on main: one, two (tagged v1) and three; branch dev is at one."""
    made = Repository(tmp_path / "work")
    made.commit(tasks__ridge__custom_py="one", shared__common_py="common")
    made.git("branch", "dev")
    made.commit(tasks__ridge__custom_py="two")
    made.git("tag", "--annotate", "v1", "--message", "first")
    made.commit(tasks__ridge__custom_py="three")
    return made


def custom_of(location: str | Path, ref: str | None = None) -> tuple[str, str | None, str | None]:
    """Return the content of the ridge task's custom.py, and what is recorded as ref and commit_sha."""
    with fetched(location, ref) as checkout:
        (file,) = checkout.files
        assert file.path_in_task == "custom.py"
        assert file.path_in_repository == "tasks/ridge/custom.py"
        return file.disk_path.read_text(), checkout.ref, checkout.commit_sha


@contextmanager
def fetched(
    location: str | Path, ref: str | None = None, paths: str | Sequence[str] | None = "tasks/ridge"
) -> Iterator[Checkout]:
    described = describe_location(str(location))
    assert described.kind is SourceKind.GIT
    with fetch(described.location, described.kind, ref, paths) as checkout:
        yield checkout


class TestRefs:
    def test_the_default_branch_is_recorded_by_its_name(self, repository: Repository) -> None:
        head = repository.git("rev-parse", "main")
        assert custom_of(repository.folder) == ("three", "main", head)
        repository.git("checkout", "--quiet", "dev")
        assert custom_of(repository.folder) == ("one", "dev", repository.git("rev-parse", "dev"))

    def test_a_branch_a_tag_and_full_names(self, repository: Repository) -> None:
        one, two = repository.git("rev-parse", "dev"), repository.git("rev-parse", "main~1")
        assert custom_of(repository.folder, "dev") == ("one", "dev", one)
        assert custom_of(repository.folder, "v1") == ("two", "v1", two)
        assert custom_of(repository.folder, "refs/tags/v1") == ("two", "refs/tags/v1", two)
        assert custom_of(repository.folder, "heads/dev") == ("one", "heads/dev", one)
        repository.git("tag", "dev", "v1^{}")
        assert custom_of(repository.folder, "dev") == ("one", "dev", one)

    def test_a_commit_that_no_branch_ends_at(self, repository: Repository) -> None:
        two = repository.git("rev-parse", "main~1")
        repository.git("tag", "--delete", "v1")
        assert custom_of(repository.folder, two) == ("two", two, two)
        assert custom_of(repository.folder, two[:8]) == ("two", two[:8], two)
        assert custom_of(repository.folder, two[:8].upper()) == ("two", two[:8].upper(), two)

    def test_a_commit_that_the_remote_gives_out_only_with_its_branch(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = tmp_path / "settings"
        settings.write_text("[protocol]\n\tversion = 0\n")  # in which a commit must be a tip, unless allowed
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        two = repository.git("rev-parse", "main~1")
        repository.git("tag", "--delete", "v1")
        assert custom_of(repository.folder, two) == ("two", two, two)

    def test_a_detached_head_is_the_default(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "--detach")
        four = repository.commit(tasks__ridge__custom_py="four")
        assert custom_of(repository.folder) == ("four", "HEAD", four)
        assert custom_of(repository.folder, four[:10]) == ("four", four[:10], four)

    def test_a_ref_that_is_not_there_is_named_with_those_that_are(self, repository: Repository) -> None:
        with pytest.raises(HarnessError) as refused:
            custom_of(repository.folder, "mian")
        message = refused.value.finding.message
        assert message == "ref 'mian' not found; the repository has dev, main, v1 (nearest: main)"
        assert refused.value.finding.remedy == "Name one of these, or a commit that one of them contains."

    @pytest.mark.parametrize("ref", ["0123456789abcdef0123456789abcdef01234567", "beef", "main~1", "v1^{}", "", "a\0b"])
    def test_expressions_and_unknown_commits_are_no_refs(self, repository: Repository, ref: str) -> None:
        with pytest.raises(HarnessError, match="not found; the repository has dev, main, v1"):
            custom_of(repository.folder, ref)

    def test_an_option_is_no_ref(self, repository: Repository, tmp_path: Path) -> None:
        with pytest.raises(HarnessError, match="begins with a dash"):
            custom_of(repository.folder, f"--upload-pack=touch {tmp_path}/made")
        assert not (tmp_path / "made").exists()

    def test_many_names_are_not_all_listed(self, repository: Repository) -> None:
        for number in range(12):
            repository.git("branch", f"b{number:02}")
        with pytest.raises(HarnessError, match="has b00, b01, b02, b03, b04, b05, b06, b07, b08, b09 and 5 more "):
            custom_of(repository.folder, "zzzz")

    def test_a_tag_of_no_commit_is_refused(self, repository: Repository) -> None:
        repository.git("tag", "tree", "main^{tree}")
        with pytest.raises(HarnessError, match="ref 'tree' is a tag of something else than a commit"):
            custom_of(repository.folder, "tree")

    def test_without_a_commit_there_is_nothing_to_take(self, tmp_path: Path) -> None:
        empty = Repository(tmp_path / "empty")
        (empty.folder / "custom.py").write_text("not committed")
        with pytest.raises(HarnessError, match="the repository has no commit yet"):
            custom_of(empty.folder)

    def test_a_default_branch_without_a_commit_is_named(self, repository: Repository) -> None:
        repository.git("symbolic-ref", "HEAD", "refs/heads/master")
        with pytest.raises(HarnessError, match="default branch has no commit; it has dev, main, v1"):
            custom_of(repository.folder)


class TestContent:
    def test_what_is_not_committed_is_not_taken(self, repository: Repository) -> None:
        (repository.folder / "tasks" / "ridge" / "custom.py").write_text("changed")
        (repository.folder / "tasks" / "ridge" / "new.py").write_text("new")
        repository.git("add", "--all")
        assert custom_of(repository.folder)[0] == "three"

    def test_files_are_as_they_were_committed(self, repository: Repository) -> None:
        content = bytes(range(256)) * 3000 + b"\r\n$Id$\n"
        (repository.folder / "tasks" / "ridge" / "model é.bin").write_bytes(content)
        (repository.folder / "tasks" / "ridge" / "empty").write_bytes(b"")
        attributes = "*.bin text eol=lf ident working-tree-encoding=UTF-16 filter=shout export-ignore\n"
        repository.git("add", "--all")
        repository.git("commit", "--quiet", "--message", "data")
        repository.commit(tasks__ridge__attributes=attributes)
        repository.git("mv", "tasks/ridge/attributes", "tasks/ridge/.gitattributes")
        repository.git("commit", "--quiet", "--message", "attributes")
        with fetched(repository.folder) as checkout:
            found = {file.path_in_task: file for file in checkout.files}
            assert set(found) == {".gitattributes", "custom.py", "empty", "model é.bin"}
            assert found["model é.bin"].disk_path.read_bytes() == content
            assert found["model é.bin"].size_bytes == 768007
            assert found["empty"].size_bytes == 0

    def test_links_are_followed_inside_and_refused_outside(self, repository: Repository) -> None:
        (repository.folder / "tasks" / "ridge" / "common.py").symlink_to("../../shared/common.py")
        (repository.folder / "tasks" / "all").symlink_to("../more")
        (repository.folder / "more").mkdir()
        (repository.folder / "more" / "extra.py").write_text("extra")
        (repository.folder / "bad").mkdir()
        (repository.folder / "bad" / "out").symlink_to("../../outside")
        (repository.folder / "bad" / "absolute").symlink_to(repository.folder / "shared" / "common.py")
        (repository.folder.parent / "outside").write_text("secret")
        repository.commit()
        with fetched(repository.folder, paths=["tasks/ridge", "tasks/all"]) as checkout:
            (common, custom, extra) = checkout.files
            assert (common.path_in_task, common.disk_path.read_text()) == ("common.py", "common")
            assert not common.disk_path.is_symlink()
            assert custom.path_in_task == "custom.py"
            assert (extra.path_in_repository, extra.disk_path.read_text()) == ("tasks/all/extra.py", "extra")
        for name in ("bad/out", "bad/absolute", "bad", None):
            with (
                pytest.raises(HarnessError, match="leads out of the repository"),
                fetched(repository.folder, paths=name),
            ):
                pass

    def test_submodules_are_left_out(self, repository: Repository, tmp_path: Path) -> None:
        other = Repository(tmp_path / "other")
        other.commit(custom_py="other")
        repository.git("submodule", "--quiet", "add", str(other.folder), "tasks/ridge/other")
        repository.commit()
        assert custom_of(repository.folder)[0] == "three"

    def test_a_tree_with_hostile_names_writes_nothing_outside(self, repository: Repository, tmp_path: Path) -> None:
        blob = repository.git("rev-parse", "main:shared/common.py")
        inner = _make_tree(repository, f"100644 blob {blob}\tescaped.py")
        middle = _make_tree(repository, f"040000 tree {inner}\t..", check=False)
        outer = _make_tree(repository, f"040000 tree {middle}\ttask")
        commit = repository.git("commit-tree", outer, "-m", "hostile")
        repository.git("branch", "hostile", commit)
        copies = tmp_path / "copies" / "deep"
        copies.mkdir(parents=True)
        with (
            pytest.raises(HarnessError, match=r"has a part '\.\.'"),
            fetch(str(repository.folder), SourceKind.GIT, "hostile", "task", parent=copies),
        ):
            pass
        assert not list((tmp_path / "copies").rglob("escaped.py"))

    def test_no_hook_runs_and_no_filter(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hooks = tmp_path / "hooks"
        hooks.mkdir()
        for hook in ("reference-transaction", "post-checkout", "pre-auto-gc"):
            (hooks / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
            (hooks / hook).chmod(0o755)
        settings = tmp_path / "settings"
        settings.write_text(f"[core]\n\thooksPath = {hooks}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        assert custom_of(repository.folder)[0] == "three"
        assert not (tmp_path / "hook-ran").exists()

    def test_what_a_source_path_names_is_looked_up_in_the_commit(self, repository: Repository) -> None:
        with (
            pytest.raises(HarnessError, match="the source path 'tasks/lasso' is not in the repository") as refused,
            fetched(repository.folder, paths="tasks/lasso"),
        ):
            pass
        assert refused.value.finding.remedy == "There is 'tasks/ridge'."


class TestRemotes:
    def test_a_bare_repository_by_file_url(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare é.git"))
        one = repository.git("rev-parse", "dev")
        assert custom_of((tmp_path / "bare é.git").as_uri(), "dev") == ("one", "dev", one)

    def test_a_clone_that_is_shallow_itself(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("clone", "--quiet", "--depth=1", repository.folder.as_uri(), str(tmp_path / "shallow"))
        three = repository.git("rev-parse", "main")
        assert custom_of(tmp_path / "shallow") == ("three", "main", three)
        assert custom_of(tmp_path / "shallow", three[:9]) == ("three", three[:9], three)

    def test_another_working_tree_of_a_repository(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("worktree", "add", str(tmp_path / "second"), "dev")
        assert custom_of(tmp_path / "second", "dev")[0] == "one"

    def test_a_plain_web_server(self, repository: Repository, web: Callable[[], str]) -> None:
        repository.git("clone", "--quiet", "--bare", ".", str(repository.folder.parent / "www" / "tasks.git"))
        subprocess.run(["git", "update-server-info"], cwd=repository.folder.parent / "www" / "tasks.git", check=True)
        url = f"{web()}/tasks.git"
        two, three = repository.git("rev-parse", "main~1"), repository.git("rev-parse", "main")
        assert custom_of(url) == ("three", "main", three)
        assert custom_of(url, "v1") == ("two", "v1", two)
        assert custom_of(url, two) == ("two", two, two)
        assert custom_of(url, two[:7]) == ("two", two[:7], two)
        with pytest.raises(HarnessError, match=r"nearest: main"):
            custom_of(url, "mian")
        with pytest.raises(HarnessError, match=r"git cannot read http://127\.0\.0\.1:.*/none: .* not found"):
            custom_of(f"{url.removesuffix('/tasks.git')}/none")

    def test_credentials_of_a_url_are_used_and_never_shown(self, locked_web: Callable[[str, str], str]) -> None:
        right = locked_web("ana", "pass%40word")
        assert custom_of(right)[0] == "three"
        wrong = locked_web("ana", "wrongword")
        with pytest.raises(HarnessError) as refused:
            custom_of(wrong)
        assert "wrongword" not in str(refused.value)
        assert "Authentication failed" in str(refused.value)
        with pytest.raises(HarnessError) as refused:
            custom_of(locked_web("secrettoken", "").replace(":@", "@"))
        assert "secrettoken" not in str(refused.value)
        assert "Put credentials into the URL" in str(refused.value)

    def test_a_host_by_ssh(self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ssh = tmp_path / "ssh"
        ssh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')  # what the other host would run, on this one
        ssh.chmod(0o755)
        monkeypatch.setenv("GIT_SSH", str(ssh))
        monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
        assert custom_of(f"git@git.example:{repository.folder}", "dev")[0] == "one"
        assert custom_of(f"ssh://git@git.example{repository.folder}", "v1")[0] == "two"

    def test_nobody_answers(self) -> None:
        with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as http:
            port = http.server_address[1]
        with pytest.raises(HarnessError, match=f"git cannot read http://127.0.0.1:{port}/tasks: "):
            custom_of(f"http://127.0.0.1:{port}/tasks")

    def test_a_repository_that_has_gone(self, repository: Repository) -> None:
        shutil.rmtree(repository.folder)
        with (
            pytest.raises(HarnessError, match="does not appear to be a git repository"),
            fetch(str(repository.folder), SourceKind.GIT, None, None),
        ):
            pass

    def test_without_the_program_one_clear_error(self, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(repository.folder))
        with pytest.raises(HarnessError, match="the program git is not on this machine") as refused:
            custom_of(repository.folder)
        assert "Install git" in refused.value.finding.remedy

    def test_the_repository_that_the_server_is_started_from_has_no_effect(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Repository(tmp_path / "other")
        other.commit(custom_py="other")
        before = sorted(path.name for path in (other.folder / ".git").rglob("*"))
        monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
        monkeypatch.setenv("GIT_CONFIG_COUNT", "x")
        with fetched(repository.folder) as checkout:
            assert checkout.ref == "main"
        assert sorted(path.name for path in (other.folder / ".git").rglob("*")) == before


class TestEnding:
    def test_a_fetch_that_hangs_is_ended_by_the_caller(self, silent_server: SilentServer) -> None:
        cancellation = Cancellation()
        silent_server.when_asked = cancellation.cancel
        with (
            pytest.raises(Interrupted),
            fetch(silent_server.url, SourceKind.GIT, None, None, cancellation=cancellation),
        ):
            pass

    def test_a_fetch_that_hangs_is_ended_by_its_time_limit(self, silent_server: SilentServer, tmp_path: Path) -> None:
        with (
            pytest.raises(HarnessError, match="the repository was not fetched within 1 s") as refused,
            fetch(silent_server.url, SourceKind.GIT, None, None, parent=tmp_path, time_limit_seconds=1),
        ):
            pass
        assert not isinstance(refused.value, Interrupted)
        assert list(tmp_path.iterdir()) == []


def _make_tree(repository: Repository, listing: str, *, check: bool = True) -> str:
    """Write a tree object, also one that git itself would not write."""
    if check:
        command = ["git", "mktree"]
        entry = f"{listing}\n".encode()
    else:
        mode, _, sha, name = listing.replace("\t", " ").split(" ")
        command = ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"]
        entry = f"{mode.lstrip('0')} {name}\0".encode() + bytes.fromhex(sha)
    done = subprocess.run(command, cwd=repository.folder, input=entry, check=True, capture_output=True)
    return done.stdout.decode().strip()


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


class LockedFiles(QuietFiles):
    """Files for the user `ana` with the password `pass@word`."""

    def do_GET(self) -> None:
        if self.headers["Authorization"] == "Basic YW5hOnBhc3NAd29yZA==":
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="tasks"')
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Give a function that returns the address of the folder `www`."""
    (tmp_path / "www").mkdir()
    with serving(partial(QuietFiles, directory=str(tmp_path / "www"))) as url:
        yield lambda: url


@pytest.fixture
def locked_web(repository: Repository, tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """Give a function that returns the repository's address with a user and a password, which the server asks for."""
    bare = tmp_path / "www" / "tasks.git"
    repository.git("clone", "--quiet", "--bare", ".", str(bare))
    subprocess.run(["git", "update-server-info"], cwd=bare, check=True)
    with serving(partial(LockedFiles, directory=str(bare.parent))) as url:
        yield lambda user, password: f"{url.replace('://', f'://{user}:{password}@')}/tasks.git"


class SilentServer:
    """A web server that takes requests and does not answer until the test is over."""

    def __init__(self) -> None:
        self.url = ""
        self.over = threading.Event()
        self.when_asked: Callable[[], None] = lambda: None


class SilentHandler(BaseHTTPRequestHandler):
    def __init__(self, server: SilentServer, *others: object) -> None:
        self.silent = server
        super().__init__(*others)  # type: ignore[arg-type]  # as the server calls it

    def do_GET(self) -> None:
        self.silent.when_asked()
        self.silent.over.wait(60)


@pytest.fixture
def silent_server() -> Iterator[SilentServer]:
    server = SilentServer()
    with serving(partial(SilentHandler, server)) as url:
        server.url = f"{url}/tasks.git"
        try:
            yield server
        finally:
            server.over.set()
