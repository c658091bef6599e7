"""The documentation names everything that a user can be told or can ask for."""

import re
from pathlib import Path

import pytest

from harness.builds.diagnosis.categories import CATEGORIES
from harness.cli import app

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
README = CHECKOUT / "README.md"
REFERENCE = DOCS / "reference"


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_of_a_failed_build_is_explained(category: str) -> None:
    assert f"`{category}`" in (REFERENCE / "diagnosis.md").read_text(encoding="utf-8")


def test_no_category_is_explained_that_there_is_not() -> None:
    text = (REFERENCE / "diagnosis.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`([a-z_]+)`\]", text, re.MULTILINE)
    assert len(rows) == 31
    assert set(rows) < set(CATEGORIES)


def test_every_command_is_in_the_readme() -> None:
    names = [command.callback.__name__ for command in app.registered_commands if command.callback]
    assert len(names) > 5
    readme = README.read_text(encoding="utf-8")
    assert [name for name in [*names, "envs", "admin"] if f"`harness {name}" not in readme] == []


def test_every_exit_code_is_explained() -> None:
    rows = re.findall(r"^\| (\d+) \|", (REFERENCE / "exit-codes.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(row) for row in rows] == [0, 1, 2, 3, 4, 130]


def test_every_variable_of_the_harness_is_explained() -> None:
    sources = [*(CHECKOUT / "harness").rglob("*.py"), *(CHECKOUT / "tools").glob("prepare_*"), CHECKOUT / "Makefile"]
    names = {name for file in sources for name in re.findall(r"\bHARNESS_[A-Z]+(?:_[A-Z]+)*", file.read_text("utf-8"))}
    assert "HARNESS_CACHE_DIR" in names
    text = (REFERENCE / "environment-variables.md").read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_every_link_of_the_readme_leads_somewhere() -> None:
    # Those between pages of the site are judged while it is built.
    for file in (README, CHECKOUT / "CONTRIBUTING.md", CHECKOUT / "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
