"""Build a task's image in layers: only what has changed is built, and what two runs want at once is built once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import docker
from docker.errors import APIError

from harness.backends.cancellation import Cancellation
from harness.backends.docker.contexts import bare_environment, build_context, has_dockerfile
from harness.backends.docker.dependencies import Installation, install_dependencies
from harness.backends.docker.dockerfiles import build_dockerfile, resolve_base, resolve_image
from harness.backends.docker.images import (
    MOST_BYTES,
    Image,
    Kind,
    commit_layer,
    evict,
    find_image,
    layer_labels,
    tag_of,
)
from harness.backends.docker.import_check import check_imports
from harness.backends.docker.layers import found_image, task_image, task_tag, worker_image
from harness.backends.docker.leftovers import sweep
from harness.builds.diagnosis import diagnose_build
from harness.builds.diagnosis.imports import diagnose_imports
from harness.builds.host_settings import HostSettings, read_host_settings
from harness.builds.import_check import FAILED_IMPORTS, ImportCheck, names_to_check
from harness.builds.layers import ImageLayers, image_layers, read_context, task_layer
from harness.builds.log import frame_log
from harness.builds.model import BuildPlan, BuildResult, Diagnosis
from harness.cache import cache_folder, locked, make_folder
from harness.docker_engine import Label, connect, explained, owned_by
from harness.errors import Interrupted
from harness.progress import Progress
from harness.records import BuildStatus
from harness.tasks.model import Task

INTERRUPTED = Interrupted.exit_code


def build_image(plan: BuildPlan, progress: Progress, cancellation: Cancellation) -> BuildResult:
    """Return the build of `plan`: its images, made now or earlier, or why its dependencies cannot be installed.

    Raises BackendUnavailable for what is no fault of the requirements: no engine, no base image, a full disk.
    """
    api = connect()
    try:
        with explained("the build cannot go on"), ThreadPoolExecutor(max_workers=1) as remover:
            return _Build(api, plan, progress, cancellation, remover).run()
    finally:
        api.close()


def make_image(build: BuildResult, task: Task) -> None:
    """Make the image of the task's files on the dependencies of a build, where it is not there already."""
    assert build.dependencies_image is not None
    api = connect()
    try:
        with explained("the task's image cannot be made"):
            dependencies = found_image(api, build.dependencies_image)
            task_image(api, dependencies, task, task_layer(dependencies.labels[Label.DIGEST], task))
    finally:
        api.close()


