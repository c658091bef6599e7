import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from index_server import IndexServer, Page, running_index
from packaging.version import Version

from harness.package_index import IndexUnavailable, PackageIndex, Target, installable, open_index, wheels_for

Open = Callable[..., PackageIndex]
BOOKWORM = Target.of("3.11", "x86_64")


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with running_index() as index:
        yield index


@pytest.fixture
def open_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Give a function that opens the indexes of a machine whose pip has these settings and no others."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ExitStack() as opened:

        def open_with(url: str, budget_seconds: float = 30, **settings: str) -> PackageIndex:
            environ = {"PIP_CONFIG_FILE": os.devnull, "HOME": str(tmp_path), "PIP_INDEX_URL": url, **settings}
            return opened.enter_context(open_index(environ, budget_seconds))

        yield open_with


def page(*files: dict[str, Any], name: str = "demo") -> str:
    listed = [{"url": f"../../files/{file['filename']}", "hashes": {}, **file} for file in files]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": listed})


def test_a_json_page_becomes_releases_with_their_facts(server: IndexServer, open_at: Open) -> None:
    server.serve(
        "demo",
        page(
            {
                "filename": "demo-2.0-py3-none-any.whl",
                "yanked": "broken on Fridays",
                "upload-time": "2024-05-06T07:08:09Z",
            },
            {"filename": "demo-1.10.tar.gz", "requires-python": ">=3.9", "hashes": {"sha256": "ab12"}},
            {"filename": "demo-1.9-py3-none-any.whl"},
            {"filename": "demo-1.9.tar.gz"},
        ),
    )
    project = open_at(server.url).project("Demo")
    assert project is not None
    assert [str(release.version) for release in project.releases] == ["1.9", "1.10", "2.0"]
    old, middle, new = project.releases
    assert [file.name for file in old.wheels] == ["demo-1.9-py3-none-any.whl"]
    assert old.has_sdist
    assert not old.yanked
    assert middle.requires_python == ">=3.9"
    assert middle.files[0].hashes == {"sha256": "ab12"}
    assert not middle.wheels
    assert new.yanked
    assert new.yanked_reason == "broken on Fridays"
    assert new.upload_time is not None
    assert new.upload_time.isoformat() == "2024-05-06T07:08:09+00:00"


def test_an_html_page_tells_the_same(server: IndexServer, open_at: Open) -> None:
    server.serve(
        "demo",
        '<!DOCTYPE html><html><body><a href="../../files/demo-1.0-py3-none-any.whl#sha256=ab12" data-yanked="bad"'
        ' data-requires-python="&gt;=3.8">demo-1.0-py3-none-any.whl</a></body></html>',
        "text/html; charset=utf-8",
    )
    project = open_at(server.url).project("demo")
    assert project is not None
    (release,) = project.releases
    assert (release.yanked, release.yanked_reason, release.requires_python) == (True, "bad", ">=3.8")
    assert release.wheels[0].hashes == {"sha256": "ab12"}


def test_files_of_no_known_version_are_left_out(server: IndexServer, open_at: Open) -> None:
    names = ("demo-1.0.exe", "demo-notaversion.tar.gz", "demo-1.0-py3.whl", "demo.zip", "..", "demo-1.0.tar.gz")
    server.serve("demo", page(*({"filename": name} for name in names)))
    project = open_at(server.url).project("demo")
    assert project is not None
    assert [[file.name for file in release.files] for release in project.releases] == [["demo-1.0.tar.gz"]]


def test_a_project_that_no_index_has_is_none(server: IndexServer, open_at: Open) -> None:
    assert open_at(server.url).project("demo") is None


