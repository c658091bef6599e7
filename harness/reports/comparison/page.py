"""A comparison as one HTML file that stands alone; nothing on it needs a script but the choice of the theme."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError
from harness.reports.comparison import wording
from harness.reports.comparison.model import Comparison
from harness.reports.console import printable
from harness.reports.page.templating import template_environment
from harness.version import __version__

ROOM = Path(__file__).parent
# More columns than this are counted, not listed.
MOST_COLUMNS = 50


def write_comparison(file: Path, comparison: Comparison) -> None:
    """Write the page; raises HarnessError where the file cannot be written."""
    text = render_comparison(comparison)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HarnessError(
            f"cannot be written: {error.strerror}", file=str(file), remedy="Choose another --html."
        ) from error


def render_comparison(comparison: Comparison) -> str:
    """Return the page's HTML. What comes from the task is escaped, control characters are spelled out."""
    template = template_environment(ROOM).get_template("comparison.html")
    distances = comparison.output.distances
    return template.render(
        comparison=comparison,
        words=wording,
        shown=lambda text: printable(str(text)) if text is not None else "none",
        most=max((distance.values for distance in distances), default=1),
        most_columns=MOST_COLUMNS,
        version=__version__,
    )
