"""Custom tasks on the wire. Source: CustomTaskResponse, CustomTaskCreate, CustomTaskUpdate, CustomTaskCopy."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from harness.server.records.common import (
    LONGEST_DESCRIPTION,
    LONGEST_LANGUAGE,
    LONGEST_NAME,
    Answer,
    Id,
    Memory,
    Moment,
    RequestBody,
    Text,
)
from harness.server.records.versions import Version

Name = Annotated[Text, Field(min_length=1, max_length=LONGEST_NAME)]
Description = Annotated[Text, Field(max_length=LONGEST_DESCRIPTION)]
Language = Annotated[Text, Field(max_length=LONGEST_LANGUAGE)]


class ApiTargetType(StrEnum):
    """The target types as the API spells them."""

    BINARY = "Binary"
    REGRESSION = "Regression"
    MULTICLASS = "Multiclass"
    ANOMALY = "Anomaly"
    TRANSFORM = "Transform"
    TEXT_GENERATION = "TextGeneration"


class Task(Answer):
    """A task's metadata. description and language are "" where nobody gave one: the client breaks on null."""

    id: Id
    name: str
    description: str
    language: str
    target_type: ApiTargetType
    custom_model_type: Literal["training", "inference"] = "training"
    calibrate_predictions: bool
    maximum_memory: Memory | None
    created: Moment
    updated: Moment
    created_by: str
    latest_version: Version | None


class NewTask(RequestBody):
    """The body that creates a task. calibrate_predictions also as the words True and False."""

    name: Name
    target_type: ApiTargetType
    description: Description = ""
    language: Language = ""
    calibrate_predictions: bool = True
    maximum_memory: Memory | None = None


class TaskChanges(RequestBody):
    """The body that changes a task's metadata: only what is given changes."""

    name: Name | None = None
    description: Description | None = None
    language: Language | None = None
    maximum_memory: Memory | None = None


class TaskToCopy(RequestBody):
    custom_task_id: Id


class TaskOrder(StrEnum):
    """Values of `orderBy`; a dash means the latest first."""

    CREATED = "created"
    CREATED_LAST_FIRST = "-created"
    UPDATED = "updated"
    UPDATED_LAST_FIRST = "-updated"
