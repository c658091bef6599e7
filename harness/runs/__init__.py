"""The host's side of the run protocol: which stages and requests to ask for, and what came back.

Source: docs/run-protocol.md. Nothing here runs task code or unpickles what a task wrote.
"""

from harness.runs.plan import Edit, Request, Stage, plan_stages
from harness.runs.results import (
    Output,
    RequestResult,
    RunResult,
    StageRecordChanged,
    StageResult,
    StageStatus,
    TaskError,
    read_stage,
)

__all__ = [
    "Edit",
    "Output",
    "Request",
    "RequestResult",
    "RunResult",
    "Stage",
    "StageRecordChanged",
    "StageResult",
    "StageStatus",
    "TaskError",
    "plan_stages",
    "read_stage",
]
