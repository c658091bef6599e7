"""User blueprints: each of one task version, in the way of its task's deletion, and added to projects' menus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from running_app import RunningApp, into_menu, made, new_blueprint, new_project, new_task, running_app

CODE = {"custom.py": "def fit(X, y, output_dir, **kwargs): ...\n"}
NOWHERE = "0123456789abcdef01234567"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("blueprints")) as running:
        yield running


def share(app: RunningApp, task: str, role: str) -> None:
    change = {"data": [{"username": "ben@example.com", "role": role}]}
    assert app.ana.patch(f"customTasks/{task}/accessControl/", json=change).status_code == 204


def test_a_blueprint_has_one_step(app: RunningApp) -> None:
    task = new_task(app.ana, CODE, target_type="Multiclass")
    version = made(app.ana.get(f"customTasks/{task}/"))["latestVersion"]["id"]
    wanted = {"customTaskVersionId": version, "saveToCatalog": False, "decompressedBlueprint": True}
    answer = app.ana.post("userBlueprints/fromCustomTaskVersionId/", json={**wanted, "description": "One step"})
    assert answer.status_code == 201
    blueprint = answer.json()
    assert made(app.ana.get(f"userBlueprints/{blueprint['userBlueprintId']}/?editMode=True")) == blueprint
    assert (len(blueprint.pop("userBlueprintId")), len(blueprint.pop("userId"))) == (24, 24)
    assert len(blueprint.pop("blueprintId")) == 32
    assert blueprint == {
        "modelType": "Ridge",
        "description": "One step",
        "features": ["Ridge"],
        "featuresText": "Ridge",
        "supportedTargetTypes": ["multiclass"],
        "customTaskVersionMetadata": [[task, version]],
        "projectId": None,
        "blender": False,
        "diagram": "{}",
        "icons": [0],
        "insights": "NA",
        "isTimeSeries": False,
        "referenceModel": False,
        "shapSupport": False,
        "supportsGpu": False,
    }


@pytest.mark.parametrize(("version", "status"), [(NOWHERE, 404), ("none", 422), (None, 422)])
def test_there_is_no_blueprint_of_nothing(app: RunningApp, version: str | None, status: int) -> None:
    answer = app.ana.post("userBlueprints/fromCustomTaskVersionId/", json={"customTaskVersionId": version})
    assert answer.status_code == status


def test_who_may_read_a_task_makes_blueprints_of_it(app: RunningApp) -> None:
    task = new_task(app.ana, CODE)
    version = made(app.ana.get(f"customTasks/{task}/"))["latestVersion"]["id"]
    refused = app.ben.post("userBlueprints/fromCustomTaskVersionId/", json={"customTaskVersionId": version})
    assert refused.status_code == 404
    share(app, task, "READ_ONLY")
    assert new_blueprint(app.ben, task)["modelType"] == "Ridge"


def test_a_task_is_freed_by_who_may_edit_it(app: RunningApp) -> None:
    task = new_task(app.ana, CODE)
    share(app, task, "READ_ONLY")
    mine, bens = (new_blueprint(client, task)["userBlueprintId"] for client in (app.ana, app.ben))
    refused = app.ana.delete(f"customTasks/{task}/")
    assert refused.status_code == 409
    assert refused.json()["userBlueprints"] == [{"userBlueprintId": mine}, {"userBlueprintId": bens}]
    linked = app.ana.get(refused.json()["link"]).json()
    assert [record["userBlueprintId"] for record in linked["data"]] == [bens, mine]
    assert (linked["count"], linked["totalCount"], linked["next"], linked["previous"]) == (2, 2, None, None)
    seen_by_ben = app.ben.get(f"userBlueprints/?customTaskId={task}").json()["data"]
    assert [record["userBlueprintId"] for record in seen_by_ben] == [bens]
    assert app.ben.delete(f"userBlueprints/{mine}/").status_code == 404
    assert app.ana.delete(f"userBlueprints/{mine}/").status_code == 204
    assert app.ana.delete(f"userBlueprints/{mine}/").status_code == 404
    assert app.ana.delete(f"userBlueprints/{bens}/").status_code == 204
    assert app.ana.delete(f"customTasks/{task}/").status_code == 204
    assert app.ana.get(f"userBlueprints/?customTaskId={task}").status_code == 404


def test_lists_have_pages_and_ones_own(app: RunningApp) -> None:
    task = new_task(app.ben, CODE)
    first, second = (new_blueprint(app.ben, task)["userBlueprintId"] for _ in range(2))
    new_blueprint(app.ana, new_task(app.ana, CODE))
    page = app.ben.get(f"userBlueprints/?customTaskId={task}&limit=1").json()
    assert ([record["userBlueprintId"] for record in page["data"]], page["totalCount"]) == ([second], 2)
    after = app.ben.get(page["next"]).json()
    assert [record["userBlueprintId"] for record in after["data"]] == [first]
    owners = {record["userId"] for record in app.ben.get("userBlueprints/").json()["data"]}
    assert len(owners) == 1
    assert app.ben.get("userBlueprints/?limit=0").status_code == 400
    assert app.ben.get("userBlueprints/none/").status_code == 404


def test_a_menu_keeps_what_was_added_to_it(app: RunningApp) -> None:
    project = new_project(app.ana, "size,price\n" + "".join(f"{row},{row}\n" for row in range(12)), target="price")
    task = new_task(app.ana, CODE)
    blueprint = new_blueprint(app.ana, task)
    identity = blueprint["userBlueprintId"]
    wanted = {"projectId": project, "userBlueprintIds": [identity]}
    for _ in range(2):
        answer = app.ana.post("userBlueprintsProjectBlueprints/", json=wanted)
        assert made(answer) == {
            "addedToMenu": [{"userBlueprintId": identity, "blueprintId": blueprint["blueprintId"]}],
            "notAddedToMenu": [],
            "message": "All blueprints were added.",
        }
    listed = app.ana.get(f"userBlueprints/?projectId={project}").json()["data"]
    assert [record["userBlueprintId"] for record in listed] == [identity]
    assert app.ana.delete(f"userBlueprints/{identity}/").status_code == 204
    again = app.ana.post(f"projects/{project}/models/", json={"blueprintId": blueprint["blueprintId"]})
    assert again.status_code == 202


def test_what_cannot_be_added_is_refused_whole(app: RunningApp) -> None:
    project = new_project(app.ana, "size,price\n1,10\n2,20\n", target="price")
    task = new_task(app.ana, CODE)
    share(app, task, "READ_ONLY")
    mine, bens = (new_blueprint(client, task)["userBlueprintId"] for client in (app.ana, app.ben))

    def status(*blueprints: str, into: str = project) -> int:
        wanted = {"projectId": into, "userBlueprintIds": blueprints}
        return app.ana.post("userBlueprintsProjectBlueprints/", json=wanted).status_code

    assert [status(mine, NOWHERE), status(mine, bens), status("none"), status()] == [422] * 4
    assert [status(mine, into=NOWHERE), status(mine, into="none")] == [404] * 2
    assert app.ana.get(f"userBlueprints/?projectId={project}").json()["data"] == []
    assert app.ben.get(f"userBlueprints/?projectId={project}").status_code == 404


def test_a_blueprint_stays_out_of_menus_once_its_task_is_no_longer_shared(app: RunningApp) -> None:
    task = new_task(app.ana, CODE)
    share(app, task, "READ_ONLY")
    blueprint = new_blueprint(app.ben, task)
    project = new_project(app.ben, "size,price\n1,10\n2,20\n", target="price")
    share(app, task, "NO_ROLE")
    wanted = {"projectId": project, "userBlueprintIds": [blueprint["userBlueprintId"]]}
    assert app.ben.post("userBlueprintsProjectBlueprints/", json=wanted).status_code == 404


def test_a_deleted_task_goes_from_menus(app: RunningApp) -> None:
    project = new_project(app.ana, "size,price\n1,10\n2,20\n", target="price")
    task = new_task(app.ana, CODE)
    blueprint = new_blueprint(app.ana, task)
    known_as = into_menu(app.ana, project, blueprint)
    app.ana.delete(f"userBlueprints/{blueprint['userBlueprintId']}/")
    assert app.ana.delete(f"customTasks/{task}/").status_code == 204
    assert app.ana.post(f"projects/{project}/models/", json={"blueprintId": known_as}).status_code == 422
