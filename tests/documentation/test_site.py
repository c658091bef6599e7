"""The documentation as a site: built without warnings, searched, looked at in both themes, all without a network."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser_support import NewPage, assert_accessible, assert_no_sideways_scroll
from documentation_pages import CHECKOUT
from playwright.sync_api import Page, expect

# One of each kind: words, commands with output, tables made from the code, signatures.
PAGES = ("index.html", "tutorial/first-task.html", "reference/checks.html", "reference/python.html")


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the built site; whatever MkDocs warns of, a dead link or anchor too, is an error.

    Built without a way to any other machine: what a page needs lies in the site.
    """
    folder = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=CHECKOUT,
        env={**os.environ, **nowhere, "NO_PROXY": "", "no_proxy": "", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Give the address of the site on a server of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def on_screen(browser_page: Page, address: str) -> Page:
    browser_page.goto(f"{address}/index.html")
    return browser_page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_can_be_read_by_everybody(new_page: NewPage, address: str, name: str, theme: str) -> None:
    page = new_page(viewport={"width": 1280, "height": 800}, color_scheme=theme)
    page.goto(f"{address}/{name}")
    expect(page.locator("article h1")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_telephone(new_page: NewPage, address: str, name: str) -> None:
    page = new_page(viewport={"width": 360, "height": 740}, color_scheme="light")
    page.goto(f"{address}/{name}")
    expect(page.locator("article h1")).to_be_visible()
    assert_no_sideways_scroll(page)


def test_the_search_finds_a_check(on_screen: Page) -> None:
    search(on_screen, "batch_independence")
    on_screen.locator('.md-search-result__link[href*="#batch_independence"]').click()
    expect(on_screen).to_have_url(re.compile(r"checks\.html.*#batch_independence$"))


def test_the_search_works_where_the_pages_are_opened_as_files(browser_page: Page, site: Path) -> None:
    browser_page.goto((site / "index.html").as_uri())
    search(browser_page, "yanked_version")
    expect(browser_page.locator('.md-search-result__link[href*="#yanked_version"]')).to_be_visible()


def test_the_theme_can_be_changed(on_screen: Page) -> None:
    on_screen.get_by_title("Dark").click()
    expect(on_screen.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    on_screen.get_by_title("Light").click()
    expect(on_screen.locator("body")).to_have_attribute("data-md-color-scheme", "default")


def test_the_reference_is_made_from_the_code(site: Path) -> None:
    texts = {
        "commands": ["harness validate [OPTIONS] TASK...", "--sparse-column-file PATH", "harness envs new"],
        "checks": ["Output independent of the batch", "Ends in passed or warning.", 'href="#stable_columns"'],
        "rest-api": ["POST /api/v2/customTasks/fromCustomTask/", "orderBy", "outboundNetworkPolicy"],
        "report-json": ["peakMemoryBytes", "trainingArtifact"],
        "python": ["strict_validation", "exit_code"],
    }
    for page, expected in texts.items():
        text = html.unescape((site / "reference" / f"{page}.html").read_text(encoding="utf-8"))
        assert [words for words in expected if words not in text] == [], page


def search(page: Page, words: str) -> None:
    page.keyboard.press("/")
    found = page.locator(".md-search-result__meta")
    expect(found).to_have_text("Type to start searching", timeout=30_000)
    page.get_by_role("textbox", name="Search").press_sequentially(words)
    expect(found).to_contain_text("matching document", timeout=30_000)
