"""Models, with their metrics, logs and artifacts."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from harness.server.errors import Forbidden, NotFound
from harness.server.ids import is_id
from harness.server.records import models as records
from harness.server.records.models import ModelJobStatus, ModelOrder
from harness.server.store import jobs
from harness.server.store.projects import FEATURELIST_NAME, PROJECT_NOT_FOUND
from harness.server.store.tables import Model, Project
from harness.server.store.users import Caller

MODEL_NOT_FOUND = "Model not found."
_GREATER_IS_BETTER = {"AUC", "R Squared"}


def get_model(session: Session, project: Project, model_id: str) -> Model:
    """Return a model of the project, trained or not; raises NotFound."""
    model = session.get(Model, model_id) if is_id(model_id) else None
    if model is None or model.project_id != project.id:
        raise NotFound(MODEL_NOT_FOUND)
    return model


def get_trained_model(session: Session, project: Project, model_id: str) -> Model:
    """Return a model that is there to be used; raises NotFound, which says why it is not."""
    model = get_model(session, project, model_id)
    if model.status != ModelJobStatus.COMPLETED:
        why = f" {model.message}" if model.message else ""
        raise NotFound(f"The model is not trained: its model job {model.number} is at {model.status}.{why}")
    return model


def get_model_of_files(session: Session, caller: Caller, project_id: str, model_id: str) -> Model:
    """Return a model to send its files; Forbidden for another user's, as the platform's API says for these alone."""
    project = session.get(Project, project_id) if is_id(project_id) else None
    if project is None:
        raise NotFound(PROJECT_NOT_FOUND)
    if project.user_id != caller.id:
        raise Forbidden("You have no access to this project.")
    return get_model(session, project, model_id)


def list_models(
    session: Session, project: Project, *, order: ModelOrder, name: str | None, metric: str | None
) -> list[records.Model]:
    """Return the trained models. name: a text in it; metric: leave out all others."""
    chosen = select(Model).where(Model.project_id == project.id, Model.status == ModelJobStatus.COMPLETED)
    if name:
        chosen = chosen.where(Model.model_type.icontains(name, autoescape=True))
    found = [read_model(project, row) for row in session.scalars(chosen.order_by(Model.number))]
    if order in (ModelOrder.METRIC, ModelOrder.BEST_FIRST):
        found.sort(key=lambda model: _badness(model, project.metric), reverse=order is ModelOrder.METRIC)
    return found if metric is None else [_with_metric(model, metric) for model in found]


def list_trainings(
    session: Session,
    caller: Caller,
    *,
    project_id: str | None = None,
    task_id: str | None = None,
    offset: int,
    limit: int,
) -> tuple[list[Model], int]:
    """Return one page of the models of the caller's projects, trained or not, the latest first, and how many there are.

    project_id, task_id: only those of this project, of this task.
    """
    chosen = select(Model).join(Project).where(Project.user_id == caller.id)
    if project_id is not None:
        chosen = chosen.where(Model.project_id == project_id)
    if task_id is not None:
        chosen = chosen.where(Model.task_id == task_id)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    order = (Model.created.desc(), Model.id.desc())
    return list(session.scalars(chosen.order_by(*order).offset(offset).limit(limit))), total


def read_model(project: Project, row: Model) -> records.Model:
    return records.Model(
        id=row.id,
        project_id=row.project_id,
        model_type=row.model_type,
        model_number=row.number,
        processes=[row.model_type],
        blueprint_id=row.blueprint_id,
        metrics=row.metrics,
        featurelist_id=row.featurelist_id,
        featurelist_name=FEATURELIST_NAME,
        sample_pct=row.sample_pct,
        training_row_count=project.row_count,
    )


def delete_model(session: Session, model: Model) -> list[str]:
    """Delete a model, trained or not; return its job where that is to be ended."""
    cancelled = [model.job_id] if jobs.cancel_job(session, model.job_id) else []
    session.delete(model)
    session.flush()
    return cancelled


def _badness(model: records.Model, metric: str | None) -> tuple[bool, float]:
    """Return a key that sorts the best model first; without a value for the metric it comes last."""
    value = model.metrics.get(metric or "", {}).get("training")
    if value is None:
        return True, 0.0
    return False, -value if metric in _GREATER_IS_BETTER else value


def _with_metric(model: records.Model, metric: str) -> records.Model:
    return model.model_copy(update={"metrics": {metric: model.metrics[metric]} if metric in model.metrics else {}})
