"""Make, list, change, copy, download and delete tasks."""

import warnings

import datarobot as dr
from datarobot.utils.pagination import unpaginate
from seeing import given, new_task, paths, refused, tell, write_folder, zipped


def shown(task: dr.CustomTask) -> dict[str, object]:
    return {name: value for name, value in vars(task).items() if name != "latest_version"}


with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    client = dr.Client()

bare = new_task()
full = dr.CustomTask.create(
    "Forêt",
    dr.enums.CUSTOM_TASK_TARGET_TYPE.ANOMALY,
    language="python",
    description="isolates outliers",
    calibrate_predictions=False,
    maximum_memory=268_435_456,
)
third = dr.CustomTask.create("Third", dr.enums.CUSTOM_TASK_TARGET_TYPE.TRANSFORM)
listed = {
    "newest first": [task.name for task in dr.CustomTask.list()],
    "created": [task.name for task in dr.CustomTask.list(order_by="created")],
    "name": [task.name for task in dr.CustomTask.list(search_for="RIDGE")],
    "description": [task.name for task in dr.CustomTask.list(search_for="Outl")],
    "page by page": [task["name"] for task in unpaginate("customTasks/", {"limit": 1, "order_by": "created"}, client)],
}

updated = dr.CustomTask.get(bare.id)
updated.update(description="alpha 1.0", language="python")
refreshed = dr.CustomTask.get(bare.id)
refreshed.refresh()
by_update = [task.name for task in dr.CustomTask.list(order_by="-updated")]

empty = refused(full.download_latest_version, "empty.zip")
files = {"custom.py": "def fit(X, y, output_dir, **kwargs): ...\n", "lib/util.py": "ONE = 1\n"}
version = dr.CustomTaskVersion.create_clean(full.id, given["environment"], folder_path=write_folder("files", files))
full.refresh()
full.download_latest_version("full.zip")

copy = dr.CustomTask.copy(full.id)
full.delete()
copy.download_latest_version("copy.zip")

tell(
    # The client also warns of how it uses its own libraries.
    warnings=[str(warning.message) for warning in warned if "server" in str(warning.message)],
    bare=shown(bare),
    full=shown(full),
    bare_has_version=bare.latest_version is not None,
    listed=listed,
    updated=shown(updated),
    refreshed=shown(refreshed),
    by_update=by_update,
    empty=empty,
    latest=full.latest_version.id == version.id,
    download=zipped("full.zip"),
    copied=shown(copy),
    copied_version=copy.latest_version.id,
    version=version.id,
    copied_paths=paths(copy.latest_version),
    download_of_copy=zipped("copy.zip"),
    deleted=refused(dr.CustomTask.get, full.id),
    bad_target=refused(client.post, "customTasks/", data={"name": "Ridge", "target_type": "Ridge"}),
    bad_field=refused(client.post, "customTasks/", data={"name": "é", "target_type": "Binary", "colour": "é"}),
    unknown=refused(dr.CustomTask.get, "0123456789abcdef01234567"),
    no_id=refused(dr.CustomTask.get, "not-an-id"),
    bad_order=refused(dr.CustomTask.list, order_by="name"),
)
