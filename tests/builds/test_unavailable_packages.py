"""What is told of a package that cannot be had: the nearest release, the line with it, and which project is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.builds.diagnosis import Declared
from harness.builds.diagnosis.published_files import has_only_wheels, is_well_known, published_series
from harness.builds.diagnosis.releases import around, nearest, versions_in, with_release, with_versions
from harness.builds.diagnosis.stub_projects import pointed_to
from harness.builds.diagnosis.uv_reasons import Reason, statements_in

WORDS = (
    "Because",
    "and",
    "only",
    "gearbox==1.0",
    "axle>=2,<3",
    "one of:",
    "all versions of",
    "was yanked (reason: a, b)",
    "has no wheels",
    "with a matching",
    "you require",
    "depends on",
    "Python>=3.12",
    "is available",
    ",",
    "(",
    "\u2205",
    "there is no version of",
    "{",
    "[oil]",
    ".",
    "was not found in the package registry",
    "we can conclude that",
)
LISTED = versions_in("0.9, 1.0.0, 1.0.1, 1.2.0, 1.3.0rc1, 2.0, 2.5, 3.0b1")


def line(tmp_path: Path, text: str) -> Declared:
    file = tmp_path / "requirements.txt"
    file.write_text(text, encoding="utf-8")
    return Declared.read(file)


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        pytest.param("==1.0.7", "1.0.1", id="same minor version"),
        pytest.param("==1.1", "1.2.0", id="same major version, newer before older"),
        pytest.param("==1.9", "1.2.0", id="same major version, none newer"),
        pytest.param("==4.0", "2.5", id="newest of all"),
        pytest.param(">=9", "2.5", id="above all"),
        pytest.param("<0.5", "0.9", id="below all"),
        pytest.param(">=1.4,<2", "1.2.0", id="gap"),
        pytest.param("==2.0+cu118", "2.0", id="local build"),
        pytest.param("==1.2.*,!=1.2.0", "1.2.0", id="wildcard"),
    ],
)
def test_the_nearest_release_is_found(asked: str, version: str) -> None:
    assert str(nearest(SpecifierSet(asked), LISTED)) == version


def test_only_pre_releases_are_better_than_nothing() -> None:
    assert nearest(SpecifierSet("==1"), versions_in("0.1a1, 0.2b2")) == Version("0.2b2")
    assert nearest(SpecifierSet("==1"), ()) is None


def test_neighbours_are_final_releases() -> None:
    assert [str(version) for version in around(Version("1.3"), LISTED)] == ["1.2.0", "2.0"]


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        pytest.param("Gear_Box==9  # box\n", "Gear_Box==2.5", id="pin and comment"),
        pytest.param(
            "gearbox [oil] >= 9 ; python_version > '3'\n", "gearbox[oil]<=2.5 ; python_version > '3'", id="bound"
        ),
        pytest.param("gearbox>=9,<10\n", "gearbox==2.5", id="range"),
        pytest.param("gearbox\\\n  ==9\n", "gearbox==2.5", id="continued"),
        pytest.param("gearbox==9 --hash=sha256:" + "0" * 64 + "\n", None, id="hash"),
        pytest.param("gearbox @ https://files.example/gearbox-9.tar.gz\n", None, id="address"),
    ],
)
def test_a_line_gets_another_release(tmp_path: Path, text: str, rewritten: str | None) -> None:
    assert with_release(line(tmp_path, text).lines[0], Version("2.5")) == rewritten


def test_a_renamed_line_keeps_its_marker_alone(tmp_path: Path) -> None:
    declared = line(tmp_path, "sklearn[alldeps]==0.0 ; python_version > '3'\n").lines[0]
    assert with_versions(declared, "", "scikit-learn") == "scikit-learn ; python_version > '3'"


@pytest.mark.parametrize(
    ("project", "asked", "series"),
    [
        pytest.param("torch", "==1.4.0", ((1, 4),), id="pin"),
        pytest.param("torch", "==1.15.0", (), id="never published"),
        pytest.param("Torch", ">=1.11,<2", ((1, 11), (1, 12), (1, 13)), id="range"),
        pytest.param("gearbox", "==1.0", (), id="unknown project"),
    ],
)
def test_series_with_wheels_are_known(project: str, asked: str, series: tuple[tuple[int, int], ...]) -> None:
    assert published_series(project, SpecifierSet(asked)) == series


def test_projects_are_known() -> None:
    assert has_only_wheels("PyWin32")
    assert not has_only_wheels("numpy")
    assert is_well_known("Scikit_Learn")
    assert not is_well_known("scikit-lern")


@pytest.mark.parametrize(
    ("said", "package", "real"),
    [
        ("The 'sklearn' PyPI package is deprecated, use 'scikit-learn'", "sklearn", "scikit-learn"),
        ('Exception: You tried to install "pytorch". The package named for PyTorch is "torch"', "pytorch", "torch"),
        ("RuntimeError: Please install package apache-airflow instead of airflow", "airflow", "apache-airflow"),
        ("RuntimeError: gearbox was renamed to gearbox2. Please update", "gearbox", "gearbox2"),
        ("Error: gearbox has moved, run pip install sprocket instead", "gearbox", "sprocket"),
        ("SetuptoolsDeprecationWarning: setup.py install is deprecated. Use build and pip", "gearbox", None),
        ("gearbox is deprecated, use gearbox", "gearbox", None),
    ],
)
def test_a_refusal_names_the_real_project(said: str, package: str, real: str | None) -> None:
    assert pointed_to(said, package) == real


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_no_derivation_is_too_odd(words: list[str]) -> None:
    for statement in statements_in(" ".join(words)):
        assert isinstance(statement.reason, Reason)
        assert statement.package


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert list(versions_in(text)) == sorted(versions_in(text))
    assert isinstance(list(statements_in(text)), list)
    assert pointed_to(text, "gearbox") != "gearbox"
