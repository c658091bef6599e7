"""Base environments and remote repositories on the wire. Source: what the platform's client reads of both."""

from __future__ import annotations

from harness.records import BuildStatus
from harness.server.records.common import Answer, Id, Moment, RequiredMetadataKey


class EnvironmentVersion(Answer):
    """A version of a base environment; there is one each, ready to use."""

    id: str
    environment_id: str
    label: str
    description: str
    build_status: BuildStatus
    image_id: str
    created: Moment
    docker_context_size: int
    docker_image_size: int | None


class ExecutionEnvironment(Answer):
    """A base environment that versions can name."""

    id: str
    name: str
    description: str
    programming_language: str
    is_public: bool
    created: Moment
    use_cases: list[str]
    required_metadata_keys: list[RequiredMetadataKey]
    latest_version: EnvironmentVersion | None
    latest_successful_version: EnvironmentVersion | None


class RemoteRepository(Answer):
    """A place that versions can be made from. source_type: git, folder or archive."""

    id: Id
    name: str
    location: str
    source_type: str
    created: Moment