@dataclass(slots=True)
class _Build:
    api: docker.APIClient
    plan: BuildPlan
    progress: Progress
    cancellation: Cancellation
    remover: Executor
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def run(self) -> BuildResult:
        with build_context(self.plan.environment) as context:
            base_id = self._base_image(context)
            layers = image_layers(self.plan, base_id, read_context(context) if context else {})
            dependencies = None if self.plan.options.no_cache else self._find_dependencies(layers)
            if dependencies is not None:
                return self._finished(dependencies, layers, _read_record(layers), cached=True)
            self.progress.build_status(BuildStatus.SUBMITTED)
            lock = cache_folder() / "images" / f"{layers.dependencies}.lock"
            # Before that lock is held: what a killed build of the same dependencies has left is labelled with it.
            sweep(self.api)
            with locked(lock):
                dependencies = None if self.plan.options.no_cache else self._find_dependencies(layers)
                if dependencies is not None:
                    return self._finished(dependencies, layers, _read_record(layers), cached=True)
                self.started = datetime.now(UTC)
                self.progress.build_status(BuildStatus.PROCESSING)
                return self._build(context, base_id, layers, lock)

    @property
    def _python_version(self) -> str | None:
        """Return which Python the base image is to have, for an image that stands in for it."""
        environment = self.plan.environment
        return environment.python_version or (
            None if has_dockerfile(environment) else bare_environment().python_version
        )

    def _base_image(self, context: Path | None) -> str:
        if context is None:
            assert self.plan.environment.image is not None
            return resolve_image(
                self.api,
                self.plan.environment.image,
                pull=self.plan.options.pull,
                on_line=self._hear,
                cancellation=self.cancellation,
            ).image_id
        base = resolve_base(
            self.api,
            context,
            self.plan.options.build_args,
            pull=self.plan.options.pull,
            python_version=self._python_version,
            on_line=self._hear,
            cancellation=self.cancellation,
        )
        if base.note:
            self.notes.append(base.note)
        return base.image_id

    def _find_dependencies(self, layers: ImageLayers) -> Image | None:
        return find_image(self.api, tag_of(Kind.DEPENDENCIES, layers.dependencies))

    def _build(self, context: Path | None, base_id: str, layers: ImageLayers, lock: Path) -> BuildResult:
        settings = read_host_settings(os.environ)
        for note in settings.notes:
            self._hear(f"note: {note}")
        environment, exit_code = base_id, 0
        if context is not None:
            try:
                environment, exit_code = self._environment_image(context, layers, settings)
            except Interrupted:
                return self._failed(INTERRUPTED, datetime.now(UTC), None)
        installation, imports = None, ImportCheck()
        if exit_code == 0:
            installation = self._install(environment, layers, settings, lock)
            exit_code = installation.exit_code
        if installation is not None and installation.image is not None:
            imports = self._check_and_name(installation, layers, owned_by(lock))
        ended = datetime.now(UTC)
        if self.cancellation.requested:
            return self._failed(INTERRUPTED, ended, installation)
        if exit_code == 0 and imports.failures:
            return self._failed(0, ended, installation, diagnose_imports(self.plan, imports.failures))
        dependencies = self._find_dependencies(layers)
        if exit_code != 0 or dependencies is None:
            return self._failed(exit_code or 1, ended, installation)
        log = frame_log(self.lines, self.started, ended, "succeeded")
        record = _Record(self.started, ended, log, imports.notes)
        _write_record(layers, record)
        evict(self.api, _most_bytes(), spared=frozenset({dependencies.id, environment}))
        self.progress.build_status(BuildStatus.SUCCESS)
        return self._finished(dependencies, layers, record, cached=False)

    def _environment_image(self, context: Path, layers: ImageLayers, settings: HostSettings) -> tuple[str, int]:
        """Return the environment's image and 0, or nothing and the exit code of the instruction that failed."""
        tag = tag_of(Kind.ENVIRONMENT, layers.environment)
        found = None if self.plan.options.no_cache else find_image(self.api, tag)
        if found is not None:
            return found.id, 0
        built = build_dockerfile(
            self.api,
            context,
            tag=tag,
            labels=layer_labels(Kind.ENVIRONMENT, layers.environment),
            build_args=self.plan.options.build_args,
            python_version=self._python_version,
            settings=settings,
            no_cache=self.plan.options.no_cache,
            on_line=self._hear,
            cancellation=self.cancellation,
        )
        return built.image_id or "", 0 if built.image_id else built.exit_code or 1

    def _install(self, environment: str, layers: ImageLayers, settings: HostSettings, lock: Path) -> Installation:
        def commit(container: str, found: Installation) -> str:
            labels = layer_labels(
                Kind.DEPENDENCIES,
                layers.dependencies,
                python=found.python,
                python_version=found.python_version,
                environment=environment,
            )
            return commit_layer(self.api, container, environment, None, labels)

        return install_dependencies(
            self.api,
            environment,
            self.plan,
            settings,
            owned_by(lock),
            on_line=self._hear,
            cancellation=self.cancellation,
            commit=commit,
            remover=self.remover,
        )

    def _check_and_name(
        self, installation: Installation, layers: ImageLayers, labels: Mapping[str, str]
    ) -> ImportCheck:
        """Import what was installed, and give the image the name by which it is found, unless that breaks the build.

        Meanwhile the downloads are kept and the container in which pip ran is removed.
        """
        assert installation.image is not None
        names = names_to_check(self.plan)
        found = ImportCheck()
        if names:
            found = check_imports(
                self.api,
                installation.image,
                installation.python,
                names,
                labels,
                on_line=self._hear,
                cancellation=self.cancellation,
                remover=self.remover,
            )
        if found.failures or self.cancellation.requested:
            self.remover.submit(_remove_unnamed, self.api, installation.image)
        else:
            repository, _, version = tag_of(Kind.DEPENDENCIES, layers.dependencies).rpartition(":")
            self.api.tag(installation.image, repository, version)
        return found

    def _hear(self, line: str) -> None:
        self.lines.append(line)
        self.progress.build_line(line)

    def _failed(
        self, exit_code: int, ended: datetime, installation: Installation | None, diagnosis: Diagnosis | None = None
    ) -> BuildResult:
        """Return the failed build. diagnosis: of the import check; else the installer's log is to tell.

        exit_code: the installer's, 0 where it is the import check that failed.
        """
        self.progress.build_status(BuildStatus.FAILED)
        outcome = f"failed with exit code {exit_code}" if exit_code else FAILED_IMPORTS
        return BuildResult(
            BuildStatus.FAILED,
            self.started,
            ended,
            frame_log(self.lines, self.started, ended, outcome),
            python_version=installation.python_version if installation else None,
            exit_code=exit_code,
            diagnosis=diagnosis or diagnose_build(self.plan, self.lines, exit_code),
            notes=tuple(self.notes),
        )

    def _finished(self, dependencies: Image, layers: ImageLayers, record: _Record, *, cached: bool) -> BuildResult:
        lock = cache_folder() / "images" / f"{layers.dependencies}.worker.lock"
        with locked(lock):
            worker = worker_image(self.api, dependencies, lock)
        image = dependencies.tag
        if self.plan.task is not None and layers.task is not None:
            image = task_tag(dependencies, self.plan.task, layers.task)
            if not self.plan.only_names_image:
                task_image(self.api, dependencies, self.plan.task, layers.task)
        return BuildResult(
            BuildStatus.SUCCESS,
            record.started,
            record.ended,
            record.log,
            cached=cached,
            python=Path(dependencies.python),
            python_version=dependencies.python_version,
            image=image,
            dependencies_image=dependencies.tag,
            worker_image=worker.tag,
            environment_image=dependencies.labels[Label.ENVIRONMENT],
            exit_code=0,
            notes=(*self.notes, *record.notes),
        )


