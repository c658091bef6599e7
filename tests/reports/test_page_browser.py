"""report.html of real validations in a real browser: what a person sees, clicks and finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser_support import NewPage, assert_accessible, assert_no_sideways_scroll
from playwright.sync_api import Page, expect

import harness

SAMPLES = Path(__file__).parents[2] / "sample_tasks"
TASKS = {
    "passing binary": SAMPLES / "binary_functions",
    "failed check": SAMPLES / "broken" / "batch_dependent",
    "failed build": SAMPLES / "broken" / "unknown_package",
    "regression": SAMPLES / "regression_functions",
    "transform": SAMPLES / "transform_imputer_class",
}


@pytest.fixture(scope="module")
def report_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Give a function that returns the address of a task's report.html, validated once."""
    addresses: dict[str, str] = {}

    def address(name: str) -> str:
        if name not in addresses:
            output = tmp_path_factory.mktemp(name.replace(" ", "-"))
            harness.validate(TASKS[name], backend="venv", output=output)
            addresses[name] = (output / "report.html").as_uri()
        return addresses[name]

    return address


def shown(page: Page) -> None:
    """Wait until every chart in an open part of the page is drawn."""
    page.wait_for_function(
        "[...document.querySelectorAll('[data-chart]')].every(chart => !chart.clientWidth || chart.childElementCount)"
    )


@pytest.mark.parametrize("name", TASKS)
def test_a_report_is_accessible_and_fits_a_narrow_window(
    name: str, report_of: Callable[[str], str], browser_page: Page
) -> None:
    browser_page.goto(report_of(name))
    # What is folded is judged too.
    browser_page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    shown(browser_page)
    assert_accessible(browser_page)
    browser_page.emulate_media(color_scheme="dark")
    assert_accessible(browser_page)
    browser_page.set_viewport_size({"width": 360, "height": 740})
    assert_no_sideways_scroll(browser_page)


def test_a_passing_task_is_told_at_the_top_with_its_curves_below(
    report_of: Callable[[str], str], browser_page: Page
) -> None:
    browser_page.goto(report_of("passing binary"))
    expect(browser_page.get_by_role("heading", level=1)).to_have_text(
        "“Logistic regression” passes: the platform would build, train and score with it."
    )
    for title in ("ROC curve", "Precision and recall", "Calibration"):
        chart = browser_page.get_by_role("img", name=title)
        expect(chart.locator("svg path[fill=none], svg path[stroke]").first).to_be_visible()
    expect(browser_page.get_by_role("region", name="Confusion matrix, table")).to_contain_text("malignant")
    expect(browser_page.get_by_role("link", name="logs.tar.gz")).to_have_attribute("href", "logs.tar.gz")


def test_a_failed_check_is_open_and_plots_the_rows_that_differ(
    report_of: Callable[[str], str], browser_page: Page
) -> None:
    browser_page.goto(report_of("failed check"))
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text(
        "fails the check “Output independent of the batch”."
    )
    expect(browser_page.locator(".verdict .fix")).to_contain_text("Learn means, scales, categories")
    check = browser_page.locator("#check-batch_independence")
    expect(check).to_have_attribute("open", "")
    dots = check.get_by_role("img", name="“Predictions” in one batch and in another").locator("svg circle")
    expect(dots).to_have_count(20)


def test_a_passed_check_opens_and_closes_with_the_keyboard(report_of: Callable[[str], str], browser_page: Page) -> None:
    browser_page.goto(report_of("passing binary"))
    group = browser_page.locator(".check-group > summary", has_text="Passed")
    group.focus()
    browser_page.keyboard.press("Enter")
    browser_page.keyboard.press("Tab")
    first = browser_page.locator("#check-task_files > summary")
    expect(first).to_be_focused()
    browser_page.keyboard.press("Enter")
    expect(browser_page.locator("#check-task_files .check-body")).to_be_visible()
    browser_page.keyboard.press("Enter")
    expect(browser_page.locator("#check-task_files .check-body")).to_be_hidden()


def test_the_first_tab_leads_past_the_links_at_the_top(report_of: Callable[[str], str], browser_page: Page) -> None:
    browser_page.goto(report_of("passing binary"))
    browser_page.keyboard.press("Tab")
    expect(browser_page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(browser_page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()


def test_the_evidence_of_a_failed_build_leads_to_its_line_in_the_log(
    report_of: Callable[[str], str], browser_page: Page
) -> None:
    browser_page.goto(report_of("failed build"))
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text("its dependencies do not install")
    evidence = browser_page.locator(".evidence a").first
    target = evidence.get_attribute("href")
    assert target is not None
    # Closed, so that the link has to open it.
    browser_page.locator("summary", has_text="build.log").click()
    expect(browser_page.locator(target)).to_be_hidden()
    evidence.click()
    expect(browser_page.locator(target)).to_be_in_viewport()
    expect(browser_page.locator(target)).to_have_class("evidence")


def test_the_search_finds_lines_in_closed_logs_and_steps_through_them(
    report_of: Callable[[str], str], browser_page: Page
) -> None:
    browser_page.goto(report_of("passing binary"))
    search = browser_page.get_by_role("searchbox", name="Search the logs")
    told = browser_page.locator(".log-search output")
    search.fill("no such line anywhere")
    expect(told).to_have_text("Nothing found")
    search.fill("STAGE")
    expect(told).to_have_text("8 lines")
    search.press("Enter")
    expect(told).to_have_text("1 of 8")
    expect(browser_page.locator("#fit-L1")).to_be_in_viewport()
    search.press("Enter")
    expect(told).to_have_text("2 of 8")
    browser_page.get_by_role("button", name="Previous").click()
    browser_page.get_by_role("button", name="Previous").click()
    expect(told).to_have_text("8 of 8")
    expect(browser_page.locator("#robustness-L2")).to_be_in_viewport()


def test_the_theme_is_the_systems_until_one_is_chosen_and_is_then_remembered(
    report_of: Callable[[str], str], new_page: NewPage
) -> None:
    page = new_page(color_scheme="dark")
    page.goto(report_of("regression"))
    button = page.get_by_role("button", name="Dark theme")
    paper = "getComputedStyle(document.body).backgroundColor"
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(paper) == "rgb(22, 24, 27)"
    button.click()
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"


def test_a_regression_shows_predicted_and_actual_and_the_residuals(
    report_of: Callable[[str], str], browser_page: Page
) -> None:
    browser_page.goto(report_of("regression"))
    expect(browser_page.get_by_role("img", name="Predicted and actual").locator("circle")).to_have_count(200)
    expect(browser_page.get_by_role("img", name="Residuals. ").locator("rect").first).to_be_visible()


def test_a_transform_shows_each_column_before_and_after(report_of: Callable[[str], str], browser_page: Page) -> None:
    browser_page.goto(report_of("transform"))
    chart = browser_page.locator("#output").get_by_role("img", name="mean radius. ")
    expect(chart.locator("svg")).to_have_count(2)
    expect(chart.locator(".side")).to_have_text(["before", "after"])


def test_without_scripts_the_texts_and_tables_are_there(report_of: Callable[[str], str], new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(report_of("passing binary"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("passes")
    expect(page.get_by_text("Area under the curve:")).to_be_visible()
    page.locator("#output details", has_text="ROC curve").locator("summary").click()
    expect(page.get_by_role("region", name="ROC curve, table")).to_contain_text("True positive rate")
    expect(page.get_by_role("button", name="Dark theme")).to_be_hidden()
