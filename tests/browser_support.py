"""Pages in a real headless Chromium, for the tests of what people look at."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

TOOL = Path(__file__).parents[1] / "tools" / "prepare_browser"
# Of axe-core's four; `minor` and `moderate` are matters of taste.
SERIOUS = ("serious", "critical")

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a headless Chromium of this machine.

    One a module: while playwright is on, its event loop runs in this thread, and other tests could start none.
    """
    found = subprocess.run([TOOL, "--find"], check=True, capture_output=True, text=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found.stdout.strip(),
            # Root may not use Chromium's own sandbox, and containers have little shared memory.
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Give a function that opens a page in a profile of its own; options are playwright's of a new context.

    At the end the test fails where a page wrote an error to its console, raised one, or asked another machine for
    something.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(**options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: errors.append(request.url) if is_elsewhere(request.url) else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def browser_page(new_page: NewPage) -> Page:
    """Give a page of 1280 x 800 in the light theme, under the conditions of `new_page`."""
    return new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")


def is_elsewhere(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "http://localhost:", "file:", "data:", "blob:", "about:"))


def assert_accessible(page: Page) -> None:
    """Fail where axe-core has serious findings on the page as it stands, and name the rules and the elements."""
    found = Axe().run(page).response["violations"]
    serious = [
        f"{violation['id']}: {violation['help']}: {', '.join(node['html'][:200] for node in violation['nodes'])}"
        for violation in found
        if violation["impact"] in SERIOUS
    ]
    assert serious == []


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail where the page is wider than its window."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
