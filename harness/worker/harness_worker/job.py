"""The job as the host sends it, checked once and then a value."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from .files import make_real_folder

PROTOCOL_VERSION = 1
CLASSIFICATION = ("binary", "multiclass")
ESTIMATORS = ("binary", "multiclass", "regression", "anomaly")


@dataclass(frozen=True)
class Preload:
    """What comes before the job: environment variables of the task, and the modules to import once they are set."""

    modules: List[str]
    variables: Dict[str, str]


@dataclass(frozen=True)
class Edit:
    """Change one column before the call: `to` is `missing`, `unseen` or `empty`."""

    column: str
    to: str


@dataclass(frozen=True)
class Request:
    """One call of the scoring hook: `rows` of the data from 0 in that order, None for all."""

    id: str
    rows: Optional[List[int]]
    edit: Optional[Edit]


@dataclass(frozen=True)
class Stage:
    """One process: `kind` is `fit` or `score`. `writes_table` for the first scoring stage of a run."""

    name: str
    kind: str
    timeout_seconds: float
    optional: bool
    requests: Tuple[Request, ...]
    writes_table: bool


@dataclass(frozen=True)
class Job:
    """Where everything lies (absolute paths) and what to do with it; field by field docs/reference/run-protocol.md."""

    code_folder: str
    input_folder: str
    artifact_folder: str
    model_folder: str
    output_folder: str
    target_type: str
    data_format: str
    class_labels: Optional[List[str]]
    parameters: Dict[str, Any]
    secrets_folder: Optional[str]
    memory_bytes: Optional[int]
    disk_bytes: Optional[int]
    stages: Tuple[Stage, ...]

    @property
    def is_classification(self) -> bool:
        return self.target_type in CLASSIFICATION

    @property
    def is_estimator(self) -> bool:
        return self.target_type in ESTIMATORS

    def code_folder_of(self, stage: Stage) -> str:
        """Return the folder that the task sees as its code in this stage, which is also its working folder."""
        return self.code_folder if stage.kind == "fit" else self.model_folder

    def record_folder_of(self, stage: Stage) -> str:
        """Return the folder with the stage's records, made anew where the task has put something else in its place."""
        folder = os.path.join(self.output_folder, stage.name)
        for place in (os.path.dirname(self.output_folder), self.output_folder, folder):
            make_real_folder(place)
        return folder


def parse_preload(line: bytes) -> Preload:
    """Read the preload line. Raises ValueError for one of another protocol version."""
    document = json.loads(line.decode("utf-8"))
    if document.get("protocolVersion") != PROTOCOL_VERSION:
        raise ValueError("This worker speaks protocol version %d." % PROTOCOL_VERSION)
    variables = document.get("environmentVariables") or {}
    return Preload(
        modules=[str(name) for name in document.get("preload", [])],
        variables={str(name): str(value) for name, value in variables.items()},
    )


def parse_job(line: bytes) -> Job:
    """Read the job line; KeyError or ValueError where it is not one."""
    document = json.loads(line.decode("utf-8"))
    stages = []
    table_is_due = True
    for entry in document["stages"]:
        scores = entry["kind"] == "score"
        stages.append(
            Stage(
                name=entry["name"],
                kind=entry["kind"],
                timeout_seconds=float(entry["timeoutSeconds"]),
                optional=bool(entry.get("optional", False)),
                requests=tuple(_parse_request(request) for request in entry.get("requests", [])),
                writes_table=scores and table_is_due,
            )
        )
        table_is_due = table_is_due and not scores
    return Job(
        code_folder=document["codeDirectory"],
        input_folder=document["inputDirectory"],
        artifact_folder=document["artifactDirectory"],
        model_folder=document["modelDirectory"],
        output_folder=document["outputDirectory"],
        target_type=document["targetType"],
        data_format=document["dataFormat"],
        class_labels=document.get("classLabels"),
        parameters=document.get("parameters") or {},
        secrets_folder=document.get("secretsDirectory"),
        memory_bytes=document.get("memoryBytes"),
        disk_bytes=document.get("diskBytes"),
        stages=tuple(stages),
    )


def _parse_request(document: Dict[str, Any]) -> Request:
    edit = document.get("edit")
    return Request(
        id=document["id"],
        rows=document.get("rows"),
        edit=Edit(edit["column"], edit["to"]) if edit else None,
    )
