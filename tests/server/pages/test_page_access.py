"""Who may see and do what on the pages: the same as by the API, for every page and every form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from fastapi.routing import APIRoute
from running_app import ENVIRONMENT, RunningApp, made, new_project, new_task
from sqlalchemy import update
from visitors import ADMIN, ANA, BEN, Visitor, visited_app

from harness.server.pages.views import VIEWS
from harness.server.store.tables import Model

EDITORS = ("OWNER", "EDITOR")
READERS = ("CONSUMER",)
DATA = "a,b,y\n" + "".join(f"{row},{row % 7},{row * 2.5}\n" for row in range(30))

T = "/tasks/{customTaskId}/"
V = "/tasks/{customTaskId}/versions/{customTaskVersionId}/"
P = "/projects/{projectId}/"
M = "/projects/{projectId}/models/{modelId}/"
NEW_VERSION = {"isMajorUpdate": "true", "baseEnvironmentId": ENVIRONMENT}
FILE = {"file": ("custom.py", b"x = 1\n")}


class Action(NamedTuple):
    """A page that is asked for or a form that is sent, and what it answers each kind of visitor."""

    method: str
    template: str
    fields: dict[str, str]
    first: int
    second: int
    third: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.template


# Of a task, for who may edit, who may look, and who has no role. It has no requirements, so that there is nothing to
# build (422), and the project to train in is not theirs (404).
OF_TASKS = (
    Action("GET", T, {}, 200, 200, 404),
    Action("GET", f"{T}edit/", {}, 200, 403, 404),
    Action("POST", f"{T}edit/", {"name": "Changed"}, 303, 403, 404),
    Action("GET", f"{T}delete/", {}, 200, 403, 404),
    Action("GET", f"{T}sharing/", {}, 200, 200, 404),
    Action("POST", f"{T}sharing/", {"username": ADMIN, "role": "OBSERVER"}, 403, 403, 404),
    Action("GET", f"{T}versions/new/", {}, 200, 403, 404),
    Action("POST", f"{T}versions/new/", NEW_VERSION, 303, 403, 404),
    Action("GET", V, {}, 200, 200, 404),
    Action("GET", f"{V}download/", {}, 200, 200, 404),
    Action("GET", f"{V}files/{{path:path}}", {}, 200, 200, 404),
    Action("GET", f"{V}dependencies/", {}, 200, 200, 404),
    Action("GET", f"{V}dependencies/news/", {}, 200, 200, 404),
    Action("GET", f"{V}dependencies/log/", {}, 422, 422, 404),
    Action("POST", f"{V}dependencies/build/", {}, 422, 403, 404),
    Action("POST", f"{V}dependencies/cancel/", {}, 422, 403, 404),
    Action("POST", f"{V}train/", {}, 404, 404, 404),
    # Ana's; who may edit the task may delete it, too. After it the task can go.
    Action("POST", f"{T}blueprints/{{userBlueprintId}}/delete/", {}, 303, 404, 404),
    Action("POST", f"{T}delete/", {}, 303, 403, 404),
)
# Of Ana's project, for her and for anybody else.
OF_PROJECTS = (
    Action("GET", P, {}, 200, 404),
    Action("POST", f"{P}target/", {"target": "y"}, 422, 404),
    Action("GET", M, {}, 200, 404),
    Action("GET", f"{M}news/", {}, 200, 404),
    # The API, too, says 403 for a model's files alone.
    Action("GET", f"{M}report.html", {}, 200, 403),
    Action("GET", f"{M}logs.tar.gz", {}, 404, 403),
    Action("GET", f"{M}trainingArtifact.tar.gz", {}, 404, 403),
    Action("POST", f"{M}cancel/", {}, 303, 404),
    Action("GET", f"{M}delete/", {}, 200, 404),
    Action("POST", f"{M}delete/", {}, 303, 404),
    Action("GET", f"{P}delete/", {}, 200, 404),
    Action("POST", f"{P}delete/", {}, 303, 404),
)
# For the first user, and for any other.
OF_EVERYBODY = (
    Action("GET", "/tasks/", {}, 200, 200),
    Action("GET", "/tasks/new/", {}, 200, 200),
    Action("POST", "/tasks/new/", {"name": "New", "targetType": "Binary"}, 303, 303),
    Action("GET", "/projects/", {}, 200, 200),
    Action("POST", "/projects/", {}, 303, 303),
    Action("GET", "/trainings/", {}, 200, 200),
    Action("GET", "/users/", {}, 200, 403),
    Action("POST", "/users/", {"username": "eva@example.com"}, 200, 403),
    Action("POST", "/users/new-token/", {"username": "eva@example.com"}, 200, 403),
)
WITHOUT_SESSION = {("GET", "/sign-in/"), ("POST", "/sign-in/")}
ALL = (*OF_TASKS, *OF_PROJECTS, *OF_EVERYBODY)
# It ends the session, and has a test of its own.
ENDING = ("POST", "/sign-out/")


@dataclass(frozen=True, slots=True)
class Place:
    """A task of Ana's with a version and a user blueprint, and a project of hers with a model that waits."""

    task: str
    version: str
    blueprint: str
    project: str
    model: str

    def path(self, template: str) -> str:
        news = "?job=0&position=0" if "/dependencies/news/" in template else ""
        return (
            template.replace("{customTaskId}", self.task)
            .replace("{customTaskVersionId}", self.version)
            .replace("{path:path}", "custom.py")
            .replace("{userBlueprintId}", self.blueprint)
            .replace("{projectId}", self.project)
            .replace("{modelId}", self.model)
        ) + news


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, dict[str, Visitor]]]:
    """Give a server whose jobs wait for ever, and three visitors who are signed in."""
    with visited_app(tmp_path_factory.mktemp("pages"), has_begun=False) as (running, visitors):
        for visitor in visitors.values():
            assert visitor.sign_in().status_code == 303
        yield running, visitors


