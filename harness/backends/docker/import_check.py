"""The import check of a dependencies image: in a container as a run has it, with nothing of this machine in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

import docker

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dependencies import remove_container, run_to_end
from harness.builds.import_check import PATIENCE_SECONDS, PROGRAM, SECONDS, ImportCheck, Listener
from harness.docker_engine import Label
from harness.workers.container import NOBODY, VARIABLES, host_config_of_run


def check_imports(
    api: docker.APIClient,
    image: str,
    python: str,
    names: Sequence[str],
    labels: Mapping[str, str],
    *,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
    remover: Executor,
) -> ImportCheck:
    """Import the distributions of these names in `image`, and tell the lines of the build log that this gives.

    python: the interpreter's path there. labels: of the container. remover: removes it in the end.
    """
    listener = Listener(names, on_line)
    created = api.create_container(
        image,
        entrypoint=[python],
        command=["-c", PROGRAM.read_text(encoding="utf-8"), str(SECONDS), *names],
        user=f"{NOBODY}:{NOBODY}",
        working_dir="/",
        environment=VARIABLES,
        stdin_open=True,
        labels={Label.KIND: "build", **labels},
        host_config=host_config_of_run(api),
    )
    container = str(created["Id"])
    try:
        with cancellation.after(PATIENCE_SECONDS) as ending:
            run_to_end(api, container, listener.hear, ending)
    finally:
        remover.submit(remove_container, api, container)
    return listener.check
