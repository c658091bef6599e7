"""A validation whose files are written by hand, as docs/reference/run-protocol.md describes them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from harness.builds.model import BuildResult
from harness.checks import CHECKS, Evidence, run_checks
from harness.data.model import ColumnProfile, DataFormat, SampleData
from harness.records import BuildStatus, CheckResult, TargetType
from harness.requirements import NO_REQUIREMENTS, Requirements, parse_requirements
from harness.runs import RunResult, plan_stages, read_stage
from harness.tasks.model import DataType, Hooks, Metadata, Task, TaskFile

ROWS = 20
MIB = 1024 * 1024

Rows = Sequence[int]
# A table that a hook returned, or the record of what it raised.
Answer = Any
Hook = Callable[[Rows, int], Answer]


def error(message: str = "it broke", type_: str = "ValueError", where: str = "score", **more: Any) -> dict[str, Any]:
    """Return an error record as the worker writes it."""
    record = {
        "where": where,
        "type": type_,
        "message": message,
        "traceback": "Traceback…",
        "line": None,
        "remedy": None,
    }
    return {**record, **more}


def probabilities(rows: Rows, labels: tuple[str, ...] = ("yes", "no")) -> pd.DataFrame:
    """Return two columns that differ from row to row and sum to one."""
    first = np.array([(row + 1) / 100 for row in rows])
    return pd.DataFrame({labels[0]: first, labels[1]: 1 - first})


def column(rows: Rows, name: str = "Predictions") -> pd.DataFrame:
    """Return one column of other numbers for each row."""
    return pd.DataFrame({name: [row * 0.5 for row in rows]})


def features(rows: Rows) -> pd.DataFrame:
    """Return what a transform might return: two columns of numbers."""
    return pd.DataFrame({"a": [row * 1.5 for row in rows], "b": [row * -2.0 for row in rows]})


@dataclass
class Validation:
    """A binary task on 20 rows of two features that passes, to be spoilt by a test before it asks for the results."""

    folder: Path
    target_type: TargetType = TargetType.BINARY
    labels: tuple[str, ...] | None = ("yes", "no")
    target: Sequence[Any] | None = None
    rows: int = ROWS
    data_format: DataFormat = "csv"
    data_warnings: tuple[str, ...] = ()
    columns: tuple[ColumnProfile, ...] = (
        ColumnProfile("age", frozenset({DataType.NUM}), has_missing=False),
        ColumnProfile("city", frozenset({DataType.TXT, DataType.CAT}), has_missing=False),
    )
    hooks: Hooks = field(default_factory=lambda: Hooks("hooks", ("fit", "score")))
    metadata: Metadata = field(default_factory=Metadata)
    requirements: str | None = None
    findings: tuple[Any, ...] = ()
    task_files: tuple[str, ...] = ("custom.py",)
    artifacts: dict[str, bytes] = field(default_factory=lambda: {"model.pkl": b"12345"})
    build: BuildResult | None = None
    memory_bytes: int = 512 * MIB
    timeout_seconds: float = 60.0
    strict: bool = True
    missing_credentials: tuple[str, ...] = ()
    run_error: str | None = None
    python_version: str | None = "3.11.7"
    isolated: bool = True
    _stages: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "task").mkdir(parents=True)
        (self.folder / "artifact").mkdir()
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self.build = BuildResult(BuildStatus.SUCCESS, moment, moment, "", cached=True, python_version="3.11.7")

    @property
    def verb(self) -> str:
        return "transform" if self.target_type is TargetType.TRANSFORM else "predict"

    def as_type(self, target_type: TargetType, **changes: Any) -> Validation:
        """Turn it into a validation of another target type, its class labels to suit."""
        self.target_type = target_type
        self.labels = {TargetType.BINARY: ("yes", "no"), TargetType.MULTICLASS: ("a", "b", "c")}.get(target_type)
        for name, value in changes.items():
            setattr(self, name, value)
        return self

    def sample_data(self) -> SampleData:
        frame = pd.DataFrame({profile.name: range(self.rows) for profile in self.columns})
        target = None if self.target is None else pd.Series(self.target, name="bought")
        return SampleData(
            source="sales.csv",
            format=self.data_format,
            features=frame,
            target=target,
            class_labels=self.labels,
            columns=self.columns,
            warnings=self.data_warnings,
        )

    def usual_answer(self, rows: Rows, _: int = 0) -> Answer:
        if self.target_type.is_classification:
            assert self.labels is not None
            scores = np.array([[(row + place + 1.0) for place in range(len(self.labels))] for row in rows])
            return pd.DataFrame(scores / scores.sum(axis=1, keepdims=True), columns=list(self.labels))
        return features(rows) if self.target_type is TargetType.TRANSFORM else column(rows)

    def answer(self, hook: Hook | None = None, again: Hook | None = None, damaged: Hook | None = None) -> Validation:
        """Record what a hook answers to every planned request.

        hook: gets the row numbers and the number of the call in its process, from 1. again: for the second process.
        damaged: for requests with an edit, which it gets as text (`missing age`) in place of the call's number.
        """
        hook = hook or self.usual_answer
        self.stage("fit", kind="fit")
        for planned in plan_stages(self.target_type, self.sample_data(), self.timeout_seconds)[1:]:
            answers: dict[str, Answer] = {}
            for call, request in enumerate(planned.requests, start=1):
                rows = range(self.rows) if request.rows is None else request.rows
                if request.edit is not None and damaged is not None:
                    answers[request.id] = damaged(rows, f"{request.edit.to} {request.edit.column}")  # type: ignore[arg-type]
                elif planned.name.endswith("-again") and again is not None:
                    answers[request.id] = again(rows, call)
                else:
                    answers[request.id] = hook(rows, call)
            self.stage(planned.name, answers=answers)
        return self

    def stage(
        self,
        name: str,
        status: str = "passed",
        *,
        kind: str = "score",
        answers: dict[str, Answer] | None = None,
        ended: dict[str, Any] | None = None,
        **reported: Any,
    ) -> Validation:
        """Write stage.json and result.json of a stage; `ended` and `reported` in the protocol's own spelling."""
        folder = self.folder / "output" / name
        folder.mkdir(parents=True, exist_ok=True)
        stage = {
            "name": name,
            "status": status,
            "startedAt": "2026-01-02T03:04:05Z",
            "endedAt": "2026-01-02T03:04:06Z",
            "seconds": 1.25,
            "peakMemoryBytes": 173 * MIB,
            "exitCode": 0,
            "signal": None,
            **(ended or {}),
        }
        (folder / "stage.json").write_text(json.dumps(stage))
        requests = [self._write_request(folder, id_, answer) for id_, answer in (answers or {}).items()]
        result = {
            "interface": "hooks",
            "importSeconds": 0.1,
            "loadSeconds": 0.2 if kind == "score" else None,
            "modelSource": "file model.pkl" if kind == "score" else None,
            "requests": requests,
            **reported,
        }
        (folder / "result.json").write_text(json.dumps(result))
        self._stages[name] = (kind, status)
        return self

    def without(self, *names: str) -> Validation:
        for name in names:
            self._stages.pop(name, None)
        return self

    def _write_request(self, folder: Path, request_id: str, answer: Answer) -> dict[str, Any]:
        if isinstance(answer, dict):
            return {"id": request_id, "seconds": None, "error": answer, "output": None}
        output = write_sparse if sparse.issparse(answer) else write_frame
        return {"id": request_id, "seconds": 0.01, "error": None, "output": output(folder, request_id, answer)}

    def change_output(self, request_id: str, **changes: Any) -> None:
        """Change the record of an output of the first scoring stage, not its values."""
        file = self.folder / "output" / self.verb / "result.json"
        document = json.loads(file.read_text())
        for request in document["requests"]:
            if request["id"] == request_id:
                request["output"].update(changes)
        file.write_text(json.dumps(document))

    def task(self) -> Task:
        return Task(
            folder=self.folder / "task",
            name="sales",
            language="python",
            code_file="custom.py",
            files=tuple(TaskFile(path, 1024, "0" * 64) for path in self.task_files),
            hooks=self.hooks,
            metadata=self.metadata,
            requirements=self._read_requirements(),
            findings=self.findings,
        )

    def _read_requirements(self) -> Requirements:
        if self.requirements is None:
            return NO_REQUIREMENTS
        file = self.folder / "requirements.txt"
        file.write_text(self.requirements)
        return parse_requirements(file)

    def run(self) -> RunResult:
        for name, content in self.artifacts.items():
            file = self.folder / "artifact" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return RunResult(
            stages=tuple(
                read_stage(self.folder / "output" / name, kind, status)  # type: ignore[arg-type]
                for name, (kind, status) in self._stages.items()
            ),
            artifact_folder=self.folder / "artifact",
            python_version=self.python_version,
            isolated=self.isolated,
            error=self.run_error,
        )

    def evidence(self, **changes: Any) -> Evidence:
        parts: dict[str, Any] = {
            "task": self.task(),
            "target_type": self.target_type,
            "memory_bytes": self.memory_bytes,
            "timeout_seconds": self.timeout_seconds,
            "strict": self.strict,
            "missing_credentials": self.missing_credentials,
            "data": self.sample_data(),
            "build": self.build,
            "run": self.run(),
        }
        return Evidence(**{**parts, **changes})

    def results(self, **changes: Any) -> dict[str, CheckResult]:
        """Judge everything; a validation that was told no answers gives the usual ones."""
        if not self._stages and self.run_error is None:
            self.answer()
        return {result.id: result for result in run_checks(self.evidence(**changes), CHECKS)}

    def result(self, check_id: str) -> CheckResult:
        return self.results()[check_id]


