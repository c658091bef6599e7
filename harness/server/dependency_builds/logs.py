"""The log of a dependency build as it is downloaded: the installer's own, and below it what the harness adds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime

from harness.builds.log import OWN_PREFIX, frame_log
from harness.builds.model import Diagnosis
from harness.errors import HarnessError
from harness.records import RefusedLine

WIDTH = 110


def explained_log(log: str, diagnosis: Diagnosis) -> str:
    """Return the installer's log with the explanation of its failure below it, and the lines that prove it."""
    lines = textwrap.wrap(diagnosis.as_paragraph(), WIDTH, break_long_words=False, break_on_hyphens=False)
    lines += [f"    {line}" for text in diagnosis.evidence for line in text.splitlines()]
    return "\n".join([log.removesuffix("\n"), *(f"{OWN_PREFIX}{line}" for line in lines), ""])


def refusal_log(paragraphs: Iterable[str], started: datetime) -> str:
    """Return the log of a build that failed before an installer was started."""
    return frame_log((f"ERROR: {paragraph}" for paragraph in paragraphs), started, datetime.now(UTC), "failed")


def refused_lines(refused: Iterable[RefusedLine]) -> tuple[str, ...]:
    """Return a paragraph for each line of requirements.txt that the platform's records cannot express."""
    return tuple(
        f"requirements.txt:{line.line_number}: `{_on_one_line(line.line)}`: {line.reason}"
        + (f" Write `{line.rewrite}`." if line.rewrite else "")
        for line in refused
    )


def refusal(error: HarnessError, folder: str) -> str:
    """Return what kept a build from being made, without the folder where the server has put the version's files."""
    return str(error).replace(f"{folder}/", "").replace(f"{folder}: ", "")


def _on_one_line(line: str) -> str:
    return " ".join(line.replace("\\\n", " ").split())
