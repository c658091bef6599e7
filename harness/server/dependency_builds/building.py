"""Build the dependencies of one version of a task on its environment, and say what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.backends import Backend, Cancellation, open_backend, refuse_other_languages
from harness.builds.model import BuildPlan, Diagnosis
from harness.builds.plan import plan_build
from harness.environments import find_environment
from harness.errors import HarnessError, Interrupted
from harness.progress import Progress
from harness.records import BuildStatus
from harness.requirements import NO_REQUIREMENTS, Requirements, parse_requirements
from harness.server.dependency_builds.logs import explained_log, refusal, refusal_log, refused_lines
from harness.tasks import Task, read_task

REQUIREMENTS_FILE = "requirements.txt"
CANCELLED = "the build was cancelled; everything that was started has been ended"


@dataclass(frozen=True, slots=True)
class DependencyBuild:
    """A dependency build that has come to its end. log: as it is downloaded; after a failure it says why.

    diagnosis: of a build that an installer has failed, None otherwise. image: the name of the task's image, None where
    the backend has none.
    """

    status: BuildStatus
    started: datetime
    ended: datetime
    log: str
    diagnosis: Diagnosis | None = None
    image: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is BuildStatus.SUCCESS


class _LinesRefused(HarnessError):
    """Lines of requirements.txt that the platform's records cannot express; nothing was installed."""


def build_dependencies(
    folder: Path, environment: str, backend_name: str, progress: Progress, cancellation: Cancellation
) -> DependencyBuild:
    """Install what a version's requirements.txt asks for on a base environment, and return how that went.

    folder: the version's files; there need not be a task among them. environment: a name, an id or a folder. Whatever
    keeps the build from being made is a build that failed, and its log says why. Raises Interrupted where it was
    cancelled; nothing that it has started is left then.
    """
    started = datetime.now(UTC)
    try:
        backend = open_backend(backend_name, progress)
        plan = _plan(folder, environment, backend)
        with cancellation.ends_with(backend.cancel):
            result = backend.build(plan, progress)
    except HarnessError as error:
        if cancellation.requested:
            raise Interrupted(CANCELLED) from error
        return _refused(refusal(error, str(folder)), started)
    explanation = None
    if not result.succeeded and not cancellation.requested:
        from harness.remedies import explain_further

        explanation = cancellation.awaited(lambda: explain_further(plan, result))
    if cancellation.requested:
        raise Interrupted(CANCELLED)
    log = explained_log(result.log, explanation) if explanation else result.log
    return DependencyBuild(result.status, started, datetime.now(UTC), log, explanation, result.image)


def _plan(folder: Path, environment: str, backend: Backend) -> BuildPlan:
    task = _find_task(folder)
    if task is not None:
        refuse_other_languages(task, backend)
    return plan_build(find_environment(environment), _read_requirements(folder), task)


def _find_task(folder: Path) -> Task | None:
    """Return the task among the files, None where there is none yet: its dependencies are built all the same."""
    try:
        return read_task(folder)
    except HarnessError:
        return None


def _read_requirements(folder: Path) -> Requirements:
    """Return what the version asks for, nothing without a requirements.txt; HarnessError where it cannot be built."""
    file = folder / REQUIREMENTS_FILE
    requirements = parse_requirements(file) if file.is_file() else NO_REQUIREMENTS
    if requirements.refused:
        raise _LinesRefused("\n".join(refused_lines(requirements.refused)))
    return requirements


def _refused(why: str, started: datetime) -> DependencyBuild:
    log = refusal_log(why.splitlines(), started)
    return DependencyBuild(BuildStatus.FAILED, started, datetime.now(UTC), log)
