"""The page of a comparison, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_support import NewPage, assert_accessible, assert_no_sideways_scroll
from comparison_support import write_results
from playwright.sync_api import expect

from harness.reports.comparison import compare_results, read_results
from harness.reports.comparison.page import write_comparison

HOSTILE = "<img src=x onerror=alert(1)></script>\x1b[31m"


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    """Write the page of a comparison in which everything changed, also by words that look like markup."""
    before = write_results(tmp_path / "before", log="Successfully installed six-1.16.0\n")
    after = write_results(
        tmp_path / "after",
        "no,yes\n0.1,0.9\n0.3,0.7\n,\n",
        log="Successfully installed six-1.17.0\n",
        verdict="failed",
        checks=[("row_count", "Rows", "failed", HOSTILE), ("fit", "Fit completes", "passed", "in 0.20 s")],
    )
    write_comparison(tmp_path / "page.html", compare_results(read_results(before), read_results(after)))
    return tmp_path / "page.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_is_readable_for_everybody(page_file: Path, new_page: NewPage, scheme: str, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(page_file.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Passed, then failed; 1 check worse; 3 of 3 rows of the output changed"
    )
    assert_no_sideways_scroll(page)
    assert_accessible(page)


def test_what_a_task_says_is_text_and_not_markup(page_file: Path, new_page: NewPage) -> None:
    page = new_page()
    page.goto(page_file.as_uri())
    expect(page.get_by_text("<img src=x onerror=alert(1)></script>\\x1b[31m")).to_be_visible()
    assert page.locator("img").count() == 0


def test_the_figures_are_on_the_page_and_the_rest_unfolds(page_file: Path, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(page_file.as_uri())
    versions = page.get_by_role("region", name="Installed versions that changed").get_by_role("row", name="six")
    expect(versions).to_have_text("six1.16.01.17.0")
    flips = page.get_by_role("region", name="Predicted labels that are others now").get_by_role("row").nth(1)
    expect(flips.get_by_role("cell")).to_have_text(["no", "yes", "1", "0"])
    expect(page.get_by_text("in 0.20 s")).to_be_hidden()
    page.get_by_text("1 checks are the same, but for seconds and sizes").click()
    expect(page.get_by_text("in 0.20 s")).to_be_visible()


def test_the_keyboard_reaches_the_theme_and_the_tables(page_file: Path, new_page: NewPage) -> None:
    page = new_page(color_scheme="light")
    page.goto(page_file.as_uri())
    page.get_by_role("button", name="Dark theme").press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="The two validations")).to_be_focused()
