"""What a client asks before anything else."""

from __future__ import annotations

from fastapi import APIRouter

from harness.server.records.about import ApiVersion
from harness.server.routes.answers import errors

router = APIRouter(tags=["About"])


@router.get("/version/", responses=errors())
def get_version() -> ApiVersion:
    """Tell which version of the API this is."""
    return ApiVersion(major=2, minor=49, version_string="2.49.0")


@router.get("/ping/", responses=errors())
def ping() -> dict[str, str]:
    """Tell that the server is there."""
    return {"response": "pong"}