@pytest.fixture
def place(served: tuple[RunningApp, dict[str, Visitor]]) -> Place:
    running, visitors = served
    task = new_task(running.ana, {"custom.py": "x = 1\n"})
    version = made(running.ana.get(f"customTasks/{task}/"))["latestVersion"]["id"]
    project = new_project(running.ana, DATA, target="y")
    trained = visitors[ANA].send(f"/tasks/{task}/versions/{version}/train/", {"projectId": project})
    assert trained.status_code == 303
    model = trained.headers["Location"].split("/")[-2]
    with running.state.database.write() as session:
        report = running.state.contents.put_bytes(b"<!doctype html><title>Report</title>")
        session.execute(update(Model).where(Model.id == model).values(report_sha256=report.sha256, status="error"))
    blueprint = made(
        running.ana.post("userBlueprints/fromCustomTaskVersionId/", json={"customTaskVersionId": version})
    )["userBlueprintId"]
    with running.state.database.write() as session:
        # As it was before: a model that failed does not keep a task from being deleted.
        session.execute(update(Model).where(Model.id == model).values(status="queue"))
    return Place(task, version, blueprint, project, model)


def answer(visitor: Visitor, place: Place, action: Action) -> int:
    template = action.template
    path = place.path(template)
    if action.method == "GET":
        return visitor.see(path).status_code
    files = FILE if template.endswith("versions/new/") else {}
    if template == "/projects/":
        files = {"file": ("data.csv", DATA.encode())}
    given = {"projectId": place.project} if template.endswith("train/") else {}
    return visitor.send(path, {**action.fields, **given}, **files).status_code


def share(running: RunningApp, task: str, role: str) -> None:
    entry = {"username": BEN, "role": role, "canShare": False}
    assert running.ana.patch(f"customTasks/{task}/accessControl/", json={"data": [entry]}).status_code == 204


def test_every_page_and_form_is_in_the_tables() -> None:
    routes = [route for view in VIEWS for route in view.routes if isinstance(route, APIRoute)]
    served = {(method, route.path) for route in routes for method in route.methods or ()}
    told = {action.key for action in ALL}
    assert told | WITHOUT_SESSION | {ENDING} == served


