"""Everything that a check may look at. Checks read; none of them runs task code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.builds.model import BuildResult
from harness.records import NetworkPolicy, TargetType
from harness.runs import RunResult
from harness.tasks.model import Task

if TYPE_CHECKING:
    from harness.data.model import SampleData


@dataclass(frozen=True, slots=True)
class Evidence:
    """A validation as far as it came: `data`, `build` and `run` are None where it did not come to them.

    memory_bytes, timeout_seconds: the limits that the run had. strict: whether the typeSchema is judged
    (`--disable-strict-validation` turns it off). network: what the run was to have. missing_credentials: keys that the
    metadata declares and for which the run was given no secret. missing_metadata: keys for which the base environment
    requires a value and none was given. environment: the name that --env finds it by.
    """

    task: Task
    target_type: TargetType
    memory_bytes: int
    timeout_seconds: float
    strict: bool = True
    network: NetworkPolicy = NetworkPolicy.ISOLATED
    missing_credentials: tuple[str, ...] = ()
    missing_metadata: tuple[str, ...] = ()
    environment: str = "the base environment"
    data: SampleData | None = None
    build: BuildResult | None = None
    run: RunResult | None = None
