"""What the pipeline asks of a backend: build the dependencies, then run stages on them. Nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from harness.builds.installed import Installed
from harness.builds.model import BuildPlan, BuildResult
from harness.progress import Progress
from harness.records import NetworkPolicy, TargetType
from harness.runs import RunResult, Stage
from harness.tasks.model import Task

if TYPE_CHECKING:
    from harness.data.model import SampleData

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that one run needs: the task, the sample data, and the stages to go through.

    parameters: the hyperparameter values that fit receives. secrets_folder: one JSON file a credential, None where
    there are none. memory_bytes, disk_bytes: what a stage may use at most, with everything that it starts.
    """

    task: Task
    target_type: TargetType
    data: SampleData
    parameters: Mapping[str, Any]
    secrets_folder: Path | None
    stages: Sequence[Stage]
    memory_bytes: int
    disk_bytes: int | None = None


class Worker(Protocol):
    """A started worker that imports libraries while the host reads data; it runs one job."""

    def run(self, job: Job, progress: Progress) -> RunResult: ...


class Backend(Protocol):
    """Where a build and its stages happen."""

    name: str

    def build(self, plan: BuildPlan, progress: Progress) -> BuildResult:
        """Return the finished build, or the earlier one of the same digest. A failed build is a result."""
        ...

    def make_image(self, build: BuildResult, task: Task) -> None:
        """Make the image with the task's files that a build has only named, where a backend has images.

        Raises HarnessError where the task's files are no longer those that were read.
        """
        ...

    def start(
        self, build: BuildResult, task: Task, network: NetworkPolicy, variables: Mapping[str, str] = NO_VARIABLES
    ) -> AbstractContextManager[Worker]:
        """Start a worker on a successful build. Leaving the context ends and removes all that it started.

        variables: of the task's environment, beside those that the platform's images have.
        """
        ...

    def read_installed(self, build: BuildResult) -> Installed:
        """Return what a successful build has installed, its base environment included."""
        ...

    def remove_image(self, name: str) -> None:
        """Remove the image that a build made of a task, where a backend has images; what it stands on stays."""
        ...

    def cancel(self) -> None:
        """End a build or a run that another thread waits for, and every later one as it begins."""
        ...
