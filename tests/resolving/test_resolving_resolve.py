"""Resolutions by uv, against the package index: pinned releases and old days, which stay what they are."""

from __future__ import annotations

import io
import os
import socket
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from harness.builds.model import BuildPlan
from harness.errors import HarnessError
from harness.resolving import Resolution, base_changes, broken_base_packages, resolve

MakePlan = Callable[..., BuildPlan]
DAY = datetime(2022, 1, 16, tzinfo=UTC)
SETUP = """
from setuptools import setup
open({marker!r}, "w").close()
setup(name="ours-to-build", version="2.0")
"""


def versions(resolution: Resolution) -> dict[str, str]:
    return {package.package_name: package.version for package in resolution.packages}


def test_the_set_has_versions_and_the_lines_that_bring_them(make_plan: MakePlan) -> None:
    found = resolve(make_plan("# web\nrequests==2.27.1\n\nidna==3.3\n"))
    assert found.resolvable is True
    packages = {package.package_name: package for package in found.packages}
    assert (packages["urllib3"].version, packages["urllib3"].line_numbers) == ("1.26.20", (2,))
    assert (packages["urllib3"].via, packages["urllib3"].is_declared) == (("requests",), False)
    assert (packages["idna"].version, packages["idna"].line_numbers) == ("3.3", (2, 4))
    assert packages["idna"].is_declared


def test_nothing_to_resolve_is_resolved(make_plan: MakePlan) -> None:
    assert resolve(make_plan("")) == Resolution()


def test_what_the_base_environment_has_stays_where_it_fits(make_plan: MakePlan) -> None:
    plan = make_plan("python-dateutil==2.8.2\n", base="six==1.16.0\n")
    found = resolve(plan)
    assert versions(found)["six"] == "1.16.0"
    assert base_changes(plan, found) == ()


@pytest.mark.parametrize(
    ("requirements", "base", "change"),
    [
        pytest.param("\nsix<1.17  # old\n", "six==1.17.0\n", "six 1.17.0 -> 1.16.0: line 2 needs six<1.17", id="line"),
        pytest.param(
            "requests==2.27.1\n",
            "urllib3==2.0.7\n",
            "urllib3 2.0.7 -> 1.26.20: line 1 (requests==2.27.1) brings it",
            id="dependency",
        ),
    ],
)
def test_a_base_package_that_is_replaced_is_told_with_its_cause(
    requirements: str, base: str, change: str, make_plan: MakePlan
) -> None:
    plan = make_plan(requirements, base=base)
    assert [str(found) for found in base_changes(plan, resolve(plan))] == [change]


def test_base_packages_that_no_longer_fit_are_told(make_plan: MakePlan) -> None:
    base = "requests==2.27.1\nurllib3==1.26.20\n"
    plan = make_plan("urllib3==2.0.7\n", base=base)
    broken = broken_base_packages(plan, resolve(plan))
    assert broken is not None
    assert "requests==2.27.1 depends on urllib3>=1.21.1,<1.27" in " ".join(broken.explanation)
    fitting = make_plan("urllib3==1.26.8\n", base=base)
    assert broken_base_packages(fitting, resolve(fitting)) is None


@pytest.mark.parametrize(
    ("requirements", "lines", "words"),
    [
        pytest.param(
            "# web\nrequests==2.27.1\n\nidna==3.3\nurllib3>=2\n",
            (2, 5),
            "requests==2.27.1 depends on urllib3>=1.21.1,<1.27",
            id="lines",
        ),
        pytest.param(
            "boto3==1.34.0\naiobotocore==2.5.0\n", (1, 2), "botocore>=1.29.76,<1.29.77", id="third package on no line"
        ),
        pytest.param(
            "scikit-learn\nnumpy\ntensorflow==2.12.0\njax>=0.5\n",
            (3, 4),
            "tensorflow==2.12.0",
            id="not what is between",
        ),
        pytest.param("six==1.16.0\niniconfig\nsix==1.15.0\n", (1, 3), "six==1.15", id="two lines of a package"),
        pytest.param("iniconfig\niniconfig==99.1\n", (1, 2), "iniconfig==99.1", id="no such version"),
        pytest.param("six\nno-such-package-of-ours\n", (2,), "no-such-package-of-ours was not found", id="no package"),
    ],
)
def test_a_conflict_is_explained_and_names_the_lines(
    requirements: str, lines: tuple[int, ...], words: str, make_plan: MakePlan
) -> None:
    found = resolve(make_plan(requirements))
    assert (found.resolvable, found.packages) == (False, ())
    assert found.conflict is not None
    assert found.conflict.line_numbers == lines
    assert words in " ".join(found.conflict.explanation)


def test_the_environments_constraints_are_kept(make_plan: MakePlan) -> None:
    assert versions(resolve(make_plan("six\n", base="", constraints="six==1.15.0\n"))) == {"six": "1.15.0"}
    found = resolve(make_plan("six>=1.17\n", base="", constraints="six==1.16.0\n"))
    assert found.conflict is not None
    assert found.conflict.line_numbers == (1,)


def test_hashes_do_not_keep_a_line_from_being_resolved(make_plan: MakePlan) -> None:
    found = resolve(make_plan(f"six==1.16.0 --hash=sha256:{'0' * 64}\n"))
    assert versions(found) == {"six": "1.16.0"}


