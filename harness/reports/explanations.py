"""What each check judges, why, and how to correct it: its section of the documentation, which travels in the wheel."""

from __future__ import annotations

import re
from functools import cache

from harness.bundled_files import bundled_folder

_HEADING = re.compile(r"^#+ .*$", re.MULTILINE)
_ID = re.compile(r"`([a-z_]+)`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def explanation(check_id: str) -> str:
    """Return the paragraphs on a check as Markdown, without links; empty where the documentation has none."""
    return _explanations().get(check_id, "")


@cache
def _explanations() -> dict[str, str]:
    file = bundled_folder("docs") / "reference" / "checks.md"
    text = file.read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    sections = {}
    for heading, end in zip(headings, ends, strict=True):
        if found := _ID.search(heading[0]):
            sections[found[1]] = _LINK.sub(r"\1", text[heading.end() : end]).strip()
    return sections
