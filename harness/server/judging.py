"""What can be said of a version's files when they arrive: its dependencies, the lines refused, and warnings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.findings import Finding
from harness.requirements import NO_REQUIREMENTS, Requirements, parse_requirements
from harness.server.contents import Contents
from harness.server.errors import Invalid
from harness.tasks import read_task
from harness.tasks.folder import CODE_FILES, REQUIREMENTS_FILE

# A larger file is nothing that is read to judge a task; its place is kept by an empty one.
LARGEST_SOURCE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Judgement:
    """dependencies: the records of requirements.txt as JSON. warnings: what is wrong, and no reason to refuse."""

    dependencies: list[dict[str, Any]]
    warnings: list[str]


def judge_files(files: Iterable[tuple[str, str, int]], contents: Contents) -> Judgement:
    """Return what the files of a version say of it.

    files: (path, SHA-256, bytes) each. Raises Invalid where requirements.txt cannot be read, or has lines that the
    platform refuses, with `errors`, `dependencies` and `invalidDependencies`.
    """
    with tempfile.TemporaryDirectory(prefix="harness-version-") as name:
        folder = Path(name)
        small = []
        for path, sha256, size in files:
            if size <= LARGEST_SOURCE_BYTES:
                small.append((path, sha256))
            else:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).touch()
        contents.copy_out(small, folder)
        requirements, findings = _read(folder)
    if requirements.refused:
        raise _refusal(requirements)
    if unreadable := [finding for finding in findings if finding.file == REQUIREMENTS_FILE]:
        raise Invalid(f"{REQUIREMENTS_FILE} cannot be used.", errors=[str(finding) for finding in unreadable])
    return Judgement(
        [dependency.to_json_dict() for dependency in requirements.dependencies],
        [str(finding).replace(f"{name}/", "") for finding in findings],
    )


def _read(folder: Path) -> tuple[Requirements, tuple[Finding, ...]]:
    try:
        task = read_task(folder)
    except HarnessError as error:
        # No task, yet perhaps one in the making: its dependencies can be built.
        return _requirements_alone(folder, Finding(error.finding.message, error.finding.remedy))
    return task.requirements, (*task.findings, *task.metadata.findings)


def _requirements_alone(folder: Path, finding: Finding) -> tuple[Requirements, tuple[Finding, ...]]:
    file = folder / REQUIREMENTS_FILE
    if not file.is_file():
        return NO_REQUIREMENTS, (finding,)
    languages = [language for name, language in CODE_FILES.items() if (folder / name).is_file()]
    try:
        return parse_requirements(file, languages[0] if languages else "python"), (finding,)
    except HarnessError as error:
        return NO_REQUIREMENTS, (Finding(error.finding.message, error.finding.remedy, REQUIREMENTS_FILE), finding)


def _refusal(requirements: Requirements) -> Invalid:
    refused = requirements.refused
    return Invalid(
        f"{REQUIREMENTS_FILE} has lines that are not supported.",
        errors=[f"line {line.line_number}: {line.line.strip()!r}: {line.reason}" for line in refused],
        dependencies=[dependency.to_json_dict() for dependency in requirements.dependencies],
        invalidDependencies=[
            {
                "line": line.line,
                "lineNumber": line.line_number,
                "message": line.reason,
                "rewrite": line.rewrite,
            }
            for line in refused
        ],
    )
