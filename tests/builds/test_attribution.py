"""The line that a cause goes back to: names before numbers, and what the log tells where nothing else is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.builds.diagnosis.attribution import related_lines, responsible_line
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import Declared
from harness.builds.diagnosis.model import Cause, Facts, Named

NOTHING = BuildLog.of("")
CHAIN = BuildLog.of("Collecting core<2 (from frame==1.0->-r requirements.txt (line 7))\n")


def cause(**told: object) -> Cause:
    return Cause("unknown", "It failed.", "Look.", 0, (), **told)  # type: ignore[arg-type]


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    file = tmp_path / "requirements.txt"
    file.write_text("zeta\nFrame==1.0\n\narray==1.0\narray==2.0 ; python_version < '3'\n", encoding="utf-8")
    return Facts(Declared.read(file), Declared())


@pytest.mark.parametrize(
    ("told", "line_number"),
    [
        pytest.param({"package": "frame"}, 2, id="the package's own line"),
        pytest.param({"package": "frame", "line_number": 1}, 2, id="a number that the name contradicts"),
        pytest.param({"package": "array", "requirement": "array==2.0"}, 5, id="of two lines the quoted one"),
        pytest.param({"package": "array", "line_number": 5}, 5, id="of two lines the numbered one"),
        pytest.param({"package": "core", "via": ("frame", "middle")}, 2, id="the line that brought it"),
        pytest.param({"package": "core", "line_number": 4}, 4, id="a number alone"),
        pytest.param({"line_number": 1}, 1, id="no package"),
        pytest.param({"package": "core"}, None, id="nothing tells"),
        pytest.param({}, None, id="nothing at all"),
    ],
)
def test_the_responsible_line(facts: Facts, told: dict[str, object], line_number: int | None) -> None:
    line = responsible_line(NOTHING, facts, cause(**told))
    assert (line.line_number if line else None) == line_number


def test_the_chain_of_the_log_leads_to_a_line(facts: Facts) -> None:
    line = responsible_line(CHAIN, facts, cause(package="core"))
    assert line is not None
    assert line.line_number == 2


def test_without_requirements_the_log_is_quoted() -> None:
    unknown = Facts(Declared(), Declared())
    brought = responsible_line(CHAIN, unknown, cause(package="core"))
    numbered = responsible_line(NOTHING, unknown, cause(package="core", requirement="core<2", line_number=3))
    assert [(line.line_number, line.line) for line in (brought, numbered) if line] == [(7, "frame"), (3, "core<2")]


def test_related_packages_have_lines_of_their_own(facts: Facts) -> None:
    responsible = facts.requirements.numbered(4)
    related = (Named("array"), Named("Frame"), Named("core"), Named("zeta", pinned=True), Named("frame", None, 2))
    found = related_lines(facts, cause(package="array", related=related), responsible)
    assert [(one.line_number, one.package_name) for one in found] == [
        (5, "array"),
        (2, "Frame"),
        (None, "core"),
        (None, "zeta"),
        (2, "frame"),
    ]
