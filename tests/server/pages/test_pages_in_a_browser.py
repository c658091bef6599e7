"""The pages in a real browser: from signing in to a trained model, a log that is watched, both themes, 360 px."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from browser_support import NewPage, assert_accessible, assert_no_sideways_scroll
from playwright.sync_api import Page, expect
from running_app import ENVIRONMENT, RunningApp, into_menu, made, new_blueprint, new_project, new_task
from sqlalchemy import update
from visitors import ADMIN, ANA, BEN, SMALL, Visitor, visited_app

from harness.server.live_logs import live_log
from harness.server.store import builds
from harness.server.store.tables import DependencyBuild, Model

MEAN = """
import pickle
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    Path(output_dir, "model.pkl").write_bytes(pickle.dumps(float(y.mean())))


def load_model(code_dir):
    return pickle.loads(Path(code_dir, "model.pkl").read_bytes())


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": [model] * len(data)})
"""
METADATA = "name: tried\ntype: training\ntargetType: regression\n"
DATA = "a,b,y\n" + "".join(f"{row},{row % 7},{row * 2.5}\n" for row in range(60))
# A first build of an environment, or a training, while other tests run.
PATIENCE_MS = 120_000
# Between them they have all that has a colour of its own in the dark theme.
WITH_COLOURS = ("task", "new version", "version", "file", "dependencies", "project to aim", "model")
Served = tuple[RunningApp, dict[str, Visitor]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with visited_app(tmp_path_factory.mktemp("browsed")) as given:
        yield given


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a server whose jobs wait until they are let go."""
    with visited_app(tmp_path_factory.mktemp("waiting"), has_begun=False) as given:
        yield given


