"""Task versions on the wire. Source: CustomTaskVersionResponse, WorkspaceItemResponse and the bodies that make them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.records import Dependency, NetworkPolicy
from harness.server.records.common import (
    LONGEST_DESCRIPTION,
    Answer,
    GivenMetadataValue,
    Id,
    Memory,
    Moment,
    RequestBody,
    RequiredMetadataValue,
    Text,
)

LOCAL = "local"


class Item(Answer):
    """A file of a version. What begins with repository, commit_sha and ref are None for files that were uploaded."""

    id: Id
    file_name: str
    file_path: str
    file_source: str
    created: Moment
    commit_sha: str | None
    ref: str | None
    repository_file_path: str | None
    repository_location: str | None
    repository_name: str | None


class Version(Answer):
    """A version of a task. required_metadata has the same values as required_metadata_values, in the older form."""

    id: Id
    custom_task_id: Id
    custom_model_id: Id
    created: Moment
    description: str | None
    label: str
    version_major: int
    version_minor: int
    is_frozen: bool
    base_environment_id: str | None
    base_environment_version_id: str | None
    maximum_memory: Memory | None
    outbound_network_policy: NetworkPolicy
    required_metadata: dict[str, str]
    required_metadata_values: list[RequiredMetadataValue]
    dependencies: list[Dependency]
    items: list[Item]
    warning: list[str]


class VersionChanges(RequestBody):
    """The body that edits a version's metadata."""

    description: Annotated[Text, Field(max_length=LONGEST_DESCRIPTION)] | None = None
    required_metadata: dict[str, Text] | None = None
    required_metadata_values: list[GivenMetadataValue] | None = None


class VersionFromRepository(RequestBody):
    """The body that makes a version from a repository. source_path: one path or several, none for all of it."""

    repository_id: Id
    base_environment_id: Text | None = None
    is_major_update: bool = True
    outbound_network_policy: NetworkPolicy | None = None
    ref: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    required_metadata: dict[str, Text] | None = None
    required_metadata_values: list[GivenMetadataValue] | None = None
    source_path: Text | list[Text] | None = None