@pytest.mark.parametrize("name", ["", "..", "../demo", "de mo", "-demo", "dämo", "demo\n"])
def test_what_is_no_name_is_not_asked_for(name: str, server: IndexServer, open_at: Open) -> None:
    assert open_at(server.url).project(name) is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param("", "text/plain", 500, id="server-error"),
        pytest.param("", "text/plain", 403, id="forbidden"),
        pytest.param("{", "application/vnd.pypi.simple.v1+json", 200, id="torn-json"),
        pytest.param("[]", "application/vnd.pypi.simple.v1+json", 200, id="other-json"),
        pytest.param(
            '{"meta":{"api-version":"9.0"},"name":"demo","files":[]}',
            "application/vnd.pypi.simple.v1+json",
            200,
            id="newer-protocol",
        ),
        pytest.param("hello", "image/png", 200, id="no-page"),
    ],
)
def test_an_index_that_cannot_be_asked_says_so(
    body: str, content_type: str, status: int, server: IndexServer, open_at: Open
) -> None:
    server.serve("demo", body, content_type, status=status)
    with pytest.raises(IndexUnavailable):
        open_at(server.url).project("demo")


def test_a_newer_minor_version_of_the_protocol_is_read(server: IndexServer, open_at: Open) -> None:
    server.serve("demo", page({"filename": "demo-1.0.tar.gz", "novelty": 7}).replace('"1.1"', '"1.99"'))
    project = open_at(server.url).project("demo")
    assert project is not None
    assert len(project.releases) == 1


def test_pip_s_proxy_is_asked(server: IndexServer, open_at: Open) -> None:
    server.pages["http://index.example/simple/demo/"] = Page(page().encode())
    proxy = server.url.removesuffix("/simple")
    assert open_at("http://index.example/simple", PIP_PROXY=proxy).project("demo") is not None


def test_what_was_published_later_is_not_there(server: IndexServer, open_at: Open) -> None:
    server.serve(
        "demo",
        page(
            {"filename": "demo-1.0.tar.gz", "upload-time": "2024-05-06T07:08:09Z"},
            {"filename": "demo-2.0.tar.gz", "upload-time": "2025-05-06T07:08:09Z"},
        ),
    )
    environ = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.url}
    for day, versions in (("2024-12-31", ["1.0"]), ("2025-12-31", ["1.0", "2.0"])):
        with open_index(environ, 30, as_of=datetime.fromisoformat(f"{day}T00:00:00+00:00")) as index:
            project = index.project("demo")
            assert project is not None
            assert [str(release.version) for release in project.releases] == versions
    with open_index(environ, 30, as_of=datetime(2020, 1, 1, tzinfo=UTC)) as index:
        assert index.project("demo") is None


def test_an_index_that_is_not_there_says_so(open_at: Open) -> None:
    with pytest.raises(IndexUnavailable, match="cannot be reached"):
        open_at("http://127.0.0.1:9/simple").project("demo")


def test_no_answer_is_waited_for_longer_than_the_budget(server: IndexServer, open_at: Open) -> None:
    server.serve("demo", page()).is_held_back = True
    with pytest.raises(IndexUnavailable, match=r"did not answer in 0\.05 s"):
        open_at(server.url, budget_seconds=0.05).project("demo")


def test_each_project_is_asked_for_once(server: IndexServer, open_at: Open) -> None:
    server.serve("demo", page())
    index = open_at(server.url)
    index.prefetch(["demo", "other"])
    assert index.project("demo") is not None
    assert index.project("demo") is not None
    assert index.project("other") is None
    assert sorted(server.asked) == ["/simple/demo/", "/simple/other/"]


def test_the_login_of_the_address_is_sent_and_never_shown(server: IndexServer, open_at: Open) -> None:
    server.serve("demo", page(), login="Basic dXNlcjpwQHNz")  # user:p@ss
    address = server.url.replace("//", "//user:p%40ss@")
    assert open_at(address).project("demo") is not None
    with pytest.raises(IndexUnavailable, match="answers 401") as refused:
        open_at(address.replace("p%40ss", "secret-word")).project("demo")
    assert "secret-word" not in str(refused.value)