def sign_in(page: Page, visitor: Visitor) -> None:
    page.goto(f"{visitor.origin}/")
    page.get_by_label("Token").fill(visitor.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Tasks", level=1)).to_be_visible()


def upload(name: str, text: str) -> dict[str, str | bytes]:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def test_from_signing_in_to_a_shared_task_with_a_trained_model(
    served: Served, browser_page: Page, new_page: NewPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, visitors = served
    page = browser_page
    sign_in(page, visitors[ANA])

    page.get_by_role("link", name="New task").click()
    page.get_by_label("Name").fill("Mean of <all>")
    page.get_by_label("Target type").select_option("Regression")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Mean of <all>", level=1)).to_be_visible()

    page.get_by_role("link", name="New version").click()
    files = [upload("custom.py", MEAN), upload("model-metadata.yaml", METADATA), upload("requirements.txt", "six\n")]
    page.get_by_label("Files", exact=True).set_input_files(files)  # type: ignore[arg-type]
    page.get_by_label("Base environment").select_option(ENVIRONMENT)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Mean of <all> 1.0")).to_be_visible()
    version = page.url

    page.get_by_role("link", name="custom.py").click()
    expect(page.locator("#L8 .k")).to_have_text("def")
    page.get_by_role("link", name="Line 8", exact=True).click()
    assert page.url.endswith("/files/custom.py#L8")
    assert page.locator("#L8").evaluate("line => line.matches(':target')")

    page.goto(version)
    page.get_by_role("link", name="1 dependency, and their build").click()
    page.get_by_role("button", name="Build", exact=True).click()
    page.evaluate("window.notReloaded = true")
    expect(page.locator("#build .status")).to_have_text("succeeded", timeout=PATIENCE_MS)
    expect(page.locator("#log-lines")).to_contain_text("build succeeded")
    assert page.evaluate("window.notReloaded")

    page.get_by_role("link", name="Projects").click()
    page.get_by_label("Name").fill("Numbers")
    page.get_by_label("Data").set_input_files(upload("numbers.csv", DATA))  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Target", exact=True).select_option("y")
    page.get_by_role("button", name="Choose").click()
    expect(page.get_by_text("Nothing has been trained yet.")).to_be_visible()

    page.goto(version)
    page.get_by_role("button", name="Train").click()
    page.evaluate("window.notReloaded = true")
    expect(page.locator("#model .status")).to_have_text("trained", timeout=PATIENCE_MS)
    assert page.evaluate("window.notReloaded")
    expect(page.get_by_role("cell", name="RMSE")).to_be_visible()
    with page.expect_download() as logs:
        page.get_by_role("link", name="Logs").click()
    assert logs.value.suggested_filename == "logs.tar.gz"
    page.get_by_role("link", name="Open the report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("passes")
    expect(page.locator("svg").first).to_be_visible()
    # Its scripts run, and reach nothing of the visitor's.
    assert page.evaluate("window.origin") == "null"
    with page.expect_download() as artifact:
        page.get_by_role("link", name="trainingArtifact.tar.gz").click()
    assert artifact.value.suggested_filename == "training-artifact.tar.gz"
    assert page.get_by_role("link", name="predictions.csv").count() == 0
    # The server's own folder.
    assert f"{tmp_path_factory.getbasetemp()}/browsed" not in page.content()

    page.goto(version)
    page.get_by_role("link", name="Mean of <all>", exact=True).click()
    page.get_by_role("link", name="Sharing").click()
    page.get_by_label("User").fill(BEN)
    page.get_by_label("Role", exact=True).select_option("USER")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_label(f"Role of {BEN}")).to_have_value("USER")

    bens = new_page(viewport={"width": 360, "height": 740}, color_scheme="dark")
    sign_in(bens, visitors[BEN])
    bens.get_by_role("link", name="Mean of <all>").click()
    expect(bens.get_by_role("link", name="1.0", exact=True)).to_be_visible()
    assert bens.get_by_role("link", name="New version").count() == 0
    bens.get_by_role("button", name="Sign out").click()
    expect(bens.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_log_is_followed_searched_and_left_alone_while_it_is_read(waiting: Served, browser_page: Page) -> None:
    running, visitors = waiting
    page = browser_page
    task = new_task(
        running.ana, {"requirements.txt": "six\n"}, baseEnvironmentId=SMALL, requiredMetadata='{"REGION": "EU"}'
    )
    version = made(running.ana.get(f"customTasks/{task}/"))["latestVersion"]["id"]
    sign_in(page, visitors[ANA])
    page.goto(f"{visitors[ANA].origin}/tasks/{task}/versions/{version}/dependencies/")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("#build .status")).to_have_text("waiting")
    with running.state.database.write() as session:
        build = session.get(DependencyBuild, version)
        assert build is not None
        job = build.job_id
        builds.note_processing(session, version, job)
    (running.state.work_folder / job).mkdir(parents=True)
    log, follow, lines = page.locator("#log"), page.get_by_label("Follow the end"), page.locator("#log-lines .line")
    with live_log(running.state, job) as progress:
        for number in range(200):
            progress.build_line(f"Collecting <package> {number}")
        expect(lines).to_have_count(200)
        log.scroll_into_view_if_needed()
        expect(page.get_by_text("Collecting <package> 199")).to_be_in_viewport()

        log.evaluate("log => log.scrollTop = 0")
        expect(follow).not_to_be_checked()
        progress.build_line("A line that comes while one reads")
        expect(lines).to_have_count(201)
        expect(page.get_by_text("Collecting <package> 0", exact=True)).to_be_in_viewport()

        page.get_by_label("Search the log").fill("PACKAGE> 17")
        expect(page.locator("#log-count")).to_have_text("11 lines")
        expect(page.locator("#log-lines .line:visible")).to_have_count(11)
        progress.build_line("Collecting <package> 17 again")
        expect(page.locator("#log-count")).to_have_text("12 lines")

        page.get_by_label("Search the log").fill("")
        follow.check()
        expect(page.get_by_text("Collecting <package> 17 again")).to_be_in_viewport()
    assert_accessible(page)
    running.begin_jobs()
    expect(page.locator("#build .status")).to_have_text("succeeded", timeout=PATIENCE_MS)
    expect(page.get_by_text("build succeeded").last).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def test_searching_finds_while_one_types(served: Served, browser_page: Page) -> None:
    running, visitors = served
    for name in ("Apples", "Pears"):
        made(running.ben.post("customTasks/", json={"name": name, "targetType": "Binary"}))
    sign_in(browser_page, visitors[BEN])
    browser_page.get_by_label("Search for").press_sequentially("pea")
    expect(browser_page.get_by_role("link", name="Apples")).to_have_count(0)
    expect(browser_page.get_by_role("link", name="Pears")).to_be_visible()
    expect(browser_page).to_have_url(f"{visitors[BEN].origin}/tasks/?searchFor=pea")


def test_everything_is_reached_by_keyboard(served: Served, browser_page: Page) -> None:
    running, visitors = served
    task = new_task(running.ana, {"custom.py": MEAN})
    page = browser_page
    page.goto(f"{visitors[ANA].origin}/tasks/{task}/")
    page.keyboard.type(visitors[ANA].token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ridge", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText.split('\\n')[0]"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", seen
    assert {"Tasks", "Projects", "Sign out", "Dark theme", "New version", "Edit", "Sharing", "Delete"} <= set(seen)


def test_without_scripts_the_pages_do_what_they_are_for(served: Served, new_page: NewPage) -> None:
    running, visitors = served
    task = new_task(
        running.ana, {"requirements.txt": "six\n"}, baseEnvironmentId=SMALL, requiredMetadata='{"REGION": "EU"}'
    )
    version = made(running.ana.get(f"customTasks/{task}/"))["latestVersion"]["id"]
    page = new_page(java_script_enabled=False)
    sign_in(page, visitors[ANA])
    page.get_by_role("searchbox").fill("ridge")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("that have")).to_be_visible()
    page.goto(f"{visitors[ANA].origin}/tasks/{task}/versions/{version}/dependencies/")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("#build .status")).to_be_visible()
    expect(page.get_by_label("Follow the end")).to_be_hidden()


@dataclass(frozen=True, slots=True)
class Filled:
    """A server with one of everything. Places are paths by what they show."""

    visitors: dict[str, Visitor]
    places: dict[str, str]


@pytest.fixture(scope="module")
def filled(waiting: Served) -> Filled:
    running, visitors = waiting
    long = "A_name_without_a_place_to_break_it_" * 4
    task = new_task(
        running.ana,
        {"custom.py": MEAN, "requirements.txt": "six>=1.16\n", f"deep/er/{long}.py": f"x = '{long}'\n", "a.bin": "\0"},
    )
    running.ana.patch(f"customTasks/{task}/", json={"name": long, "description": long, "language": "Python"})
    entry = {"username": BEN, "role": "EDITOR", "canShare": False}
    running.ana.patch(f"customTasks/{task}/accessControl/", json={"data": [entry]})
    version = made(running.ana.get(f"customTasks/{task}/"))["latestVersion"]["id"]
    project, aim = new_project(running.ana, DATA, target="y", name=long), new_project(running.ana, DATA, name="To aim")
    into_menu(running.ana, project, new_blueprint(running.ana, task))
    ana = visitors[ANA]
    ana.sign_in()
    model = ana.send(f"/tasks/{task}/versions/{version}/train/", {"projectId": project}).headers["Location"]
    metrics = {"RMSE": {"validation": None, "training": 12.5}}
    with running.state.database.write() as session:
        changes = {"status": "error", "message": f"It failed. {long}", "metrics": metrics}
        session.execute(update(Model).where(Model.project_id == project).values(**changes))
    of_task, of_version = f"/tasks/{task}/", f"/tasks/{task}/versions/{version}/"
    ana.send(f"{of_version}dependencies/build/")
    return Filled(
        visitors,
        {
            "tasks": "/tasks/",
            "no tasks": "/tasks/?searchFor=nothing",
            "new task": "/tasks/new/",
            "task": of_task,
            "edit": f"{of_task}edit/",
            "delete": f"{of_task}delete/",
            "sharing": f"{of_task}sharing/",
            "new version": f"{of_task}versions/new/",
            "version": of_version,
            "file": f"{of_version}files/custom.py",
            "long lines": f"{of_version}files/deep/er/{long}.py",
            "binary": f"{of_version}files/a.bin",
            "dependencies": f"{of_version}dependencies/",
            "projects": "/projects/",
            "project": f"/projects/{project}/",
            "project to aim": f"/projects/{aim}/",
            "delete project": f"/projects/{project}/delete/",
            "trainings": "/trainings/",
            "model": model,
            "delete model": f"{model}delete/",
        },
    )


def test_every_page_is_accessible_in_both_themes_and_fits_a_telephone(filled: Filled, new_page: NewPage) -> None:
    page = new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page.goto(f"{filled.visitors[ANA].origin}/sign-in/")
    assert_accessible(page)
    sign_in(page, filled.visitors[ANA])
    for name, path in filled.places.items():
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(f"{filled.visitors[ANA].origin}{path}")
        assert_accessible(page)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 360, "height": 740})
        assert_no_sideways_scroll(page)
        if name in WITH_COLOURS:
            assert_accessible(page)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, filled.visitors[ADMIN])
    page.get_by_role("link", name="Users").click()
    page.get_by_label("Name").fill("eva@example.com")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("shown this once")).to_be_visible()
    assert_no_sideways_scroll(page)
    assert_accessible(page)


def test_the_theme_is_chosen_and_remembered(served: Served, browser_page: Page) -> None:
    page = browser_page
    sign_in(page, served[1][ANA])
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate(colour)
    assert dark != "rgb(255, 255, 255)"
    page.get_by_role("link", name="Projects").click()
    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
    assert page.evaluate(colour) == dark
