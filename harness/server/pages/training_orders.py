"""From a version to its training, in one step: programs make a blueprint and add it to a project's menu themselves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from harness.server.errors import Invalid
from harness.server.ids import is_id
from harness.server.records.blueprints import NewUserBlueprint
from harness.server.records.models import NewModel
from harness.server.records.projects import Project, Stage
from harness.server.records.tasks import ApiTargetType, Task
from harness.server.store import blueprints, trainings
from harness.server.store.access import get_task
from harness.server.store.projects import get_project, list_projects
from harness.server.store.tables import Model
from harness.server.store.users import Caller
from harness.server.store.versions import get_version


def suitable_projects(session: Session, caller: Caller, task: Task) -> list[Project]:
    """Return the caller's projects whose target is of the task's type, the newest first."""
    return [
        project
        for project in list_projects(session, caller, name=None, offset=0, limit=None)
        if project.stage is Stage.MODELING and task.target_type in (ApiTargetType.TRANSFORM, project.target_type)
    ]


def train_version(session: Session, caller: Caller, task_id: str, version_id: str, project_id: str) -> Model:
    """Put the training of a version in a project into the queue.

    The version's blueprint stays in the project's menu, as every one does; there is no user blueprint of it, which
    would keep the task from being deleted. Raises Invalid for what cannot be trained.
    """
    get_task(session, caller, task_id)
    version = get_version(session, task_id, version_id)
    if not is_id(project_id):
        raise Invalid(trainings.INVALID, errors={"projectId": "choose a project"})
    project = get_project(session, caller, project_id, lock=True)
    blueprint_id = blueprints.find_in_menu(session, project, version.id)
    if blueprint_id is None:
        made = blueprints.create_blueprint(
            session, caller, NewUserBlueprint.model_validate({"customTaskVersionId": version.id})
        )
        blueprint_id = made.blueprint_id
        blueprints.add_to_menu(session, caller, project, [made.id])
        blueprints.delete_blueprint(session, made)
    return trainings.start_training(session, caller, project, NewModel.model_validate({"blueprintId": blueprint_id}))
