"""Write pages as one HTML file that stands alone: styles, scripts and numbers are in it, nothing is loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.reports.page.model import Page
from harness.reports.page.templating import template_environment
from harness.version import __version__


def write_page(file: Path, pages: Sequence[Page]) -> None:
    """Write one page with all of them; raises HarnessError where the file cannot be written."""
    text = render_pages(pages, file.parent)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HarnessError(
            f"cannot be written: {error.strerror}", file=str(file), remedy="Choose another --html."
        ) from error


def render_pages(pages: Sequence[Page], folder: Path) -> str:
    """Return the HTML of a page that will lie in `folder`, to which its links are relative."""
    from harness.reports.page.views import PageView, number_columns

    several = len(pages) > 1
    views = [PageView(page, folder, f"task-{number}-" if several else "") for number, page in enumerate(pages, start=1)]
    charts = {view.id: {"kind": view.chart.kind, **view.chart.data} for page in views for view in page.charts}
    template = template_environment().get_template("report.html")
    return template.render(
        views=views,
        charts=_json_in_script(charts),
        charts_there=bool(charts),
        number_columns=number_columns,
        version=__version__,
    )


def load_templates() -> None:
    """Do ahead what the first page costs besides: import the template language and read the templates."""
    for name in ("report.html", "report_parts.html", "standalone.html", "base.html"):
        template_environment().get_template(name)
    import harness.reports.page.views  # noqa: F401


def _json_in_script(value: object) -> str:
    """Return JSON that may stand in a script element: no character in it can end one, or is special in markup."""
    from markupsafe import Markup

    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    # Escaped above; everything beyond ASCII is by json.dumps.
    return Markup(text)  # noqa: S704
