"""The whole story of a validation, top to bottom: read, plan, build, run, check, archive, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.backends import Backend, Cancellation, Job, Worker, open_backend, refuse_other_languages
from harness.builds.model import BuildPlan, BuildResult
from harness.builds.plan import plan_build
from harness.checks import Evidence, checks_before_build, checks_before_run, run_checks
from harness.environments import find_environment
from harness.errors import HarnessError, Interrupted
from harness.output import default_output, prepare_output, save_results, write_report, write_report_page
from harness.progress import Progress, Silent
from harness.records import CheckResult, CheckStatus, TargetType
from harness.reports.model import (
    BuildReport,
    EnvironmentReport,
    Report,
    Seconds,
    StageReport,
    TaskReport,
    Verdict,
)
from harness.reports.page import Drawing, Page
from harness.runs import plan_stages
from harness.secrets import missing_credentials, read_secret_values
from harness.settings import Settings
from harness.tasks import Task, default_parameters, read_parameters, read_task
from harness.workbench import BareWorkbench, Workbench

if TYPE_CHECKING:
    from harness.data import SampleData

_T = TypeVar("_T")

CANCELLED = "cancelled; everything that was started has been ended"


def validate(
    folder: str | Path,
    settings: Settings | None = None,
    progress: Progress | None = None,
    cancellation: Cancellation | None = None,
    workbench: Workbench | None = None,
    keep_page: Callable[[Page], None] | None = None,
    **options: Any,
) -> Report:
    """Return whether the platform would accept, train and score with the task in `folder`, and why not.

    options: the fields of Settings, in place of `settings`: `validate("task", input="data.csv", target="y")`.
    cancellation: with which another thread can end the build or the run; what was started is gone when that is raised.
    workbench: what an earlier validation of the same folder has left; without one, nothing is taken over.
    keep_page: is given what report.html shows, to show it elsewhere too.
    Raises HarnessError for what is no judgement on the task: bad usage, unreadable input, no such backend; Interrupted
    where it was cancelled.
    """
    clock = _Clock.start()
    settings = settings or Settings(**options)
    progress = progress or Silent()
    cancellation = cancellation or Cancellation()
    workbench = workbench or BareWorkbench()

    task = _read_without_results(Path(folder), settings)
    target_type = decide_target_type(task, settings)
    environment = find_environment(settings.environment or task.metadata.environment_id)
    backend = open_backend(settings.backend, progress)
    secrets = read_secret_values(settings.user_secrets_mount_path)
    parameters = choose_parameters(task, settings)
    output = prepare_output(settings.output or default_output(task))
    known = Evidence(
        task=task,
        target_type=target_type,
        memory_bytes=settings.memory_limit_bytes,
        timeout_seconds=settings.timeout_seconds,
        strict=settings.strict_validation,
        network=settings.network,
        environment=environment.short_name,
        missing_credentials=missing_credentials(task.metadata.credential_keys, settings.user_secrets_mount_path),
        missing_metadata=tuple(sorted({*environment.required_metadata_keys} - {*settings.environment_variables})),
    )
    drawing = Drawing()
    if any_failed(run_checks(known, checks_before_build)):
        evidence = known
        checks = run_checks(known)
        archives, outputs = save_results(output, known, checks, secrets)
        figures = drawing.finish(known, checks, secrets)
    else:
        refuse_other_languages(task, backend)
        plan = plan_build(environment, task.requirements, task, settings.build_options)
        with try_task(
            known, plan, backend, settings, parameters, progress, clock, cancellation, workbench, drawing
        ) as evidence:
            progress.step("checks")
            checks = clock.timed("checks", lambda: run_checks(evidence))
            archives, outputs = save_results(output, evidence, checks, secrets)
            figures = drawing.finish(evidence, checks, secrets)
    report = Report(
        verdict=Verdict.FAILED if any_failed(checks) else Verdict.PASSED,
        task=TaskReport.of(task, target_type),
        environment=EnvironmentReport.of(environment, backend.name, evidence.build),
        dependencies=task.requirements.dependencies,
        build=BuildReport.of(evidence.build) if evidence.build else None,
        stages=tuple(StageReport.of(stage) for stage in evidence.run.stages) if evidence.run else (),
        checks=checks,
        archives=archives,
        outputs=outputs,
        seconds=clock.seconds(),
    )
    write_report(output, report)
    page = Page(report, figures)
    write_report_page(output, page)
    if keep_page is not None:
        keep_page(page)
    return report


def _read_without_results(folder: Path, settings: Settings) -> Task:
    """Read the task; where the output folder lies in it, the results of an earlier run are none of its files."""
    output = settings.output
    if output is not None and folder.is_dir() and output.resolve().is_relative_to(folder.resolve()):
        prepare_output(output)
    return read_task(folder)


@contextmanager
def try_task(
    known: Evidence,
    plan: BuildPlan,
    backend: Backend,
    settings: Settings,
    parameters: dict[str, Any],
    progress: Progress,
    clock: _Clock,
    cancellation: Cancellation,
    workbench: Workbench,
    drawing: Drawing,
) -> Iterator[Evidence]:
    """Build and run as far as it goes, and give what was seen; its files live until the context is left.

    The build and the worker's imports go on in a second thread while this one reads the data, so that unreadable data
    is told at once and a ready build costs nothing. The image with the task's files, which no run needs, is made
    beside the run.
    """
    with _put_away_on(workbench) as stack, ThreadPoolExecutor(max_workers=1) as pool:
        stack.callback(backend.cancel)
        with _ended_by(cancellation, backend):
            plan = replace(plan, only_names_image=True)
            building = pool.submit(_build_and_start, plan, backend, settings, known.task, progress, stack, cancellation)
            try:
                data = read_data(known.task, known.target_type, settings, plan, workbench)
                build, worker = building.result()
                drawing.begin(pool, data)
            except BaseException:
                backend.cancel()
                raise
            clock.note("build", 0.0 if build.cached else build.seconds)
            evidence = replace(known, data=data, build=build)
            if worker is not None:
                with workbench.beside(partial(backend.make_image, build, known.task)):
                    if not any_failed(run_checks(evidence, checks_before_run)):
                        job = _plan_job(known, data, settings, parameters)
                        evidence = replace(evidence, run=clock.timed("run", lambda: worker.run(job, progress)))
        yield evidence


def _plan_job(known: Evidence, data: SampleData, settings: Settings, parameters: dict[str, Any]) -> Job:
    return Job(
        task=known.task,
        target_type=known.target_type,
        data=data,
        parameters=parameters,
        secrets_folder=settings.user_secrets_mount_path,
        stages=plan_stages(known.target_type, data, settings.timeout_seconds),
        memory_bytes=known.memory_bytes,
        disk_bytes=settings.disk_limit_bytes,
    )


@contextmanager
def _put_away_on(workbench: Workbench) -> Iterator[ExitStack]:
    """Give a stack for what has to be closed, which the workbench does once the block is left."""
    stack = ExitStack()
    try:
        yield stack
    finally:
        workbench.put_away(stack)


@contextmanager
def _ended_by(cancellation: Cancellation, backend: Backend) -> Iterator[None]:
    """Let a cancellation end what the backend does in the block; whatever comes of the block then is Interrupted."""
    try:
        with cancellation.ends_with(backend.cancel):
            yield
    except HarnessError as error:
        if not cancellation.requested:
            raise
        raise Interrupted(CANCELLED) from error
    if cancellation.requested:
        raise Interrupted(CANCELLED)


def _build_and_start(
    plan: BuildPlan,
    backend: Backend,
    settings: Settings,
    task: Task,
    progress: Progress,
    stack: ExitStack,
    cancellation: Cancellation,
) -> tuple[BuildResult, Worker | None]:
    progress.step("dependency build")
    build = _build(plan, backend, progress)
    if cancellation.requested:
        return build, None
    if not build.succeeded:
        from harness.remedies import explain_further

        progress.step("diagnosis")
        return replace(build, diagnosis=cancellation.awaited(lambda: explain_further(plan, build))), None
    return build, stack.enter_context(backend.start(build, task, settings.network, settings.environment_variables))


def _build(plan: BuildPlan, backend: Backend, progress: Progress) -> BuildResult:
    if plan.options.as_of is None:
        return backend.build(plan, progress)
    from harness.resolving.as_of import build_as_of

    return build_as_of(plan, backend.build, progress)


def read_data(
    task: Task, target_type: TargetType, settings: Settings, plan: BuildPlan, workbench: Workbench
) -> SampleData:
    """Return the user's data, else the input that the metadata names, else a bundled sample that fits the task."""
    from harness.data import DataOptions, choose_sample, read_sample_data

    options, metadata = settings.data_options, task.metadata
    prefer_arrow = plan.names_package("pyarrow")
    own = task.folder / metadata.validation_input if metadata.validation_input and not options.input else None
    if own is not None and own.is_file():
        target = options.target or (None if options.target_csv else metadata.validation_target)
        options = replace(options, input=own, target=target)

    def read() -> SampleData:
        if options.input is not None:
            return read_sample_data(options, target_type, prefer_arrow=prefer_arrow)
        if options != DataOptions():
            raise HarnessError("options for the data were given without data", remedy="Give the data with --input.")
        return choose_sample(target_type, metadata.type_schema)

    files = [*options.files, own] if own is not None else options.files
    return workbench.sample_data((options, target_type, prefer_arrow, metadata.type_schema), files, read)


