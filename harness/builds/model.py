"""A dependency build: what is asked for, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from harness.records import BuildStatus, Record
from harness.requirements import NO_REQUIREMENTS, Requirements

if TYPE_CHECKING:
    # Diagnosing a log needs neither, and they take longer to load than it takes.
    from harness.environments.model import Environment
    from harness.tasks.model import Task


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build, where the user has a wish.

    build_args: values for ARG lines of the environment's Dockerfile, BASE_IMAGE among them. no_cache: build again what
    was built before, without earlier downloads. pull: ask the registry for a newer base image. as_of: take for the
    task's own requirements only what was on the package index before that moment.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False
    pull: bool = False
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What to install on which base environment; a pure function of both, so that digests can be cache keys.

    environment_requirements, requirements, constraints: normalised requirement lines, sorted; constraints are the
    environment's own, which the task's requirements have to keep to. `digest` covers all of it; a backend adds what
    only it knows (the interpreter, the base image). declared, pinned: the task's requirements and the environment's
    constraints as they were read, to find a line by its package. task: whose files go into the image, None where only
    dependencies are asked for. only_names_image: leave the image with them to `Backend.make_image`; no run needs it.
    """

    environment: Environment
    environment_requirements: tuple[str, ...]
    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    digest: str
    declared: Requirements = NO_REQUIREMENTS
    pinned: Requirements = NO_REQUIREMENTS
    task: Task | None = None
    options: BuildOptions = BuildOptions()
    only_names_image: bool = False

    def names_package(self, package: str) -> bool:
        """Tell whether a line asks for this package itself; what dependencies bring is known only after the build."""
        wanted = canonicalize_name(package)
        lines = (*self.environment_requirements, *self.requirements)
        return any(re.split(r"[^a-z0-9-]", line, maxsplit=1)[0] == wanted for line in lines)


class RelatedLine(Record):
    """Another requirements line that has a part in a failure."""

    line_number: int | None = None
    package_name: str


class Diagnosis(Record):
    """A failed build explained. `category` is one of the stable names, `unknown` where the log does not tell."""

    category: str
    summary: str
    package_name: str | None = None
    line_number: int | None = None
    line: str | None = None
    related: tuple[RelatedLine, ...] = ()
    suggestion: str | None = None
    replacement: str | None = None
    evidence: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Return the requirements line at fault, to stand before the cause; empty where no line is."""
        return f"requirements.txt:{self.line_number}: `{(self.line or '').strip()}`: " if self.line_number else ""

    @property
    def fix(self) -> str:
        """Return what to do, with the line to write; empty where nothing is known."""
        sentences = [self.suggestion or ""]
        if self.replacement and self.replacement not in sentences[0]:
            sentences.append(f"Write `{self.replacement}`.")
        return " ".join(filter(None, sentences))

    def as_paragraph(self) -> str:
        """Return the requirements line at fault, the cause and the fix, as one paragraph."""
        return f"{self.place}{self.summary} {self.fix}".rstrip()


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A finished dependency build.

    log: the installer's whole output. python: the interpreter to run the task with, None after a failure; with a
    backend that has images, its path there. image: the image with the task's files. dependencies_image: the one that
    it stands on. worker_image: the dependencies and the worker. environment_image: the base environment alone. notes:
    what differs from the platform's own build, one sentence each. installer: `pip` or `uv`.
    """

    status: BuildStatus
    started: datetime
    ended: datetime
    log: str
    cached: bool = False
    python: Path | None = None
    python_version: str | None = None
    image: str | None = None
    dependencies_image: str | None = None
    worker_image: str | None = None
    environment_image: str | None = None
    exit_code: int | None = None
    diagnosis: Diagnosis | None = None
    notes: tuple[str, ...] = ()
    installer: str = "pip"

    @property
    def succeeded(self) -> bool:
        return self.status is BuildStatus.SUCCESS

    @property
    def seconds(self) -> float:
        return (self.ended - self.started).total_seconds()
