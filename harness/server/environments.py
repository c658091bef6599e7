"""The base environments that the server offers: the bundled ones, under the platform's own ids, and the user's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.archives import size_of
from harness.environments import Environment, find_environment, list_environments, read_environment
from harness.errors import HarnessError
from harness.records import BuildStatus
from harness.server.records.common import RequiredMetadataKey
from harness.server.records.environments import EnvironmentVersion, ExecutionEnvironment

USE_CASE = "customModel"


class Environments:
    """Base environments by id. Raises HarnessError where two have the same, or a folder is none."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._by_id: dict[str, Environment] = {}
        for environment in (*list_environments(), *map(read_environment, folders)):
            if environment.id in self._by_id:
                raise HarnessError(
                    f"{environment.name} has the id of {self._by_id[environment.id].name}, {environment.id}",
                    file=str(environment.folder),
                    remedy="Give it an id of its own in env_info.json.",
                )
            self._by_id[environment.id] = environment

    @property
    def default_id(self) -> str:
        """Return the id of the environment that `harness validate` takes where nothing else is said."""
        return find_environment(None).id

    def find(self, environment_id: str) -> Environment | None:
        return self._by_id.get(environment_id)

    def find_record(self, environment_id: str) -> ExecutionEnvironment | None:
        environment = self.find(environment_id)
        return _record(environment) if environment else None

    def records(self, search: str | None = None) -> list[ExecutionEnvironment]:
        """Return the records by name; search: a text in name or description, without regard to case."""
        records = [_record(environment) for environment in self._by_id.values()]
        wanted = (search or "").lower()
        return sorted(
            (record for record in records if wanted in f"{record.name}\n{record.description}".lower()),
            key=lambda record: (record.name, record.id),
        )


def version_id_of(environment: Environment) -> str:
    """Return the id of the one version of an environment; made from its own where env_info.json has none."""
    return environment.version_id or _derived_id("version", environment.id)


def _record(environment: Environment) -> ExecutionEnvironment:
    assert environment.folder is not None
    created = datetime.fromtimestamp((environment.folder / "env_info.json").stat().st_mtime, UTC)
    version = EnvironmentVersion(
        id=version_id_of(environment),
        environment_id=environment.id,
        label="1",
        description="",
        build_status=BuildStatus.SUCCESS,
        image_id=_derived_id("image", environment.id),
        created=created,
        docker_context_size=size_of(environment.folder),
        docker_image_size=None,
    )
    return ExecutionEnvironment(
        id=environment.id,
        name=environment.name,
        description=environment.description,
        programming_language=environment.programming_language,
        is_public=True,
        created=created,
        use_cases=[USE_CASE],
        required_metadata_keys=[
            RequiredMetadataKey(field_name=name, display_name=shown)
            for name, shown in environment.required_metadata_keys.items()
        ],
        latest_version=version,
        latest_successful_version=version,
    )


def _derived_id(kind: str, environment_id: str) -> str:
    return hashlib.sha256(f"{kind} {environment_id}".encode()).hexdigest()[:24]