def decide_target_type(task: Task, settings: Settings) -> TargetType:
    """Return the target type of the settings or the metadata; raises HarnessError where both differ or neither says."""
    declared, asked = task.metadata.target_type, settings.target_type
    if declared and asked and declared is not asked:
        raise HarnessError(
            f"the target type is {declared} in the metadata and {asked} on the command line",
            file=str(task.metadata.file),
            remedy="Correct one of the two, or leave --target-type out.",
        )
    chosen = declared or asked
    if chosen is None and not task.errors:
        raise HarnessError(
            "the target type is not known",
            file=str(task.folder),
            remedy="Give --target-type, or targetType in model-metadata.yaml: " + ", ".join(TargetType) + ".",
        )
    return chosen or TargetType.REGRESSION


def choose_parameters(task: Task, settings: Settings) -> dict[str, Any]:
    """Return the hyperparameter values that fit receives: the file's, and the defaults for the rest."""
    if settings.parameter_file is not None:
        return dict(read_parameters(settings.parameter_file, task.metadata))
    return dict(default_parameters(task.metadata))


def any_failed(checks: Sequence[CheckResult]) -> bool:
    return any(check.status is CheckStatus.FAILED for check in checks)


@dataclass(slots=True)
class _Clock:
    """Wall-clock seconds of the whole and of its parts."""

    started: float
    parts: dict[str, float]

    @classmethod
    def start(cls) -> _Clock:
        return cls(time.perf_counter(), {})

    def note(self, part: str, seconds: float) -> None:
        self.parts[part] = seconds

    def timed(self, part: str, action: Callable[[], _T]) -> _T:
        began = time.perf_counter()
        try:
            return action()
        finally:
            self.note(part, time.perf_counter() - began)

    def seconds(self) -> Seconds:
        parts = {name: round(self.parts.get(name, 0.0), 3) for name in ("build", "run", "checks")}
        return Seconds(total=round(time.perf_counter() - self.started, 3), **parts)
