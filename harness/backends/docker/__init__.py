"""The backend with Docker: images in layers, and a container without rights a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from harness.backends.base import NO_VARIABLES, Worker
from harness.backends.cancellation import Cancellation
from harness.backends.docker.build import build_image, make_image
from harness.backends.docker.images import remove_task_image
from harness.backends.docker.installed import read_installed
from harness.backends.docker.run import start_worker
from harness.builds.installed import Installed
from harness.builds.model import BuildPlan, BuildResult
from harness.docker_engine import connect
from harness.progress import Progress
from harness.records import NetworkPolicy
from harness.tasks.model import Task


class DockerBackend:
    """Builds images and runs containers on the engine that DOCKER_HOST or the current Docker context names.

    Raises BackendUnavailable where none answers.
    """

    name = "docker"

    def __init__(self) -> None:
        connect().close()
        self._cancellation = Cancellation()

    def build(self, plan: BuildPlan, progress: Progress) -> BuildResult:
        """Return the images of the plan's layers, built now or earlier."""
        return build_image(plan, progress, self._cancellation)

    def make_image(self, build: BuildResult, task: Task) -> None:
        """Make the image with the task's files that the build has named, or find the one of an earlier run."""
        make_image(build, task)

    def start(
        self, build: BuildResult, task: Task, network: NetworkPolicy, variables: Mapping[str, str] = NO_VARIABLES
    ) -> AbstractContextManager[Worker]:
        """Start a container with a worker, without network or with public addresses only."""
        return start_worker(build, task, network, variables, self._cancellation)

    def read_installed(self, build: BuildResult) -> Installed:
        """Return what the image of a successful build holds."""
        return read_installed(build, self._cancellation)

    def remove_image(self, name: str) -> None:
        """Remove the image of that name, where it is one of a task's; its dependencies stay for others."""
        remove_task_image(name)

    def cancel(self) -> None:
        """End the step of the build that runs, or the container of the run."""
        self._cancellation.cancel()
