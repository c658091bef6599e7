"""Which of the installed packages a plan's lines need, and the file that holds them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.builds.installed import Installed
from harness.builds.model import BuildPlan
from harness.errors import HarnessError
from harness.resolving.lock import lock_text, locked_packages

MakePlan = Callable[..., BuildPlan]
MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.9",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "6.1",
    "platform_system": "Linux",
    "platform_version": "1",
    "python_full_version": "3.11.9",
    "python_version": "3.11",
    "sys_platform": "linux",
}
INSTALLED = Installed.of(
    [
        ("Table_Reader", "3.0", ["numbers>=1", "colours; extra == 'Plots'", "win-only; sys_platform == 'win32'"]),
        ("numbers", "1.4", ["backport; python_version < '3.10'"]),
        ("colours", "0.5", ["table-reader", "not a requirement at all"]),
        ("backport", "9.0", []),
        ("of-the-base", "1.0", ["numbers"]),
    ],
    MARKERS,
)


def locked(plan: BuildPlan) -> list[tuple[str, str, list[int]]]:
    found = locked_packages(plan, INSTALLED)
    return [(one.name, one.version, [line.line_number for line in one.lines]) for one in found]


def test_only_what_the_lines_need_here_is_locked(make_plan: MakePlan) -> None:
    assert locked(make_plan("table-reader>=2\n")) == [("numbers", "1.4", [1]), ("table-reader", "3.0", [1])]


def test_extras_bring_what_they_name_and_rings_end(make_plan: MakePlan) -> None:
    plan = make_plan("numbers\n\ntable.reader[plots] >= 2  # read\nwin-only ; sys_platform == 'win32'\n")
    assert locked(plan) == [("colours", "0.5", [3]), ("numbers", "1.4", [1, 3]), ("table-reader", "3.0", [3])]


def test_the_file_is_sorted_and_says_what_brings_each_line(make_plan: MakePlan) -> None:
    plan = make_plan("numbers\n\ntable.reader[plots] >= 2  # read\n")
    assert lock_text(plan, locked_packages(plan, INSTALLED), "3.11.9") == (
        "# The exact versions that `harness lock` found installed for requirements.txt, on\n"
        "# Small, Python 3.11.9. The platform reads requirements.txt: copy them there.\n"
        "colours==0.5  # via line 3: table.reader[plots]>=2\n"
        "numbers==1.4  # line 1: numbers; via line 3: table.reader[plots]>=2\n"
        "table-reader==3.0  # line 3: table.reader[plots]>=2\n"
    )


def test_a_line_whose_package_is_missing_is_an_error(make_plan: MakePlan) -> None:
    with pytest.raises(HarnessError, match=r"line 1 \(gone==1\) is not installed"):
        locked_packages(make_plan("gone==1\n"), INSTALLED)
