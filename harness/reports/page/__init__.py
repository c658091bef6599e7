"""The report as a page for people: `collecting` draws and quotes a validation, `rendering` writes the HTML."""

from harness.reports.page.collecting import Drawing
from harness.reports.page.model import Page
from harness.reports.page.rendering import write_page

__all__ = ["Drawing", "Page", "write_page"]
