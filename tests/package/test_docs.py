"""The documentation names everything that a user can be told or can ask for."""

import re
from pathlib import Path

import pytest

from harness.builds.diagnosis.categories import CATEGORIES
from harness.cli import app

DOCS = Path(__file__).parents[2] / "docs"
README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_of_a_failed_build_is_explained(category: str) -> None:
    assert f"`{category}`" in (DOCS / "diagnosis.md").read_text(encoding="utf-8")


def test_no_category_is_explained_that_there_is_not() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", (DOCS / "diagnosis.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 31
    assert set(rows) < set(CATEGORIES)


def test_every_command_is_in_the_readme() -> None:
    names = [command.callback.__name__ for command in app.registered_commands if command.callback]
    assert len(names) > 5
    readme = README.read_text(encoding="utf-8")
    assert [name for name in [*names, "envs", "admin"] if f"`harness {name}" not in readme] == []


def test_every_link_leads_somewhere() -> None:
    for file in [README, *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
