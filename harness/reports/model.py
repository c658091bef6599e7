"""The report of a validation, as `harness validate --json` prints it and `harness.validate` returns it.

Source of the form: the project's design, "Contracts that stay stable", schemaVersion 1.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from pydantic import field_serializer

from harness.builds.log import timestamp
from harness.builds.model import BuildResult, Diagnosis
from harness.environments.model import Environment
from harness.errors import HarnessError
from harness.findings import Finding
from harness.records import BuildStatus, CheckResult, CheckStatus, Dependency, Record, TargetType
from harness.runs import StageResult, StageStatus
from harness.tasks.model import Task

SCHEMA_VERSION: Final = 1
# What a person looks at, in the output folder of every validation.
PAGE_NAME: Final = "report.html"


class Verdict(StrEnum):
    """`failed`: the platform refuses the task, or would give wrong results. `error`: the harness could not judge it."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


class TaskReport(Record):
    """Which task was judged. `path` is its folder."""

    name: str
    path: str
    language: Literal["python", "r"]
    target_type: TargetType
    interface: Literal["hooks", "class"]

    @classmethod
    def of(cls, task: Task, target_type: TargetType) -> TaskReport:
        return cls(
            name=task.name,
            path=str(task.folder),
            language=task.language,
            target_type=target_type,
            interface=task.hooks.interface,
        )


class EnvironmentReport(Record):
    """What it was judged on. `image` is None on backends without images."""

    id: str
    name: str
    backend: str
    python_version: str | None
    image: str | None

    @classmethod
    def of(cls, environment: Environment, backend: str, build: BuildResult | None) -> EnvironmentReport:
        return cls(
            id=environment.id,
            name=environment.name,
            backend=backend,
            python_version=build.python_version if build else environment.python_version,
            image=build.image if build else None,
        )


class BuildReport(Record):
    """The dependency build; times in ISO-8601 with Z. `cached`: an earlier build of the same digest was used."""

    build_status: BuildStatus
    build_start: datetime
    build_end: datetime
    cached: bool
    diagnosis: Diagnosis | None

    @classmethod
    def of(cls, build: BuildResult) -> BuildReport:
        return cls(
            build_status=build.status,
            build_start=build.started,
            build_end=build.ended,
            cached=build.cached,
            diagnosis=build.diagnosis,
        )

    @field_serializer("build_start", "build_end")
    def _write_time(self, moment: datetime) -> str:
        return timestamp(moment)


class StageReport(Record):
    """One stage in a process of its own. `exit_code` is None where a signal ended it."""

    name: str
    status: StageStatus
    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    exit_code: int | None

    @classmethod
    def of(cls, stage: StageResult) -> StageReport:
        return cls(
            name=stage.name,
            status=stage.status,
            seconds=stage.ended.seconds,
            cpu_seconds=stage.ended.cpu_seconds,
            peak_memory_bytes=stage.ended.peak_memory_bytes,
            exit_code=stage.ended.exit_code,
        )


class Archives(Record):
    """Paths of the two archives, None where there was nothing to put in."""

    logs: str | None = None
    training_artifact: str | None = None


class Outputs(Record):
    """Path of what the task returned for all rows: `predictions` of an estimator, `transformed` of a transform."""

    predictions: str | None = None
    transformed: str | None = None


class Seconds(Record):
    """Wall-clock time: in all, of the dependency build, of the run, and of judging it."""

    total: float
    build: float
    run: float
    checks: float


class FailureToRun(Record):
    """Why there is no judgement: bad usage, unreadable input, or a backend that is not there."""

    exit_code: int
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    remedy: str = ""

    @classmethod
    def of(cls, error: HarnessError) -> FailureToRun:
        found = error.finding
        return cls(
            exit_code=error.exit_code,
            message=found.message,
            file=found.file,
            line=found.line,
            column=found.column,
            remedy=found.remedy,
        )

    @property
    def finding(self) -> Finding:
        """Return the same as a finding, to print it."""
        return Finding(self.message, self.remedy, self.file, self.line, self.column)


class Report(Record):
    """One task's validation from start to end. With verdict `error`, `error` says why and the rest may be absent."""

    schema_version: Literal[1] = SCHEMA_VERSION
    verdict: Verdict
    task: TaskReport | None = None
    environment: EnvironmentReport | None = None
    dependencies: tuple[Dependency, ...] = ()
    build: BuildReport | None = None
    stages: tuple[StageReport, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    archives: Archives = Archives()
    outputs: Outputs = Outputs()
    seconds: Seconds
    error: FailureToRun | None = None

    def __repr__(self) -> str:
        """Return the verdict and what failed: what `assert report.passed` shows."""
        name = self.task.name if self.task else "a task"
        failed = [f"{check.id}: {check.message}" for check in self.checks_with(CheckStatus.FAILED)]
        said = [self.error.message] if self.error else failed
        return f"<Report of {name}: {', '.join([self.verdict, *said])}>"

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED

    @property
    def exit_code(self) -> int:
        """Return the command's exit code: 0 passed, 1 a check failed, 3 the build failed, else the error's."""
        if self.error is not None:
            return self.error.exit_code
        if self.build is not None and self.build.build_status is BuildStatus.FAILED:
            return 3
        return 0 if self.passed else 1

    @classmethod
    def of_error(cls, error: HarnessError, seconds: float) -> Report:
        """Return the report of a task that could not be judged."""
        nothing = Seconds(total=seconds, build=0, run=0, checks=0)
        return cls(verdict=Verdict.ERROR, seconds=nothing, error=FailureToRun.of(error))

    def check(self, check_id: str) -> CheckResult:
        """Return the result of one check; raises LookupError where there is none of that id."""
        for check in self.checks:
            if check.id == check_id:
                return check
        why = f": {self.error.finding}" if self.error else ""
        raise LookupError(f"the report has no check {check_id!r}{why}")

    def checks_with(self, status: CheckStatus) -> tuple[CheckResult, ...]:
        """Return the checks that ended so, in the order in which they were made."""
        return tuple(check for check in self.checks if check.status is status)


class Reports(Record):
    """Several tasks' reports; the verdict and the exit code are the worst of them."""

    schema_version: Literal[1] = SCHEMA_VERSION
    verdict: Verdict
    reports: tuple[Report, ...]

    @classmethod
    def of(cls, reports: tuple[Report, ...]) -> Reports:
        worst = max((report.verdict for report in reports), key=list(Verdict).index, default=Verdict.PASSED)
        return cls(verdict=worst, reports=reports)

    @property
    def exit_code(self) -> int:
        """Return the exit code of the first task with the worst verdict; 0 where there are no tasks."""
        return next((report.exit_code for report in self.reports if report.verdict is self.verdict), 0)
