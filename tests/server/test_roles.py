"""Who may do what with a task, by each role and each operation; and how roles are given and taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from started_programs import PATIENCE_SECONDS, Served

EDITORS = ("OWNER", "ADMIN", "READ_WRITE", "EDITOR", "DATA_SCIENTIST")
READERS = ("USER", "READ_ONLY", "CONSUMER", "OBSERVER")
ENVIRONMENT = "67a554bbfbef3a4ce2ab6700"
NOBODY = "0123456789abcdef01234567"
ANA = "admin@localhost"
BEN = "ben@example.com"
EVA = "eva@example.com"
FORM: Any = [
    ("isMajorUpdate", (None, b"true")),
    ("baseEnvironmentId", (None, ENVIRONMENT.encode())),
    ("file", ("a.txt", b"a")),
    ("filePath", (None, b"a.txt")),
]
# What each operation answers to those who may do it on a task without requirements, and to those who may only read.
T = "customTasks/{task}/"
V = "customTasks/{task}/versions/{version}/"
OPERATIONS: tuple[tuple[str, str, dict[str, Any], int, int], ...] = (
    ("GET", T, {}, 200, 200),
    ("GET", f"{T}download/", {}, 200, 200),
    ("GET", f"{T}accessControl/", {}, 200, 200),
    ("GET", f"{T}versions/", {}, 200, 200),
    ("GET", V, {}, 200, 200),
    ("GET", f"{V}download/", {}, 200, 200),
    ("GET", f"{V}dependencyBuild/", {}, 422, 422),
    ("GET", f"{V}dependencyBuildLog/", {}, 422, 422),
    ("PATCH", T, {"json": {"description": "changed"}}, 201, 403),
    ("PATCH", V, {"json": {"description": "changed"}}, 200, 404),
    ("POST", f"{V}dependencyBuild/", {}, 422, 403),
    ("DELETE", f"{V}dependencyBuild/", {}, 422, 403),
    ("POST", f"{T}versions/fromRepository/", {"json": {"repositoryId": NOBODY}}, 422, 403),
    ("PATCH", f"{T}versions/fromRepository/", {"json": {"repositoryId": NOBODY}}, 422, 403),
    ("POST", f"{T}versions/", {"files": FORM}, 201, 403),
    ("PATCH", f"{T}versions/", {"files": FORM}, 201, 403),
    ("PATCH", f"{T}accessControl/", {"json": {"data": [{"username": EVA, "role": "CONSUMER"}]}}, 403, 403),
    ("DELETE", T, {}, 204, 403),
)


@pytest.fixture(scope="module")
def ben(server: Served) -> Iterator[httpx.Client]:
    with another_user(server, BEN) as client:
        yield client


@pytest.fixture(scope="module")
def eva(server: Served) -> Iterator[httpx.Client]:
    """Give the client of a user who may not create tasks."""
    with another_user(server, EVA, "--no-create-tasks") as client:
        yield client


def another_user(server: Served, name: str, *options: str) -> httpx.Client:
    token = server.admin("user", name, *options)["token"]
    headers = {"Authorization": f"Token {token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE_SECONDS)


@pytest.fixture
def task(api: httpx.Client) -> str:
    """Give a task of Ana's with one version."""
    made: str = api.post("customTasks/", json={"name": "Shared", "targetType": "Regression"}).json()["id"]
    assert api.post(f"customTasks/{made}/versions/", files=FORM).status_code == 201
    return made


def share(client: httpx.Client, task: str, *entries: tuple[str, str | None] | tuple[str, str | None, bool]) -> int:
    """Change roles and return the status: (user, role) or (user, role, whether they may share)."""
    data: list[dict[str, Any]] = [{"username": entry[0], "role": entry[1]} for entry in entries]
    for given, entry in zip(data, entries, strict=True):
        if len(entry) == 3:
            given["canShare"] = entry[2]
    answer = client.patch(f"customTasks/{task}/accessControl/", json={"data": data})
    assert answer.status_code == 204 or answer.json()["message"]
    return answer.status_code


def roles(client: httpx.Client, task: str) -> dict[str, str]:
    data = client.get(f"customTasks/{task}/accessControl/").json()["data"]
    return {entry["username"]: entry["role"] for entry in data}


def answers(client: httpx.Client, task: str, version: str) -> dict[str, int]:
    return {
        f"{method} {path}": client.request(method, path.format(task=task, version=version), **more).status_code
        for method, path, more, _, _ in OPERATIONS
    }