def test_the_login_of_netrc_is_sent(
    server: IndexServer, open_at: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.serve("demo", page(), login="Basic dXNlcjpwQHNz")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password p@ss\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert open_at(server.url).project("demo") is not None


def test_files_of_all_indexes_are_taken_together(server: IndexServer, open_at: Open, tmp_path: Path) -> None:
    server.serve("demo", page({"filename": "demo-1.0.tar.gz", "yanked": True}))
    folder = tmp_path / "local" / "demo"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text('<a href="demo-1.0.tar.gz">demo-1.0.tar.gz</a><a href="x">demo-2.0.tar.gz</a>')
    project = open_at(server.url, PIP_EXTRA_INDEX_URL=f"{tmp_path}/local").project("demo")
    assert project is not None
    assert [(str(release.version), release.yanked) for release in project.releases] == [("1.0", True), ("2.0", False)]


def test_what_one_index_has_is_not_all_while_another_cannot_be_asked(server: IndexServer, open_at: Open) -> None:
    server.serve("demo", page({"filename": "demo-1.0.tar.gz"}))
    with pytest.raises(IndexUnavailable):
        open_at(server.url, PIP_EXTRA_INDEX_URL="http://127.0.0.1:9/simple").project("demo")


def test_pip_that_uses_no_index_has_nothing_to_ask(server: IndexServer, open_at: Open) -> None:
    with pytest.raises(IndexUnavailable, match="no index"):
        open_at(server.url, PIP_NO_INDEX="1").project("demo")


def test_metadata_lies_beside_the_wheel(server: IndexServer, open_at: Open) -> None:
    server.serve("demo", page({"filename": "demo-1.0-py3-none-any.whl", "core-metadata": True}))
    server.pages["/files/demo-1.0-py3-none-any.whl.metadata"] = Page(
        b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: numpy>=2\nRequires-Dist: torch >=1.8.*\n"
    )
    index = open_at(server.url)
    project = index.project("demo")
    assert project is not None
    metadata = index.metadata(project.releases[0].wheels[0])
    assert metadata is not None
    assert [str(requirement) for requirement in metadata.requirements] == ["numpy>=2"]
    assert metadata.malformed == ("torch >=1.8.*",)


def test_metadata_is_read_out_of_the_wheel_where_the_index_has_none(server: IndexServer, open_at: Open) -> None:
    server.serve("demo", page({"filename": "demo-1.0-py3-none-any.whl"}, {"filename": "demo-2.0-py3-none-any.whl"}))
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo/__init__.py", b"#" * 300_000)
        archive.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nRequires-Dist: scipy<2\n")
    server.pages["/files/demo-1.0-py3-none-any.whl"] = Page(wheel.getvalue())
    server.pages["/files/demo-2.0-py3-none-any.whl"] = Page(b"no archive")
    index = open_at(server.url)
    project = index.project("demo")
    assert project is not None
    first, second = (index.metadata(release.wheels[0]) for release in project.releases)
    assert first is not None
    assert [str(requirement) for requirement in first.requirements] == ["scipy<2"]
    assert second is None


def test_the_index_of_this_machine_knows_numpy() -> None:
    with open_index(budget_seconds=120) as index:
        numpy, sklearn = index.project("numpy"), index.project("sklearn")
        assert numpy is not None
        assert sklearn is not None
        release = numpy.release(Version("1.26.4"))
        assert release is not None
        assert any("cp311" in wheel.name and "manylinux" in wheel.name for wheel in wheels_for(release, BOOKWORM))
        metadata = index.metadata(wheels_for(release, BOOKWORM)[0])
        assert metadata is not None
        assert metadata.requirements == ()
        old = numpy.release(Version("1.19.5"))
        assert old is not None
        assert not wheels_for(old, BOOKWORM)
        assert installable(old, BOOKWORM)
        attrs = index.project("attrs")
        assert attrs is not None
        withdrawn = attrs.release(Version("21.1.0"))
        assert withdrawn is not None
        assert withdrawn.yanked
        assert index.project("a-name-that-nobody-has-taken-yet-4711") is None
