"""The host's side of the run protocol: which stages and requests to ask for, and what came back.

Source: docs/reference/run-protocol.md. Nothing here runs task code or unpickles what a task wrote.
"""

from harness.runs.plan import Edit, Request, Stage, plan_stages
from harness.runs.results import (
    LeftByFit,
    LeftOut,
    Output,
    RequestResult,
    RunResult,
    StageRecordChanged,
    StageResult,
    StageStatus,
    TaskError,
    read_stage,
    stage_out_of_memory,
)

__all__ = [
    "Edit",
    "LeftByFit",
    "LeftOut",
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
    "stage_out_of_memory",
]
