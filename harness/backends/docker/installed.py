"""What an image holds: asked in a container without network or rights, since a Python there may run anything."""

from __future__ import annotations

import json
from pathlib import Path

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dependencies import remove_container, run_to_end
from harness.builds.installed import Installed
from harness.builds.model import BuildResult
from harness.cache import locked_file
from harness.docker_engine import Label, connect, explained, owned_by
from harness.errors import BackendUnavailable
from harness.workers.container import NOBODY, VARIABLES, host_config_of_run

PATIENCE_SECONDS = 60.0
_SCRIPT = Path(__file__).parent / "inside" / "list_installed.py"


def read_installed(build: BuildResult, cancellation: Cancellation) -> Installed:
    """Return what a successful build has installed; raises BackendUnavailable where the image does not tell."""
    lines: list[str] = []
    api = connect()
    try:
        with explained("the packages cannot be listed"), locked_file() as lock:
            created = api.create_container(
                build.image,
                entrypoint=[str(build.python)],
                command=["-I", "-c", _SCRIPT.read_text(encoding="utf-8")],
                user=f"{NOBODY}:{NOBODY}",
                working_dir="/",
                environment=VARIABLES,
                stdin_open=True,
                labels={Label.KIND: "build", **owned_by(lock)},
                host_config=host_config_of_run(api),
            )
            try:
                with cancellation.after(PATIENCE_SECONDS) as ending:
                    run_to_end(api, str(created["Id"]), lines.append, ending)
            finally:
                remove_container(api, str(created["Id"]))
    finally:
        api.close()
    try:
        told = json.loads(lines[-1])
        return Installed.of(
            ((name, version, requires) for name, version, requires in told["packages"]), told["markers"]
        )
    except (IndexError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackendUnavailable(
            f"the image does not tell what is installed in it: {' '.join(lines[-3:]) or 'it says nothing'}",
            remedy="Look into it with 'harness shell'.",
        ) from error