@pytest.mark.parametrize("role", [*EDITORS, *READERS])
def test_a_role_allows_what_it_says(
    api: httpx.Client, ben: httpx.Client, eva: httpx.Client, task: str, role: str
) -> None:
    version = api.get(f"customTasks/{task}/").json()["latestVersion"]["id"]
    assert share(api, task, (BEN, role, False)) == 204
    expected = {f"{method} {path}": edits if role in EDITORS else reads for method, path, _, edits, reads in OPERATIONS}
    assert answers(ben, task, version) == expected
    # A copy needs the right to read alone, and belongs to who made it.
    assert eva.get(f"customTasks/{task}/").status_code == 404


def test_without_a_role_a_task_is_not_there(api: httpx.Client, ben: httpx.Client, task: str) -> None:
    version = api.get(f"customTasks/{task}/").json()["latestVersion"]["id"]
    assert set(answers(ben, task, version).values()) == {404}
    assert ben.post("customTasks/fromCustomTask/", json={"customTaskId": task}).status_code == 404
    assert task not in ben.get("customTasks/").text
    assert api.get(f"customTasks/{task}/").json()["description"] == ""


def test_a_task_is_judged_before_its_body(ben: httpx.Client, task: str) -> None:
    assert ben.post(f"customTasks/{task}/versions/", content=b"no form").status_code == 404


@pytest.mark.parametrize("role", ["OBSERVER", "OWNER"])
def test_a_copy_belongs_to_who_made_it(api: httpx.Client, ben: httpx.Client, task: str, role: str) -> None:
    share(api, task, (BEN, role))
    copy = ben.post("customTasks/fromCustomTask/", json={"customTaskId": task})
    assert copy.status_code == 201
    assert copy.json()["createdBy"] == BEN
    assert roles(ben, copy.json()["id"]) == {BEN: "OWNER"}
    assert api.get(f"customTasks/{copy.json()['id']}/").status_code == 404


def test_who_may_not_create_tasks_may_not_copy_them_either(api: httpx.Client, eva: httpx.Client, task: str) -> None:
    assert share(api, task, (EVA, "OWNER")) == 204
    new = {"name": "Mine", "targetType": "Regression"}
    for path, body in (("customTasks/", new), ("customTasks/fromCustomTask/", {"customTaskId": task})):
        answer = eva.post(path, json=body)
        assert answer.status_code == 403
        assert "creation is not enabled" in answer.json()["message"]
    assert eva.get("customTasks/").json()["totalCount"] == 1
    assert eva.patch(f"customTasks/{task}/", json={"name": "Edited"}).status_code == 201


def test_who_may_share_gives_up_to_their_own_role(
    api: httpx.Client, ben: httpx.Client, eva: httpx.Client, task: str
) -> None:
    assert share(api, task, (BEN, "EDITOR", True)) == 204
    assert share(ben, task, (EVA, "OWNER")) == 403
    assert share(ben, task, (BEN, "OWNER")) == 403
    assert share(ben, task, (ANA, "READ_ONLY")) == 403
    assert share(ben, task, (ANA, None)) == 403
    assert share(ben, task, (EVA, "EDITOR", True)) == 204
    assert share(eva, task, (BEN, "CONSUMER")) == 204
    # Changing a role takes the right to share where it is not given again.
    assert share(ben, task, (EVA, "CONSUMER")) == 403
    assert roles(api, task) == {ANA: "OWNER", BEN: "CONSUMER", EVA: "EDITOR"}


def test_who_may_only_read_may_share_that(api: httpx.Client, ben: httpx.Client, task: str, eva: httpx.Client) -> None:
    assert share(api, task, (BEN, "READ_ONLY", True)) == 204
    assert share(ben, task, (EVA, "EDITOR")) == 403
    assert share(ben, task, (EVA, "OBSERVER")) == 204
    assert eva.get(f"customTasks/{task}/").status_code == 200


@pytest.mark.parametrize("nothing", [None, "NO_ROLE"])
def test_a_role_is_taken_and_one_may_leave(
    api: httpx.Client, ben: httpx.Client, task: str, nothing: str | None
) -> None:
    for client in (api, ben):
        assert share(api, task, (BEN, "READ_ONLY")) == 204
        assert share(client, task, (BEN, nothing)) == 204
        assert ben.get(f"customTasks/{task}/").status_code == 404


