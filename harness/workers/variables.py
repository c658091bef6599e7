"""The environment variables that a user gives to a task, and those names that he may not give."""

from __future__ import annotations

from collections.abc import Mapping

from harness.errors import HarnessError

# What the images of the platform tell a task by. Source: the platform's image contract, docs/reference/run-protocol.md.
CONTRACT_NAMES = frozenset(
    {
        "ARTIFACT_DIRECTORY",
        "CLASS_LABELS_FILE",
        "CODEPATH",
        "CODE_DIR",
        "INPUT_DIRECTORY",
        "NEGATIVE_CLASS_LABEL",
        "POSITIVE_CLASS_LABEL",
        "TARGET_TYPE",
        "TRAINING_DATA_EXTENSION",
        "USER_SECRETS_MOUNT_PATH",
    }
)
# What the worker itself needs to be as the harness has set it: its programs, and where a run's own files go.
OWN_NAMES = frozenset({"HOME", "PATH", "TMPDIR", "VIRTUAL_ENV"})
# Those of the harness, of the interpreter, and of the dynamic linkers of Linux and macOS.
OWN_PREFIXES = ("HARNESS_", "PYTHON", "LD_", "DYLD_")


def checked_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables; raises HarnessError for one that cannot be set, or would break the run."""
    for name, value in variables.items():
        if name in CONTRACT_NAMES | OWN_NAMES or name.startswith(OWN_PREFIXES):
            raise HarnessError(
                f"the environment variable {name} is set by the harness itself", remedy="Choose another name."
            )
        if not name or "=" in name or not (_can_be_set(name) and _can_be_set(value)):
            raise HarnessError(
                f"the environment variable {name!r} cannot be set",
                remedy="Give a name without an equals sign, and text without the character NUL.",
            )
    return dict(variables)


def _can_be_set(text: str) -> bool:
    try:
        return b"\0" not in text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False
