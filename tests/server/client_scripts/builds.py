"""Build the dependencies of versions: one that can be built, one that cannot, one without any, one that never ends."""

from pathlib import Path

import datarobot as dr
from datarobot.utils.waiters import wait_for_custom_resolution
from seeing import given, new_task, refused, tell, write_folder

LONGEST_WAIT_SECONDS = 120


def version_of(name: str, requirements: str | None) -> dr.CustomTaskVersion:
    files = {"custom.py": "def fit(X, y, output_dir, **kwargs): ...\n"}
    if requirements is not None:
        files["requirements.txt"] = requirements
    folder = write_folder(name, files)
    return dr.CustomTaskVersion.create_clean(new_task(name).id, given["environment"], folder_path=folder)


def log_of(version: dr.CustomTaskVersion) -> dict[str, str]:
    folder = Path(f"logs-{version.id}")
    folder.mkdir()
    version.download_dependency_build_log(str(folder))
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


client = dr.Client()
good = version_of("good", "iniconfig>=2,<3\n")
bad = version_of("bad", "iniconfig==0.0.999\n")
bare = version_of("bare", None)

not_started = [
    refused(good.get_dependency_build),
    refused(good.download_dependency_build_log),
    refused(good.cancel_dependency_build),
]
nothing_to_build = refused(bare.start_dependency_build)
bad.start_dependency_build()
finished = good.start_dependency_build_and_wait(LONGEST_WAIT_SECONDS)
wait_for_custom_resolution(
    client,
    f"customTasks/{bad.custom_task_id}/versions/{bad.id}/dependencyBuild/",
    lambda response: response.json()["buildEnd"],
    LONGEST_WAIT_SECONDS,
)
failed = bad.get_dependency_build()

seen = {
    "ids": [good.custom_task_id, good.id],
    "not_started": not_started,
    "nothing_to_build": nothing_to_build,
    "finished": vars(finished),
    "fetched": vars(good.get_dependency_build()),
    "log": log_of(good),
    "cancel_finished": refused(good.cancel_dependency_build),
    "failed": vars(failed),
    "failed_log": log_of(bad),
    "cancel_failed": refused(bad.cancel_dependency_build),
}

# Builds on this server wait for a package index that never answers.
dr.Client(token=given["token"], endpoint=given["endpoint_of_stuck"])
stuck = version_of("stuck", "tomli>=2,<3\n")
started = stuck.start_dependency_build()
log = refused(stuck.download_dependency_build_log)
status = stuck.get_dependency_build().build_status
stuck.cancel_dependency_build()
after_cancel = refused(stuck.get_dependency_build)

tell(**seen, started=vars(started), stuck_log=log, stuck_status=status, after_cancel=after_cancel)
