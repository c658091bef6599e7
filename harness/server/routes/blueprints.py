"""User blueprints, each of one custom task version, and the menus of projects."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from harness.server.records.blueprints import MenuAddition, MenuAnswer, NewUserBlueprint, UserBlueprint
from harness.server.records.common import Page
from harness.server.requests import CurrentCaller, PageWanted, State
from harness.server.routes.answers import errors
from harness.server.store import blueprints
from harness.server.store.access import get_task
from harness.server.store.projects import get_project

router = APIRouter(prefix="/userBlueprints", tags=["User blueprints"])
menu_router = APIRouter(prefix="/userBlueprintsProjectBlueprints", tags=["User blueprints"])
BlueprintId = Annotated[str, Path(alias="userBlueprintId", description="ID of the user blueprint.")]


@router.post("/fromCustomTaskVersionId/", status_code=201, responses=errors(404, 422))
def create_blueprint(state: State, caller: CurrentCaller, new: NewUserBlueprint) -> UserBlueprint:
    """Make a blueprint whose one step is a version of a custom task."""
    with state.database.write() as session:
        return blueprints.read_blueprint(session, blueprints.create_blueprint(session, caller, new))


@router.get("/", responses=errors(400, 404))
def list_blueprints(
    state: State,
    caller: CurrentCaller,
    page: PageWanted,
    task_id: Annotated[
        str | None, Query(alias="customTaskId", description="Only those of this task; all users' for who may edit it.")
    ] = None,
    project_id: Annotated[
        str | None, Query(alias="projectId", description="Only those in this project's menu.")
    ] = None,
) -> Page[UserBlueprint]:
    """List the caller's blueprints, the newest first."""
    with state.database.read() as session:
        if task_id is not None:
            get_task(session, caller, task_id)
        if project_id is not None:
            get_project(session, caller, project_id)
        found, total = blueprints.list_blueprints(
            session, caller, task_id=task_id, project_id=project_id, offset=page.offset, limit=page.limit
        )
    return page.of(Page[UserBlueprint], found, total)


@router.get("/{userBlueprintId}/", responses=errors(404))
def retrieve_blueprint(state: State, caller: CurrentCaller, blueprint_id: BlueprintId) -> UserBlueprint:
    """Return a blueprint."""
    with state.database.read() as session:
        return blueprints.read_blueprint(session, blueprints.get_blueprint(session, caller, blueprint_id))


@router.delete("/{userBlueprintId}/", status_code=204, responses=errors(404))
def delete_blueprint(state: State, caller: CurrentCaller, blueprint_id: BlueprintId) -> Response:
    """Delete a blueprint; its task can be deleted then, and projects keep it in their menus until it is."""
    with state.database.write() as session:
        blueprints.delete_blueprint(session, blueprints.get_blueprint(session, caller, blueprint_id))
    return Response(status_code=204)


@menu_router.post("/", responses=errors(404, 422))
def add_to_menu(state: State, caller: CurrentCaller, wanted: MenuAddition) -> MenuAnswer:
    """Add blueprints to a project's menu: all of them, or none."""
    with state.database.write() as session:
        project = get_project(session, caller, wanted.project_id, lock=True)
        added = blueprints.add_to_menu(session, caller, project, wanted.user_blueprint_ids)
    return MenuAnswer(added_to_menu=added, message="All blueprints were added.")
