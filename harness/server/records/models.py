"""Models and the jobs that train them, on the wire. Source: what the platform's client sends and reads of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from harness.server.records.common import Answer, Id, RequestBody, Text


class ModelJobStatus(StrEnum):
    """In the very spelling that the client takes."""

    QUEUE = "queue"
    INPROGRESS = "inprogress"
    ERROR = "error"
    COMPLETED = "COMPLETED"
    ABORTED = "ABORTED"


class ModelOrder(StrEnum):
    """Values of `orderBy`. -metric has the best first, as the leaderboard; all models have the same sample_pct."""

    METRIC = "metric"
    BEST_FIRST = "-metric"
    SAMPLE_PCT = "samplePct"
    LARGEST_SAMPLE_FIRST = "-samplePct"


class ModelJob(Answer):
    """The training of a model, whose id is known from the start. id: a number, counted by project.

    message: why the training failed, None otherwise.
    """

    id: str
    status: ModelJobStatus
    project_id: Id
    model_id: Id
    model_type: str
    processes: list[str]
    blueprint_id: str
    featurelist_id: Id
    sample_pct: float
    is_blocked: bool = False
    message: str | None


class Model(Answer):
    """A trained model. metrics: by name, each with the values of its partitions."""

    id: Id
    project_id: Id
    model_type: str
    model_category: Literal["model"] = "model"
    model_number: int
    processes: list[str]
    blueprint_id: str
    metrics: dict[str, dict[str, float | None]]
    featurelist_id: Id
    featurelist_name: str
    sample_pct: float
    training_row_count: int
    is_frozen: bool = False
    is_starred: bool = False


class NewModel(RequestBody):
    """The body that has a blueprint trained. source_project_id: whose menu has the blueprint, None for this project.

    All rows are trained on, whatever is asked for: there is neither validation nor holdout here. Monotonic constraints
    and a number of clusters cannot be had, so that only null is taken for them.
    """

    blueprint_id: Text
    source_project_id: Text | None = None
    featurelist_id: Text | None = None
    sample_pct: Annotated[float, Field(gt=0, le=100, strict=True)] | None = None
    training_row_count: Annotated[int, Field(ge=1, strict=True)] | None = None
    scoring_type: Literal["validation", "crossValidation"] | None = None
    monotonic_increasing_featurelist_id: None = None
    monotonic_decreasing_featurelist_id: None = None
    n_clusters: None = None
