import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from harness.package_index import IndexFile, Project, Release, Target, installable, wheels_for
from harness.package_index.pages import JSON_TYPE, read_page

X86 = Target.of("3.11", "x86_64")
ARM = Target.of("3.11", "arm64")


def release(*names: str, requires_python: str | None = None, yanked: bool = False) -> Release:
    files: list[dict[str, object]] = [
        {"filename": name, "url": name, "hashes": {}, "requires-python": requires_python, "yanked": yanked}
        for name in names
    ]
    page = {"meta": {"api-version": "1.1"}, "name": "demo", "files": files}
    (found,) = Project.of(
        "demo", read_page(json.dumps(page).encode(), JSON_TYPE, "http://index.example/", "demo")
    ).releases
    return found


@pytest.mark.parametrize(
    ("wheel", "on_x86", "on_arm"),
    [
        ("demo-1.0-py3-none-any.whl", True, True),
        ("demo-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True, False),
        ("demo-1.0-cp311-cp311-manylinux_2_28_aarch64.whl", False, True),
        ("demo-1.0-cp311-cp311-manylinux_2_36_x86_64.whl", True, False),
        ("demo-1.0-cp311-cp311-manylinux_2_37_x86_64.whl", False, False),
        ("demo-1.0-cp311-cp311-manylinux1_x86_64.whl", True, False),
        ("demo-1.0-cp311-cp311-linux_x86_64.whl", True, False),
        ("demo-1.0-cp38-abi3-manylinux2014_x86_64.whl", True, False),
        ("demo-1.0-cp312-abi3-manylinux2014_x86_64.whl", False, False),
        ("demo-1.0-cp310-cp310-manylinux2014_x86_64.whl", False, False),
        ("demo-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", False, False),
        ("demo-1.0-cp311-cp311-win_amd64.whl", False, False),
        ("demo-1.0-cp311-cp311-macosx_11_0_arm64.whl", False, False),
        ("demo-1.0-py2-none-any.whl", False, False),
        ("demo-1.0-py2.py3-none-manylinux1_x86_64.whl", True, False),
    ],
)
def test_wheels_fit_as_pip_takes_them_on_bookworm(wheel: str, on_x86: bool, on_arm: bool) -> None:
    assert bool(wheels_for(release(wheel), X86)) == on_x86
    assert bool(wheels_for(release(wheel), ARM)) == on_arm


@pytest.mark.parametrize(
    ("requires_python", "fits"),
    [(None, True), (">=3.8", True), (">=3.11.2", True), ("<3.11", False), (">=3.12", False), ("3.something", True)],
)
def test_the_python_that_a_release_requires_counts(requires_python: str | None, fits: bool) -> None:
    assert installable(release("demo-1.0.tar.gz", requires_python=requires_python), X86) == fits


def test_withdrawn_releases_are_not_installable() -> None:
    assert not installable(release("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", yanked=True), X86)


def test_a_release_is_withdrawn_only_as_a_whole() -> None:
    files = [IndexFile("a", Version("1"), None, yanked=True), IndexFile("b", Version("1"), None)]
    (half,) = Project.of("demo", files).releases
    assert not half.yanked
    assert installable(half, X86)


@given(st.lists(st.text(max_size=40) | st.from_regex(r"demo-[0-9a-z.+!-]{1,20}(\.whl|\.tar\.gz)", fullmatch=True)))
def test_no_file_name_is_too_odd(names: list[str]) -> None:
    files = [{"filename": name, "url": name, "hashes": {}} for name in names]
    page = {"meta": {"api-version": "1.1"}, "name": "demo", "files": files}
    project = Project.of("demo", read_page(json.dumps(page).encode(), JSON_TYPE, "http://index.example/", "demo"))
    for found in project.releases:
        installable(found, X86)
