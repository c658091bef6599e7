"""What MkDocs calls while it builds the site: generated parts take the place of their markers.

A page says `<!-- generated: NAME -->` where the part belongs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from reference.checks import table_of_checks, with_facts
from reference.commands import commands
from reference.report_schema import report_fields
from reference.rest_api import operations

_MARKER = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)
_PARTS = {
    "commands": commands,
    "table-of-checks": table_of_checks,
    "report-fields": report_fields,
    "operations": operations,
}
_CHECKS = "reference/checks.md"
_SEARCH = 'data-md-component="search" role="dialog"'


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return the page's text with the generated parts in it."""
    if page.file.src_uri == _CHECKS:
        markdown = with_facts(markdown)
    return _MARKER.sub(lambda marker: _PARTS[marker[1]](), markdown)


def on_post_page(output: str, **_: Any) -> str:
    """Return the page with a name for the theme's search dialog, which has none for those who hear it."""
    return output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"')