@pytest.mark.parametrize("role", [None, "NO_ROLE", "ADMIN", "USER"])
def test_the_last_owner_stays(api: httpx.Client, ben: httpx.Client, task: str, role: str | None) -> None:
    assert share(api, task, (BEN, "EDITOR"), (ANA, role)) == 409
    assert roles(api, task) == {ANA: "OWNER"}
    assert ben.get(f"customTasks/{task}/").status_code == 404


def test_ownership_is_handed_over_in_one_request(api: httpx.Client, ben: httpx.Client, task: str) -> None:
    assert share(api, task, (ANA, None), (BEN, "OWNER")) == 204
    assert api.get(f"customTasks/{task}/").status_code == 404
    assert roles(ben, task) == {BEN: "OWNER"}
    # A task keeps the name of who created it.
    assert ben.get(f"customTasks/{task}/").json()["createdBy"] == ANA


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        pytest.param(
            [{"username": BEN, "role": "EDITOR"}, {"username": "x", "role": "USER"}], "no user 'x'", id="user"
        ),
        pytest.param([{"username": BEN, "role": "EDITOR"}] * 2, "twice", id="twice"),
        pytest.param([{"username": BEN, "role": "EDITOR"}] * 101, "100", id="101-entries"),
        pytest.param([{"username": BEN, "role": "owner"}], "role", id="lower-case"),
        pytest.param([{"username": BEN, "role": ""}], "role", id="empty-role"),
        pytest.param([{"username": BEN}], "role", id="no-role"),
        pytest.param([{"role": "EDITOR"}], "username", id="no-user"),
        pytest.param([{"username": "", "role": "EDITOR"}], "username", id="empty-user"),
        pytest.param([{"username": "a\0", "role": "EDITOR"}], "NUL", id="nul"),
        pytest.param([{"username": BEN, "role": "EDITOR", "canShare": "perhaps"}], "canShare", id="can-share"),
        pytest.param([{"username": BEN, "role": "EDITOR", "can_share": True}], "can_share", id="snake-case"),
        pytest.param([BEN], "data.0", id="text"),
        pytest.param({"username": BEN, "role": "EDITOR"}, "list", id="no-list"),
    ],
)
def test_a_request_that_cannot_be_carried_out_changes_nothing(
    api: httpx.Client, ben: httpx.Client, task: str, entries: Any, words: str
) -> None:
    answer = api.patch(f"customTasks/{task}/accessControl/", json={"data": entries})
    assert answer.status_code == 422
    assert words in answer.text
    assert roles(api, task) == {ANA: "OWNER"}
    assert ben.get(f"customTasks/{task}/").status_code == 404


def test_no_changes_are_none(api: httpx.Client, task: str) -> None:
    assert share(api, task) == 204
    assert roles(api, task) == {ANA: "OWNER"}


def test_a_name_or_an_id_selects_one_user(api: httpx.Client, ben: httpx.Client, task: str) -> None:
    assert share(api, task, (BEN, "READ_ONLY", True)) == 204
    path = f"customTasks/{task}/accessControl/"
    everybody = api.get(path).json()
    assert (everybody["count"], everybody["next"], everybody["previous"]) == (2, None, None)
    entry = next(entry for entry in everybody["data"] if entry["username"] == BEN)
    assert entry == {"username": BEN, "userId": entry["userId"], "role": "READ_ONLY", "canShare": True}
    for query in ({"username": BEN}, {"userId": entry["userId"]}):
        assert ben.get(path, params=query).json()["data"] == [entry]
    assert api.get(path, params={"username": "nobody"}).json()["data"] == []
    both = api.get(path, params={"username": BEN, "userId": entry["userId"]})
    assert both.status_code == 400
    first = api.get(path, params={"limit": 1}).json()
    second = api.get(first["next"]).json()
    assert [page["data"][0]["username"] for page in (first, second)] == [ANA, BEN]
    assert second["next"] is None


def test_a_new_token_replaces_the_one_before(server: Served, api: httpx.Client) -> None:
    assert api.get("version/").status_code == 200
    before = server.admin("user", "kim@example.com")["token"]
    after = server.admin("user", "kim@example.com", "--new-token")["token"]
    for token, status in ((before, 401), (after, 200)):
        answer = httpx.get(f"{server.url}/customTasks/", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