@pytest.mark.parametrize("role", ["OWNER", "EDITOR", "CONSUMER", None])
def test_a_role_allows_on_the_pages_what_it_allows_by_the_api(
    served: tuple[RunningApp, dict[str, Visitor]], place: Place, role: str | None
) -> None:
    running, visitors = served
    # A model that waits keeps the task from being deleted.
    assert visitors[ANA].send(place.path(f"{M}delete/")).status_code == 303
    if role is not None:
        share(running, place.task, role)
    column = "first" if role in EDITORS else "second" if role in READERS else "third"
    expected = {action.key: getattr(action, column) for action in OF_TASKS}
    assert {action.key: answer(visitors[BEN], place, action) for action in OF_TASKS} == expected
    remaining = running.ana.get(f"customTasks/{place.task}/")
    assert remaining.status_code == (404 if role in EDITORS else 200)
    assert remaining.status_code == 404 or remaining.json()["name"] == "Ridge"


def test_the_first_user_has_no_role_on_others_tasks(
    served: tuple[RunningApp, dict[str, Visitor]], place: Place
) -> None:
    _, visitors = served
    assert {answer(visitors[ADMIN], place, action) for action in OF_TASKS} == {404}
    assert place.task not in visitors[ADMIN].see("/tasks/").text


def test_a_project_is_there_for_its_owner_alone(served: tuple[RunningApp, dict[str, Visitor]], place: Place) -> None:
    _, visitors = served
    for name in (BEN, ADMIN):
        found = {action.key: answer(visitors[name], place, action) for action in OF_PROJECTS}
        assert found == {action.key: action.second for action in OF_PROJECTS}
        assert place.model not in visitors[name].see("/trainings/").text
    found = {action.key: answer(visitors[ANA], place, action) for action in OF_PROJECTS}
    assert found == {action.key: action.first for action in OF_PROJECTS}


def test_users_are_seen_to_by_the_first_user_alone(served: tuple[RunningApp, dict[str, Visitor]], place: Place) -> None:
    _, visitors = served
    found = {action.key: answer(visitors[BEN], place, action) for action in OF_EVERYBODY}
    assert found == {action.key: action.second for action in OF_EVERYBODY}
    found = {action.key: answer(visitors[ADMIN], place, action) for action in OF_EVERYBODY}
    assert found == {action.key: action.first for action in OF_EVERYBODY}


def test_who_is_not_signed_in_is_asked_to(served: tuple[RunningApp, dict[str, Visitor]], place: Place) -> None:
    _, visitors = served
    visitor = visitors[BEN]
    origin = {"Origin": visitor.origin, "Cookie": ""}
    for action in ALL:
        path = place.path(action.template)
        told = visitor.browser.request(action.method, path, headers=origin)
        assert (told.status_code, told.headers["Location"].split("?")[0]) == (303, "/sign-in/"), path


def test_nothing_is_done_for_another_site_or_without_the_forms_token(
    served: tuple[RunningApp, dict[str, Visitor]], place: Place
) -> None:
    running, visitors = served
    ana = visitors[ANA]
    token = ana.form_token()
    forms = [(action.template, action.fields) for action in ALL if action.method == "POST"]
    for template, fields in [*forms, ("/sign-out/", {})]:
        path = place.path(template)
        is_upload = path.endswith("versions/new/") or path == "/projects/"
        files = {"file": ("a.txt", b"a")} if is_upload else None
        for headers, sent in (
            ({}, token),
            ({"Origin": "null"}, token),
            ({"Origin": "https://elsewhere.example"}, token),
            ({"Origin": f"{ana.origin}0"}, token),
            ({"Origin": ana.origin}, "0" * 64),
            ({"Origin": ana.origin}, ""),
        ):
            told = ana.browser.post(path, data={**fields, "formToken": sent}, files=files, headers=headers)
            assert told.status_code == 403, (path, headers, sent)
    task = made(running.ana.get(f"customTasks/{place.task}/"))
    assert task["name"] == "Ridge"
    assert task["latestVersion"]["id"] == place.version
    assert ana.see("/tasks/").status_code == 200
