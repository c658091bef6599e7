"""The import check of a venv: in the sandbox that runs have here, without this user's variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.backends.cancellation import Cancellation
from harness.backends.processes import run_logged
from harness.builds.import_check import PATIENCE_SECONDS, PROGRAM, SECONDS, ImportCheck, Listener
from harness.cache import run_folder
from harness.vocabulary import NetworkPolicy
from harness.workers.sandbox import find_sandbox, scrubbed_environment


def check_imports(
    python: Path, names: Sequence[str], *, on_line: Callable[[str], None], cancellation: Cancellation, lock: int
) -> ImportCheck:
    """Import the distributions of these names with the venv's interpreter, and tell the lines that the build log gets.

    lock: a descriptor that the program holds as well, as installers do.
    """
    listener = Listener(names, on_line)
    sandbox = find_sandbox(NetworkPolicy.ISOLATED)
    with run_folder() as folder, cancellation.after(PATIENCE_SECONDS) as ending:
        for name in ("home", "tmp"):
            (folder / name).mkdir()
        environment = scrubbed_environment(os.environ, folder, python, sandbox, NetworkPolicy.ISOLATED)
        command = [*sandbox.prefix, str(python), str(PROGRAM), str(SECONDS), *names]
        run_logged(command, environment, on_line=listener.hear, cancellation=ending, lock=lock)
    return listener.check
