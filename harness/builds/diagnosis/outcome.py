"""Whether a build succeeded, by its exit code or by the last words of its log."""

from __future__ import annotations

import re

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.patterns import Pattern

_INSTALLED = Pattern(
    r"^\s*(?:Successfully installed \S|(?:Installed|Audited|Checked) (?:\d+ packages? )?in |Would install \S|"
    r"Successfully (?:built|tagged) [0-9a-z]|(?:naming|exporting) to \S|writing image sha256:)",
    re.MULTILINE,
)
_SATISFIED = Pattern(r"^\s*Requirement already satisfied: ", re.MULTILINE)
# What pip prints as an ERROR although it goes on and ends with 0: it installs what conflicts with what was there.
_FAILED = Pattern(
    r"^\s*(?:ERROR: (?!pip's dependency resolver|pip's legacy)|error: |error$|\u00d7 )|returned a non-zero code|"
    r"did not complete successfully|^Traceback \(most recent call last\)|^\w*(?:Error|Exception): |"
    r"^(?:Killed|Terminated|Aborted)\b|^make(?:\[\d+\])?: \*\*\* |"
    r"^\S+ \S+ has requirement [^\n]+, but you have \S+ \S+\.$|^Found \d+ incompatibilit",  # pip check, uv pip check
    re.MULTILINE,
)
_AT_THE_END = 20_000


def succeeded(log: BuildLog, exit_code: int | None) -> bool:
    """Tell whether the installer succeeded; without an exit code, whether nothing failed after it said so."""
    if exit_code is not None:
        return exit_code == 0
    return log.once(_succeeded_by_its_words)


def installed_at(log: BuildLog) -> int:
    """Return where the log last says that something was installed, -1 where it does not."""
    start = max(0, len(log.text) - _AT_THE_END)
    return max((start + match.start() for match in _INSTALLED.finditer(log.text[start:])), default=-1)


def _succeeded_by_its_words(log: BuildLog) -> bool:
    end = log.text[-_AT_THE_END:]
    installed = max((match.start() for match in _INSTALLED.finditer(end)), default=-1)
    satisfied = max((match.start() for match in _SATISFIED.finditer(end)), default=-1)
    failed = max((match.start() for match in _FAILED.finditer(end)), default=-1)
    return installed > failed or (satisfied >= 0 and failed < 0)
