"""Projects on the wire: a data set and a target. Source: what the platform's client sends and reads of them."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt

from harness.server.records.common import LONGEST_DESCRIPTION, LONGEST_NAME, Answer, Id, Moment, RequestBody, Text
from harness.server.records.tasks import ApiTargetType

ProjectName = Annotated[Text, Field(min_length=1, max_length=LONGEST_NAME)]


class Stage(StrEnum):
    """AIM: the target is to be chosen. MODELING: models can be trained."""

    AIM = "aim"
    MODELING = "modeling"


class Mode(StrEnum):
    """What is to be trained once the target is set; here nothing is trained unasked, whatever the mode."""

    AUTO = "auto"
    QUICK = "quick"
    COMPREHENSIVE = "comprehensive"
    MANUAL = "manual"


class ModeNumber(IntEnum):
    """The numbers that a project has in place of the words."""

    AUTO = 0
    MANUAL = 2
    QUICK = 3
    COMPREHENSIVE = 4


class Project(Answer):
    """A project. What has to do with the target is None until it is set; autopilot_mode is a ModeNumber."""

    id: Id
    project_name: str
    project_description: str | None
    file_name: str
    created: Moment
    stage: Stage
    autopilot_mode: int | None
    target: str | None
    target_type: ApiTargetType | None
    positive_class: str | None
    metric: str | None
    unsupervised_mode: bool
    holdout_unlocked: bool = False
    max_train_pct: float = 100.0
    max_train_rows: int


class ProjectStatus(Answer):
    """autopilot_done: true from the moment on when the target is set."""

    autopilot_done: bool
    stage: Stage
    stage_description: str


class ProjectChanges(RequestBody):
    """The body that changes a project. worker_count, holdout_unlocked: taken, and without a meaning here."""

    project_name: ProjectName | None = None
    project_description: Annotated[Text, Field(max_length=LONGEST_DESCRIPTION)] | None = None
    worker_count: StrictInt | None = None
    holdout_unlocked: StrictBool | None = None


class Aim(RequestBody):
    """The body that sets the target, or none with unsupervised_mode.

    target_type, metric, positive_class: None lets them be found from the data. The last two are what the client always
    sends for the autopilot.
    """

    target: Annotated[Text, Field(min_length=1)] | None = None
    mode: Mode = Mode.QUICK
    target_type: Literal[ApiTargetType.BINARY, ApiTargetType.REGRESSION, ApiTargetType.MULTICLASS] | None = None
    metric: Text | None = None
    positive_class: bool | int | float | Text | None = None
    unsupervised_mode: StrictBool = False
    unsupervised_type: Literal["anomaly"] | None = None
    featurelist_id: Text | None = None
    use_supervised_feature_reduction: Any = None
    autopilot_with_feature_discovery: Any = None


class Featurelist(Answer):
    """The columns that models are trained on: all but the target. There is one list a project."""

    id: Id
    name: str
    features: list[str]
    project_id: Id
    created: Moment
    is_user_created: bool = False
    num_models: int
    description: str = ""
