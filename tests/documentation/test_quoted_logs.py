"""The logs in the how-to guides are those that installers have written, and every kind of failure has its section."""

from __future__ import annotations

import re

import pytest
from documentation_pages import CHECKOUT, Block, files, read_page

from harness.builds.diagnosis.categories import MEANINGS

LOGS = CHECKOUT / "tests" / "builds" / "logs"
SECTIONS = CHECKOUT / "docs" / "how-to" / "failed-builds"
PAGES = [read_page(file) for file in files()]
QUOTED = [
    pytest.param(block, id=f"{page.name}:{block.line}") for page in PAGES for block in page.blocks if block.quotes
]


@pytest.mark.parametrize("block", QUOTED)
def test_a_quoted_log_is_an_excerpt_of_a_recorded_one(block: Block) -> None:
    assert block.quotes is not None
    recorded = iter((LOGS / block.quotes).read_text(encoding="utf-8", errors="replace").splitlines())
    # In the order of the log: each line is looked for behind the one before it.
    assert [line for line in block.text.splitlines() if line not in recorded] == []


def test_every_category_has_one_section_with_a_log_and_the_command_that_explains_it() -> None:
    explained: list[str] = []
    for file in SECTIONS.glob("*.md"):
        for section in re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            found = re.search(r"\{ #([a-z_]+) \}$", section.splitlines()[0])
            if found:
                explained.append(found[1])
                assert f"\n`{found[1]}`: " in section
                assert f"<!-- from: {found[1]}-" in section
                assert "$ harness diagnose build.log" in section
                assert "**Repair.**" in section
    assert sorted(explained) == sorted(MEANINGS)
