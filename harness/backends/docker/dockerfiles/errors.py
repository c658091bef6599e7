"""Builds that end without a result: what is wrong with the Dockerfile, or with this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable

from docker.errors import APIError

from harness.backends.docker.dockerfiles.builders import Outcome
from harness.backends.docker.dockerfiles.text import Dockerfile
from harness.docker_engine import explain
from harness.errors import HarnessError

_SYNTAX = re.compile(r"dockerfile parse error(?: on)?(?: line (?P<line>\d+))?: (?P<said>.+)", re.IGNORECASE)
_MISSING_SOURCE = re.compile(
    r"(?:COPY|ADD) failed: (?:file not found in build context|no source files|.*no such file or directory)"
    r'|"[^"]+"(?:: |.* )not found'
)
_ARCHITECTURE = re.compile(
    r"exec format error|no matching manifest|no match for platform|does not match the specified pl"
)


def explain_failure(dockerfile: Dockerfile, outcome: Outcome, last_lines: Iterable[str]) -> HarnessError | None:
    """Return what to tell the user about a build that failed; None where a RUN failed, which the log explains.

    last_lines: what the build printed before it failed.
    """
    said = " ".join((outcome.error or "").split())
    file = str(dockerfile.path)
    instruction = outcome.instruction
    line = instruction.line if instruction else None
    keyword = f"{instruction.keyword}: " if instruction else ""
    syntax = _SYNTAX.search(said)
    if syntax:
        return HarnessError(
            syntax["said"],
            file=file,
            line=int(syntax["line"]) if syntax["line"] else line,
            remedy="Correct this instruction of the Dockerfile.",
        )
    if _ARCHITECTURE.search(said) or any("exec format error" in text for text in last_lines):
        return explain(f"{file}:{line}", APIError(said, explanation="exec format error"))
    if outcome.exit_code is not None:
        return None
    if "no space left on device" in said:
        return explain("the image cannot be built", APIError(said, explanation=said))
    if _MISSING_SOURCE.search(said):
        return HarnessError(
            f"{keyword}{said}",
            file=file,
            line=line,
            remedy="Put the file into the Dockerfile's folder, and do not name it in .dockerignore.",
        )
    return HarnessError(f"{keyword}{said}", file=file, line=line, remedy="Correct the Dockerfile.")
