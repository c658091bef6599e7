"""Build the image of a folder with a Dockerfile, with this machine's settings for package indexes but not their trace.

The engine's own builder comes first: it needs nothing but the engine. BuildKit, which needs the Docker CLI, stands in
where that builder is missing or too old for the Dockerfile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import docker
from docker.errors import APIError

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.bases import BaseImage, bottom, resolve_bases
from harness.backends.docker.dockerfiles.builders import Builder, BuilderRefused, BuildRequest, Outcome
from harness.backends.docker.dockerfiles.buildkit import BUILDKIT
from harness.backends.docker.dockerfiles.classic import CLASSIC
from harness.backends.docker.dockerfiles.errors import explain_failure
from harness.backends.docker.dockerfiles.settings import (
    REPOSITORY,
    PreparedImage,
    mount_flags,
    prepared_images,
    rewrite,
    secret_files,
)
from harness.backends.docker.dockerfiles.stripping import strip_settings
from harness.backends.docker.dockerfiles.text import Stage, read_dockerfile
from harness.builds.host_settings import HostSettings
from harness.builds.log import clean_line
from harness.cache import locked, run_folder
from harness.docker_engine import owned_by
from harness.errors import BackendUnavailable, Interrupted

BUILDERS = (CLASSIC, BUILDKIT)
_LOCK_FILE = "build.lock"


@dataclass(frozen=True, slots=True)
class DockerfileBuild:
    """image_id: None after a failure. exit_code: of the RUN that failed. error: what the engine said, in one line.

    line, instruction: where the failed instruction begins in the Dockerfile, and its text, as far as they are known.
    """

    image_id: str | None
    exit_code: int | None = None
    error: str | None = None
    line: int | None = None
    instruction: str | None = None


def build_dockerfile(
    api: docker.APIClient,
    folder: Path,
    *,
    tag: str,
    labels: Mapping[str, str],
    build_args: Mapping[str, str],
    python_version: str | None,
    settings: HostSettings,
    no_cache: bool,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
    builders: Sequence[Builder] = BUILDERS,
) -> DockerfileBuild:
    """Build the folder's Dockerfile as `tag`, passing on every line that the build prints.

    python_version: that of an image that may stand in for a base image that is not here. A RUN that fails is a result.
    Raises HarnessError for what is wrong with the Dockerfile, BackendUnavailable for what is wrong with this machine,
    Interrupted after a cancellation. Nothing but a finished image stays.
    """
    log = _Log(on_line, settings.secrets)
    dockerfile = read_dockerfile(folder)
    stages = dockerfile.stages(build_args)
    bases = resolve_bases(
        api,
        dockerfile,
        stages,
        pull=False,
        python_version=python_version,
        on_line=log.hear,
        cancellation=cancellation,
    )
    with run_folder() as work, locked(work / _LOCK_FILE) as lock:
        request = BuildRequest(dockerfile, tag, labels, build_args, settings.proxies, no_cache, work, lock)
        build = _Build(api, request, stages, bases, settings, log, cancellation)
        outcome = build.with_first(builders)
    if outcome.image_id is not None:
        return DockerfileBuild(outcome.image_id)
    if cancellation.requested:
        raise Interrupted("the build was stopped")
    outcome = replace(outcome, error=log.cleaned(outcome.error or ""))
    problem = explain_failure(dockerfile, outcome, log.last_lines)
    if problem is not None:
        raise problem
    failed = outcome.instruction
    return DockerfileBuild(
        None, outcome.exit_code, outcome.error, failed.line if failed else None, str(failed) if failed else None
    )


@dataclass(frozen=True, slots=True)
class _Build:
    """request: without what the way of building adds to it."""

    api: docker.APIClient
    request: BuildRequest
    stages: tuple[Stage, ...]
    bases: Mapping[str, BaseImage]
    settings: HostSettings
    log: _Log
    cancellation: Cancellation

    def with_first(self, builders: Sequence[Builder]) -> Outcome:
        """Build with the first builder that there is."""
        refusals = []
        for builder in builders:
            try:
                return self._with_settings(builder) if self.settings.needs_injection else self._plainly(builder)
            except BuilderRefused as refusal:
                refusals.append(f"{builder.name}: {refusal}")
        raise BackendUnavailable(
            f"{self.request.dockerfile.path} cannot be built here: {'; '.join(refusals)}",
            remedy="Install Docker's buildx plugin, or use --backend venv.",
        )

    def _plainly(self, builder: Builder) -> Outcome:
        references = {name: base.reference for name, base in self.bases.items()}
        text = rewrite(self.request.dockerfile, self.stages, references)
        return builder.build(self.api, replace(self.request, rewritten=text), self.log.hear, self.cancellation)

    def _with_settings(self, builder: Builder) -> Outcome:
        """Build on prepared images under another name, and load the result without the settings."""
        tag = f"{REPOSITORY}:{self.request.work.name}"
        labels = owned_by(self.request.work / _LOCK_FILE)
        spared = self.request.dockerfile.variables_set()
        with prepared_images(
            self.api,
            self.bases,
            self.settings,
            spared,
            tag,
            labels,
            self.cancellation,
            with_secrets=not builder.mounts_secrets,
        ) as prepared:
            request = self._on_prepared(prepared, tag, builder)
            try:
                outcome = builder.build(self.api, request, self.log.hear, self.cancellation)
                if outcome.image_id is None:
                    return outcome
                image_id = strip_settings(
                    self.api,
                    outcome.image_id,
                    prepared.get(bottom(self.stages).image),
                    self.settings.secrets,
                    tag=self.request.tag,
                    work=self.request.work,
                    cancellation=self.cancellation,
                )
                return replace(outcome, image_id=image_id)
            finally:
                with suppress(APIError):
                    self.api.remove_image(request.tag)

    def _on_prepared(self, prepared: Mapping[str, PreparedImage], tag: str, builder: Builder) -> BuildRequest:
        secrets = self._write_secrets() if builder.mounts_secrets else {}
        flags = mount_flags(list(secrets))
        shown = {image.tag: name for name, image in prepared.items()} | {tag: self.request.tag}
        replaced = (
            {f"docker.io/{new}": old for new, old in shown.items()} | shown | ({f"{flags} ": ""} if flags else {})
        )
        references = {name: image.tag for name, image in prepared.items()}
        text = rewrite(self.request.dockerfile, self.stages, references, flags)
        return replace(self.request, tag=tag, rewritten=text, replaced=replaced, secrets=secrets)

    def _write_secrets(self) -> dict[str, Path]:
        """Write the files with credentials into the build's own folder, which nobody else can read."""
        files = {name: self.request.work / f"secret-{name}" for name in secret_files(self.settings)}
        for name, content in secret_files(self.settings).items():
            files[name].write_bytes(content)
        return files


@dataclass(slots=True)
class _Log:
    """Passes lines on without colours and credentials, and remembers the last ones."""

    on_line: Callable[[str], None]
    secrets: frozenset[str]
    last_lines: deque[str] = field(default_factory=partial(deque[str], maxlen=8))

    def hear(self, line: str) -> None:
        text = self.cleaned(line)
        self.last_lines.append(text)
        self.on_line(text)

    def cleaned(self, line: str) -> str:
        text = clean_line(line)
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "****")
        return text
