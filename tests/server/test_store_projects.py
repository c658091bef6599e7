"""Projects, menus and models in the store, on each database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stored import new_caller, new_task, new_version, opened

from harness.errors import HarnessError
from harness.server.contents import StoredContent
from harness.server.errors import Conflict, Invalid, NotFound
from harness.server.records.blueprints import NewUserBlueprint
from harness.server.records.models import NewModel
from harness.server.store import blueprints, jobs, models, projects, tasks, trainings
from harness.server.store.access import get_task
from harness.server.store.tables import Job, Model, Project, ProjectBlueprint, User
from harness.server.store.trainings import TrainingResult
from harness.server.store.users import Caller

CONTENT = StoredContent("b" * 64, 100)
RESULT = TrainingResult(None, "c" * 64, "d" * 64, {"RMSE": {"validation": None, "training": 1.5}})


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    file = tmp_path / "houses.csv"
    file.write_text("size,price\n" + "".join(f"{row},{row * 10}\n" for row in range(12)))
    return file


def project_of(session: Session, caller: Caller, file: Path, target: str | None = "price") -> Project:
    user = session.get(User, caller.id)
    assert user is not None
    return projects.add_project(session, user, "Houses", file, CONTENT, target)


def in_menu(session: Session, caller: Caller, project: Project) -> tuple[str, str]:
    """Return the task and what the project knows its blueprint by; the user blueprint is deleted again."""
    task = new_task(session, caller)
    version = new_version(session, task, "custom.py")
    new = NewUserBlueprint.model_validate({"customTaskVersionId": version.id})
    blueprint = blueprints.create_blueprint(session, caller, new)
    added = blueprints.add_to_menu(session, caller, project, [blueprint.id])
    blueprints.delete_blueprint(session, blueprint)
    return task.id, added[0].blueprint_id


def wanted(blueprint: str) -> NewModel:
    return NewModel.model_validate({"blueprintId": blueprint})


def count(session: Session, table: type[Model | ProjectBlueprint | Project]) -> int | None:
    return session.scalar(select(func.count()).select_from(table))


def test_a_project_with_its_target_at_once(database_url: str, tmp_path: Path, houses: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        project = project_of(session, new_caller(session, "ana@example.com"), houses)
        record = projects.read_project(project)
        assert (record.project_name, record.file_name, record.max_train_rows) == ("Houses", "houses.csv", 12)
        assert (record.target, record.target_type, record.metric) == ("price", "Regression", "RMSE")
        assert (record.stage, record.unsupervised_mode, record.autopilot_mode) == ("modeling", False, 2)


def test_a_project_without_a_target_is_unsupervised(database_url: str, tmp_path: Path, houses: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        record = projects.read_project(project_of(session, new_caller(session, "ana@example.com"), houses, None))
        assert (record.target, record.target_type, record.unsupervised_mode) == (None, "Anomaly", True)


@pytest.mark.parametrize(
    ("content", "target", "told"),
    [("size,price\n1,2\n", "prize", "Did you mean 'price'?"), ("size,price\n1\n", "price", ":2:"), ("", "y", "empty")],
)
def test_data_that_cannot_be_used_is_told_with_the_users_own_path(
    tmp_path: Path, content: str, target: str, told: str
) -> None:
    file = tmp_path / "own.csv"
    file.write_text(content)
    with opened(tmp_path, f"sqlite:///{tmp_path}/database.sqlite3") as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        with pytest.raises(HarnessError, match=r"own\.csv") as refused:
            project_of(session, ana, file, target)
        assert told in str(refused.value)
        assert count(session, Project) == 0


def test_a_training_goes_from_the_queue_to_its_end(database_url: str, tmp_path: Path, houses: Path) -> None:
    with opened(tmp_path, database_url) as database:
        with database.write() as session:
            ana = new_caller(session, "ana@example.com")
            project = project_of(session, ana, houses)
            task_id, blueprint = in_menu(session, ana, project)
            model = trainings.start_training(session, ana, project, wanted(blueprint))
            assert (model.number, trainings.read_job(model).status) == (1, "queue")
        with database.write() as session:
            job = jobs.take_next(session)
            assert job is not None
            begun = trainings.note_begun(session, job.subject, job.id)
            assert begun is not None
            assert (begun.project.id, begun.task.id, begun.version.task_id) == (project.id, task_id, task_id)
        with database.write() as session:
            trainings.end_training(session, job.subject, job.id, RESULT)
        with database.read() as session:
            listed = trainings.list_jobs(session, project, None)
            found = models.get_trained_model(session, project, model.id)
            assert (listed, found.metrics["RMSE"]["training"]) == ([], 1.5)
            assert (found.logs_sha256, found.artifact_sha256) == ("c" * 64, "d" * 64)
            assert tasks.conflicts_of(session, task_id)["models"] == [{"projectId": project.id, "modelId": model.id}]


@pytest.mark.parametrize("end", [trainings.end_training, None])
def test_a_cancelled_training_stays_cancelled(
    database_url: str, tmp_path: Path, houses: Path, end: Callable[..., None] | None
) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        project = project_of(session, ana, houses)
        _, blueprint = in_menu(session, ana, project)
        model = trainings.start_training(session, ana, project, wanted(blueprint))
        assert trainings.cancel_training(session, model) == model.job_id
        if end is not None:
            end(session, model.id, model.job_id, RESULT)
        else:
            trainings.note_failure(session, model.id, RESULT)
            trainings.note_queued(session, model.id)
        assert trainings.note_begun(session, model.id, model.job_id) is None
        assert (model.status, model.logs_sha256) == ("ABORTED", None)
        with pytest.raises(Conflict):
            trainings.cancel_training(session, model)
        with pytest.raises(NotFound, match="ABORTED"):
            models.get_trained_model(session, project, model.id)


def test_a_deleted_project_takes_everything_along(database_url: str, tmp_path: Path, houses: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        project = project_of(session, ana, houses)
        _, blueprint = in_menu(session, ana, project)
        model = trainings.start_training(session, ana, project, wanted(blueprint))
        assert projects.delete_project(session, project) == [model.job_id]
        assert [count(session, table) for table in (Project, ProjectBlueprint, Model)] == [0, 0, 0]
        assert session.scalar(select(Job.state).where(Job.id == model.job_id)) == jobs.CANCELLED


def test_a_deleted_task_takes_along_what_came_to_nothing(database_url: str, tmp_path: Path, houses: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        project = project_of(session, ana, houses)
        task_id, blueprint = in_menu(session, ana, project)
        model = trainings.start_training(session, ana, project, wanted(blueprint))
        trainings.end_training(session, model.id, model.job_id, TrainingResult("no", "c" * 64))
        assert not any(tasks.conflicts_of(session, task_id).values())
        task = get_task(session, ana, task_id)
        tasks.delete_task(session, task)
        assert [count(session, table) for table in (Project, ProjectBlueprint, Model)] == [1, 0, 0]


def test_trainings_that_begin_together_have_their_own_numbers(database_url: str, tmp_path: Path, houses: Path) -> None:
    with opened(tmp_path, database_url) as database:
        with database.write() as session:
            ana = new_caller(session, "ana@example.com")
            project_id = project_of(session, ana, houses).id
            project = projects.get_project(session, ana, project_id)
            known = [in_menu(session, ana, project)[1] for _ in range(3)]

        def train(blueprint: str) -> object:
            with database.write() as session:
                project = projects.get_project(session, ana, project_id, lock=True)
                try:
                    return trainings.start_training(session, ana, project, wanted(blueprint)).number
                except Invalid as refused:
                    return refused.more["errorName"]

        with ThreadPoolExecutor(6) as threads:
            answers = sorted(threads.map(train, known * 2), key=str)
    assert answers == [1, 2, 3, *["JobAlreadyAdded"] * 3]
