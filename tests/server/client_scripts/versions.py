"""Make versions from folders, change them, and download them."""

import datarobot as dr
from datarobot.enums import CustomTaskOutboundNetworkPolicy
from datarobot.models.custom_model_version import RequiredMetadataValue
from seeing import given, new_task, paths, refused, tell, write_folder, zipped

REQUIREMENTS = "# what the task needs\npandas>=1.5,<3\n\nrequests[security,socks]==2.32.3  # exact\n"


def region(value: str, name: str = "REGION") -> list[RequiredMetadataValue]:
    return [RequiredMetadataValue(field_name=name, value=value)]


def shown(version: dr.CustomTaskVersion) -> dict[str, object]:
    return {
        "label": version.label,
        "numbers": [version.version_major, version.version_minor],
        "is_frozen": version.is_frozen,
        "paths": paths(version),
        "memory": version.maximum_memory,
        "network": version.outbound_network_policy.name,
        "values": [value.to_dict() for value in version.required_metadata_values or []],
        "metadata": version.required_metadata,
        "description": version.description,
        "environment": version.base_environment_id,
        "sources": sorted({item.file_source for item in version.items}),
    }


dr.Client()
task, environment = new_task(), given["environment"]
first_files = {
    "custom.py": "first = True\n",
    "requirements.txt": REQUIREMENTS,
    "lib/util.py": "ONE = 1\n",
    "lib/empty.txt": "",
    ".hidden": "seen\n",
    "lib/__pycache__/util.cpython-311.pyc": "compiled\n",
    "data/größe.csv": "a,b\n1,2\n",
}
first = dr.CustomTaskVersion.create_clean(
    task.id,
    environment,
    maximum_memory=268_435_456,
    folder_path=write_folder("first", first_files),
    required_metadata_values=region("eu"),
    outbound_network_policy=CustomTaskOutboundNetworkPolicy.PUBLIC,
)
first_shown = shown(first)

second = dr.CustomTaskVersion.create_from_previous(
    task.id,
    environment,
    is_major_update=False,
    folder_path=write_folder("second", {"custom.py": "second = True\n", "new.py": "NEW = 1\n"}),
    files_to_delete=[item.id for item in first.items if item.file_name in (".hidden", "util.cpython-311.pyc")],
    required_metadata_values=region("us"),
)
third = dr.CustomTaskVersion.create_from_previous(
    task.id,
    environment,
    required_metadata_values=region("us"),
    outbound_network_policy=CustomTaskOutboundNetworkPolicy.ISOLATED,
)
fourth = dr.CustomTaskVersion.create_clean(
    task.id, environment, is_major_update=False, required_metadata_values=region("eu")
)
first.refresh()
first.download("first.zip")
second.download("second.zip")

fetched = dr.CustomTaskVersion.get(task.id, second.id)
fetched.update(description="a better one", required_metadata_values=region("asia"))
after_update = dr.CustomTaskVersion.get(task.id, second.id)
unchanged = dr.CustomTaskVersion.get(task.id, third.id)
unchanged.update()

listed = [version.label for version in dr.CustomTaskVersion.list(task.id)]


def made(requirements: str = "", **options: object) -> dict[str, object]:
    folder = write_folder(f"refused-{len(requirements)}", {"custom.py": "x = 1\n", "requirements.txt": requirements})
    chosen = {"required_metadata_values": region("eu"), "base_environment_id": environment, **options}
    return refused(dr.CustomTaskVersion.create_clean, task.id, folder_path=folder, **chosen)


tell(
    first=first_shown,
    second=shown(second),
    third=shown(third),
    fourth=shown(fourth),
    frozen=[version.is_frozen for version in reversed(dr.CustomTaskVersion.list(task.id))],
    first_is_frozen=first.is_frozen,
    dependencies=[
        {
            "name": dependency.package_name,
            "constraints": [[constraint.constraint_type, constraint.version] for constraint in dependency.constraints],
            "line": dependency.line,
            "number": dependency.line_number,
        }
        for dependency in first.dependencies
    ],
    first_files=zipped("first.zip"),
    second_files=zipped("second.zip"),
    updated=shown(fetched),
    after_update=shown(after_update),
    unchanged=shown(unchanged) == shown(third),
    listed=listed,
    refused_requirements=made("numpy\npandas ~= 1.5\n"),
    too_little_memory=made(maximum_memory=1),
    unknown_environment=made(base_environment_id="0123456789abcdef01234567"),
    unknown_key=made(required_metadata_values=region("eu", "COLOUR")),
    too_long_value=made(required_metadata_values=region("e" * 101)),
    unknown_file=refused(
        dr.CustomTaskVersion.create_from_previous,
        task.id,
        environment,
        files_to_delete=["0123456789abcdef01234567"],
        required_metadata_values=region("eu"),
    ),
    other_task=refused(dr.CustomTaskVersion.get, new_task("Other").id, first.id),
    listed_after=[version.label for version in dr.CustomTaskVersion.list(task.id)],
)
