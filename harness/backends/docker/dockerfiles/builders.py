"""What is asked of a builder of Dockerfiles, and what came of it; the same for the engine's two builders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import docker

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.text import Dockerfile, Instruction
from harness.errors import Interrupted


class BuilderRefused(Exception):
    """The engine or this machine does not have this builder; the message says why."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """dockerfile: as the user wrote it. rewritten: the text to build instead, with the same lines; None: as it is.

    replaced: what is in the rewritten text -> what the user wrote. proxies: predefined build arguments. secrets: id ->
    file, for RUN's mounts. work: a folder of this build alone. lock: a descriptor that programs hold while they live.
    """

    dockerfile: Dockerfile
    tag: str
    labels: Mapping[str, str]
    build_args: Mapping[str, str]
    proxies: Mapping[str, str]
    no_cache: bool
    work: Path
    lock: int
    rewritten: str | None = None
    replaced: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.dockerfile.path.parent

    def as_written(self, text: str) -> str:
        """Return what a builder says in the words of the user's own Dockerfile."""
        for new in sorted(self.replaced, key=len, reverse=True):
            text = text.replace(new, self.replaced[new])
        return text


@dataclass(frozen=True, slots=True)
class Outcome:
    """exit_code: of the RUN that failed. error: what the engine said, one line. instruction: the one that failed."""

    image_id: str | None
    exit_code: int | None = None
    error: str | None = None
    instruction: Instruction | None = None


class Build(Protocol):
    """Build the request's image. Raises BuilderRefused where there is no such builder."""

    def __call__(
        self,
        api: docker.APIClient,
        request: BuildRequest,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
    ) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Builder:
    """mounts_secrets: files can be mounted into RUN alone; otherwise they have to lie in the image meanwhile."""

    name: str
    build: Build
    mounts_secrets: bool


def until_cancelled(cancellation: Cancellation, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is on its way to or from the engine. Raises Interrupted once a cancellation is asked for."""
    for chunk in chunks:
        if cancellation.requested:
            raise Interrupted("the build was stopped")
        yield chunk
