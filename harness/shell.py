"""A shell in the very container that a run would use, with the data in place: to reproduce a failure by hand."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harness.backends import Backend, Job, open_backend, refuse_other_languages
from harness.builds.plan import plan_build
from harness.docker_presence import INSTEAD
from harness.environments import find_environment
from harness.errors import BackendUnavailable, HarnessError
from harness.pipeline import choose_parameters, decide_target_type, read_data
from harness.progress import Progress
from harness.records import TargetType
from harness.settings import Settings
from harness.tasks import Task
from harness.workbench import BareWorkbench
from harness.workers.container import CODE_FOLDER, LABELS_FILE, PLACES, SECRETS_FOLDER

EXTENSIONS = {"csv": ".csv", "mtx": ".mtx", "arrow": ".arrow"}


class DependenciesMissing(HarnessError):
    """The task's dependencies cannot be installed, so there is nothing to open a shell in."""

    exit_code = 3


@contextmanager
def shell_command(task: Task, settings: Settings, progress: Progress) -> Iterator[list[str]]:
    """Build the task, start its container, and give the command that opens a shell in it while the block runs.

    Raises BackendUnavailable where there is no Docker engine or no docker program, DependenciesMissing where the build
    fails.
    """
    target_type = decide_target_type(task, settings)
    environment = find_environment(settings.environment or task.metadata.environment_id)
    backend = _docker()
    refuse_other_languages(task, backend)
    program = shutil.which("docker")
    if program is None:
        raise BackendUnavailable("the program docker is missing", remedy="Install Docker's command line.")
    plan = plan_build(environment, task.requirements, task, settings.build_options)
    progress.step("dependency build")
    build = backend.build(plan, progress)
    if not build.succeeded:
        reason = build.diagnosis.as_paragraph() if build.diagnosis else "its log says why"
        raise DependenciesMissing(
            f"the dependencies cannot be installed: {reason}", remedy="Run 'harness build' for the log."
        )
    job = Job(
        task=task,
        target_type=target_type,
        data=read_data(task, target_type, settings, plan, BareWorkbench()),
        parameters=choose_parameters(task, settings),
        secrets_folder=settings.user_secrets_mount_path,
        stages=(),
        memory_bytes=settings.memory_limit_bytes,
    )
    with backend.start(build, task, settings.network, settings.environment_variables) as worker:
        from harness.backends.docker.run import DockerWorker

        assert isinstance(worker, DockerWorker)
        container = worker.prepare(job)
        terminal = ["--interactive", *(["--tty"] if sys.stdin.isatty() else [])]
        variables = {**settings.environment_variables, **contract_variables(job)}
        options = [f"--env={name}={value}" for name, value in variables.items()]
        yield [program, "exec", *terminal, f"--workdir={CODE_FOLDER}", *options, container, "sh"]


def _docker() -> Backend:
    """Return the only backend that has containers; raises BackendUnavailable without a word of another one."""
    try:
        return open_backend("docker")
    except BackendUnavailable as error:
        finding = error.finding
        message = f"a shell needs Docker: {finding.message}"
        raise BackendUnavailable(message, remedy=finding.remedy.replace(f", {INSTEAD}", "")) from error


def contract_variables(job: Job) -> dict[str, str]:
    """Return the variables with which a fit is started. Source: the platform's image contract."""
    variables = {
        "CODE_DIR": CODE_FOLDER,
        "CODEPATH": CODE_FOLDER,
        "INPUT_DIRECTORY": PLACES.input,
        "ARTIFACT_DIRECTORY": PLACES.artifact,
        "TARGET_TYPE": job.target_type.value,
        "TRAINING_DATA_EXTENSION": EXTENSIONS[job.data.format],
    }
    if job.secrets_folder:
        variables["USER_SECRETS_MOUNT_PATH"] = SECRETS_FOLDER
    if job.data.class_labels and job.target_type is TargetType.BINARY:
        variables["POSITIVE_CLASS_LABEL"], variables["NEGATIVE_CLASS_LABEL"] = job.data.class_labels
    elif job.data.class_labels:
        variables["CLASS_LABELS_FILE"] = f"{PLACES.input}/{LABELS_FILE}"
    return variables