def write_frame(folder: Path, name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Write numbers and hashes of a frame; return the OUTPUT record."""
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    kinds = [kind_of(values) for values in columns]
    numeric = [
        values.to_numpy(dtype=float) for values, kind in zip(columns, kinds, strict=True) if kind in "number boolean"
    ]
    hashed = [hashes_of(values) for values, kind in zip(columns, kinds, strict=True) if kind in "text date other"]
    record = {
        "kind": "frame",
        "rows": len(frame),
        "columns": [str(column) for column in frame.columns],
        "columnKinds": kinds,
        "numbers": None,
        "hashes": None,
        "sparse": None,
        "table": None,
        "inputPreserved": True,
    }
    if numeric:
        record["numbers"] = f"{name}.numbers.npy"
        np.save(folder / f"{name}.numbers.npy", np.column_stack(numeric))
    if hashed:
        record["hashes"] = f"{name}.hashes.npy"
        np.save(folder / f"{name}.hashes.npy", np.column_stack(hashed))
    return record


def write_sparse(folder: Path, name: str, matrix: sparse.csr_matrix) -> dict[str, Any]:
    """Write a matrix; return the OUTPUT record."""
    sparse.save_npz(folder / f"{name}.sparse.npz", matrix.astype(float), compressed=False)
    return {
        "kind": "sparse",
        "rows": matrix.shape[0],
        "columns": [str(number) for number in range(matrix.shape[1])],
        "columnKinds": ["number"] * matrix.shape[1],
        "sparse": f"{name}.sparse.npz",
        "inputPreserved": True,
    }


def kind_of(values: pd.Series) -> str:
    by_letter = {"b": "boolean", "c": "complex", "f": "number", "i": "number", "u": "number", "M": "date"}
    if any(isinstance(value, list) for value in values):
        return "other"
    return by_letter.get(values.dtype.kind, "text")


def hashes_of(values: pd.Series) -> np.ndarray:
    hashes = [0 if pd.isna(value) else zlib.crc32(str(value).encode()) + 1 for value in values]
    return np.array(hashes, dtype=np.uint64)
