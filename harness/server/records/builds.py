"""Dependency builds on the wire. Source: CustomTaskVersionDependencyBuildMetadataResponse."""

from __future__ import annotations

from harness.records import BuildStatus
from harness.server.records.common import Answer, Id, Moment, Url


class Build(Answer):
    """How a version's dependency build stands. build_end, build_log_location: None until it is over."""

    custom_task_id: Id
    custom_task_version_id: Id
    build_status: BuildStatus
    build_start: Moment
    build_end: Moment | None
    build_log_location: Url | None
