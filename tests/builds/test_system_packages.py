"""The table of Debian's packages: which package has what a build asks for."""

from __future__ import annotations

import re

import pytest

from harness.builds.diagnosis.system_packages import (
    NAMES,
    PACKAGES,
    package_of_header,
    package_of_library,
    package_of_module,
    package_of_name,
    package_of_program,
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(package_of_header("libpq-fe.h"), "libpq-dev", id="header"),
        pytest.param(package_of_header("libxml/xmlversion.h"), "libxml2-dev", id="header in a folder"),
        pytest.param(package_of_header("our_own.h"), None, id="unknown header"),
        pytest.param(package_of_module("cairo"), "libcairo2-dev", id="module"),
        pytest.param(package_of_library("pq"), "libpq-dev", id="library"),
        pytest.param(package_of_program("geos-config"), "libgeos-dev", id="program"),
        pytest.param(package_of_name("HDF5"), "libhdf5-dev", id="CMake's name"),
        pytest.param(package_of_name("dbus-1"), "libdbus-1-dev", id="Meson's name"),
    ],
)
def test_a_package_is_found_by_what_it_has(found: str | None, expected: str | None) -> None:
    assert found == expected


def test_each_thing_has_one_package_with_a_name_that_apt_takes() -> None:
    things = [thing for text in PACKAGES.values() for thing in text.split()]
    assert sorted(things) == sorted(set(things))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in (*PACKAGES, *NAMES.values()))
