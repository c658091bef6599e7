"""Connect with each scheme and with a wrong token, look at the environments, and send too much."""

from pathlib import Path

import datarobot as dr
from seeing import given, new_task, refused, tell

endpoint, token = given["endpoint"], given["token"]
wrong = refused(dr.Client, token="wrong-and-long-enough", endpoint=endpoint)
with_slash = dr.Client(token=token, endpoint=endpoint + "/", token_type="Bearer")
as_bearer = [task.name for task in dr.CustomTask.list()]

client = dr.Client(token=token, endpoint=endpoint, token_type="Token", max_retries=0)
new_task()
environments = dr.ExecutionEnvironment.list()
found = dr.ExecutionEnvironment.get(given["environment"])
versions = dr.ExecutionEnvironmentVersion.list(found.id)
version = dr.ExecutionEnvironmentVersion.get(found.id, versions[0].id)

folder = Path("large")
folder.mkdir()
(folder / "custom.py").write_text("x = 1\n")
(folder / "large.bin").write_bytes(bytes(given["more_than_allowed"]))
task = new_task("Large")
too_large = refused(dr.CustomTaskVersion.create_clean, task.id, found.id, folder_path=str(folder))

tell(
    wrong=wrong,
    as_bearer=as_bearer,
    environments={environment.id: environment.name for environment in environments},
    searched=[environment.name for environment in dr.ExecutionEnvironment.list(search_for=found.name.upper())],
    found={
        "name": found.name,
        "language": found.programming_language,
        "keys": [[key.field_name, key.display_name] for key in found.required_metadata_keys],
        "latest": found.latest_version.id,
        "latest_successful": found.latest_successful_version.id,
    },
    version={"id": version.id, "environment": version.environment_id, "status": version.build_status},
    unknown=refused(dr.ExecutionEnvironment.get, "0123456789abcdef01234567"),
    too_large=too_large,
    versions_after=len(dr.CustomTaskVersion.list(task.id)),
)