def test_what_has_only_a_source_distribution_is_told_and_the_rest_resolved(make_plan: MakePlan) -> None:
    found = resolve(make_plan("six\ndocopt==0.6.2\n"))
    assert (found.resolvable, found.conflict) == (None, None)
    assert versions(found) == {"six": "1.17.0"}
    assert [(one.package_name, one.version, one.line_numbers) for one in found.needs_building] == [
        ("docopt", "0.6.2", (2,))
    ]


def test_a_conflict_beside_a_source_distribution_is_found(make_plan: MakePlan) -> None:
    found = resolve(make_plan("docopt==0.6.2\nrequests==2.27.1\nurllib3>=2\n"))
    assert found.conflict is not None
    assert found.conflict.line_numbers == (2, 3)


def test_what_others_ask_of_a_source_distribution_counts(make_plan: MakePlan) -> None:
    found = resolve(make_plan("numpy==1.19.5\nscikit-learn==1.7.2\n"))  # numpy 1.19.5 has no wheel for Python 3.11
    assert found.conflict is not None
    assert found.conflict.line_numbers == (1, 2)
    assert "scikit-learn==1.7.2 depends on numpy>=1.22.0" in " ".join(found.conflict.explanation)


def test_a_dependency_that_would_be_built_is_told_with_the_line_that_brings_it(make_plan: MakePlan) -> None:
    found = resolve(make_plan("six\npandas[excel]==2.2.0\n"))  # which needs odfpy
    assert [(one.package_name, one.version, one.line_numbers) for one in found.needs_building] == [
        ("odfpy", None, (2,))
    ]
    assert versions(found)["openpyxl"] >= "3.1"


def test_a_withdrawn_release_is_told(make_plan: MakePlan) -> None:
    found = resolve(make_plan("attrs==21.1.0\n"))
    assert versions(found) == {"attrs": "21.1.0"}
    (note,) = found.notes
    assert note.startswith("attrs==21.1.0 was withdrawn by its authors")


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder where the installer finds ours-to-build: 1.0 as a wheel, and 2.0 as a source distribution.

    Whoever runs the latter's setup.py leaves a file `ran` there.
    """
    folder = tmp_path / "links"
    folder.mkdir()
    with zipfile.ZipFile(folder / "ours_to_build-1.0-py3-none-any.whl", "w") as wheel:
        info = "ours_to_build-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: ours-to-build\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    setup = SETUP.format(marker=str(folder / "ran")).encode()
    with tarfile.open(folder / "ours-to-build-2.0.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("ours-to-build-2.0/setup.py")
        member.size = len(setup)
        archive.addfile(member, io.BytesIO(setup))
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    return folder


def test_no_code_of_a_package_runs_and_a_newer_source_distribution_is_told(links: Path, make_plan: MakePlan) -> None:
    found = resolve(make_plan("ours-to-build\n"))
    assert found.resolvable is None
    assert [(one.package_name, one.version) for one in found.needs_building] == [("ours-to-build", "2.0")]
    assert resolve(make_plan("ours-to-build<2\n")).resolvable is True
    assert not (links / "ran").exists()


def test_a_folder_with_packages_may_be_named_from_here(
    links: Path, make_plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(links.parent)
    monkeypatch.setenv("UV_FIND_LINKS", links.name)
    assert versions(resolve(make_plan("ours-to-build<2\n"))) == {"ours-to-build": "1.0"}


def test_as_of_a_day_old_versions_are_chosen(make_plan: MakePlan) -> None:
    found = resolve(make_plan("requests\n"), as_of=DAY)
    assert (versions(found)["requests"], versions(found)["urllib3"]) == ("2.27.1", "1.26.8")


def test_as_of_a_day_the_base_environment_stays_and_what_replaces_it_is_as_old(make_plan: MakePlan) -> None:
    base = "six==1.17.0\n"  # of 2024
    assert versions(resolve(make_plan("python-dateutil\n", base=base), as_of=DAY)) == {
        "python-dateutil": "2.8.2",
        "six": "1.17.0",
    }
    day = datetime(2020, 1, 1, tzinfo=UTC)
    assert versions(resolve(make_plan("six<1.17\n", base=base), as_of=day)) == {"six": "1.13.0"}


def test_an_index_without_upload_times_is_told(
    links: Path, make_plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = "ours_to_build-1.0-py3-none-any.whl"
    page = links / "simple" / "ours-to-build" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="{(links / wheel).as_uri()}">{wheel}</a>')
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.setenv("UV_DEFAULT_INDEX", (links / "simple").as_uri())
    with pytest.raises(HarnessError, match="does not say when it got the files of ours-to-build"):
        resolve(make_plan("ours-to-build<2\n"), as_of=DAY)


def use_index(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


def test_an_index_that_cannot_be_reached_is_one_error(make_plan: MakePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    use_index(monkeypatch, port)
    with pytest.raises(HarnessError, match="the package index cannot be reached") as raised:
        resolve(make_plan("iniconfig\n"))
    assert raised.value.exit_code == 2
    assert raised.value.finding.remedy


def test_an_index_that_never_answers_ends_at_the_time_limit(
    make_plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_index(monkeypatch, silent.getsockname()[1])
        with pytest.raises(HarnessError, match="were not resolved within 1 s"):
            resolve(make_plan("iniconfig\n"), timeout_seconds=1)
    children = psutil.Process(os.getpid()).children(recursive=True)
    assert [child for child in children if child.name() == "uv"] == []
