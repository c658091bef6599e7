"""The backend without Docker: a virtual environment a dependency set, and a fenced-in process group a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from harness.backends.base import NO_VARIABLES, Worker
from harness.backends.cancellation import Cancellation
from harness.backends.venv.build import build_venv
from harness.backends.venv.installed import read_installed
from harness.backends.venv.run import start_worker
from harness.builds.installed import Installed
from harness.builds.model import BuildPlan, BuildResult
from harness.progress import Progress
from harness.records import NetworkPolicy
from harness.tasks.model import Task


class VenvBackend:
    """Builds with uv under the user's cache folder and runs on this machine's own kernel and file system."""

    name = "venv"

    def __init__(self) -> None:
        self._cancellation = Cancellation()

    def build(self, plan: BuildPlan, progress: Progress) -> BuildResult:
        """Return the venv of the plan's digest, built now or earlier."""
        return build_venv(plan, progress, self._cancellation)

    def make_image(self, build: BuildResult, _: Task) -> None:
        """Do nothing: a venv holds no files of a task."""

    def start(
        self, build: BuildResult, task: Task, network: NetworkPolicy, variables: Mapping[str, str] = NO_VARIABLES
    ) -> AbstractContextManager[Worker]:
        """Start a worker in a process group of its own, without network where the policy and the kernel say so."""
        return start_worker(build, task, network, variables, self._cancellation)

    def read_installed(self, build: BuildResult) -> Installed:
        """Return what the venv of a successful build holds."""
        return read_installed(build)

    def remove_image(self, name: str) -> None:
        """Do nothing: a venv holds no files of a task."""

    def cancel(self) -> None:
        """End the installer or the worker."""
        self._cancellation.cancel()