def _remove_unnamed(api: docker.APIClient, image: str) -> None:
    with suppress(APIError):
        api.remove_image(image, noprune=True)


@dataclass(frozen=True, slots=True)
class _Record:
    """When a build was, its log, and what the import check noted."""

    started: datetime
    ended: datetime
    log: str
    notes: tuple[str, ...] = ()


def _record_file(layers: ImageLayers) -> Path:
    return cache_folder() / "builds" / f"{layers.dependencies}.json"


def _write_record(layers: ImageLayers, record: _Record) -> None:
    file = _record_file(layers)
    make_folder(file.parent)
    times = {"started": record.started.isoformat(), "ended": record.ended.isoformat()}
    document = {**times, "log": record.log, "notes": record.notes}
    file.write_text(json.dumps(document), encoding="utf-8")


def _read_record(layers: ImageLayers) -> _Record:
    """Return the record of an earlier build; where that was made elsewhere, one that says so."""
    try:
        document = json.loads(_record_file(layers).read_text(encoding="utf-8"))
        started, ended = (datetime.fromisoformat(document[name]) for name in ("started", "ended"))
        notes = tuple(str(note) for note in document["notes"])
        return _Record(started, ended, str(document["log"]), notes)
    except (OSError, ValueError, KeyError, TypeError):
        now = datetime.now(UTC)
        return _Record(now, now, frame_log(["The image was built by another user of this engine."], now, now, "found"))


def _most_bytes() -> int:
    wanted = os.environ.get("HARNESS_IMAGE_BYTES", "")
    return int(wanted) if wanted.isdigit() else MOST_BYTES
