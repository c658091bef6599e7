"""How the routes' answers are described in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from harness.server.records.common import Error, InvalidRequest
from harness.server.requests import absolute_url

_MEANINGS = {
    400: "A query parameter is invalid.",
    401: "There is no token, or none that is known.",
    403: "The caller's role does not allow this.",
    404: "There is no such thing, or the caller may not know of it.",
    409: "The state that it is in does not allow this.",
    413: "The body has more bytes than the server takes.",
    422: "The request is invalid.",
    507: "No room is left on the server's disk.",
}
Responses = dict[int | str, dict[str, Any]]
_LOCATION = {"description": "An absolute URL.", "schema": {"type": "string", "format": "uri"}}
# FastAPI's own description of a success would say that there is JSON.
_NO_BODY: dict[str, Any] = {"content": {}}
SEE_OTHER: Responses = {
    303: {"description": "Done: Location leads to what was made.", "headers": {"Location": _LOCATION}}
}


def errors(*statuses: int) -> Responses:
    """Return the answers other than success that a route can give; 401 is always one of them."""
    return {
        status: {"model": InvalidRequest if status == 422 else Error, "description": _MEANINGS[status]}
        for status in sorted({401, *statuses})
    }


def archive(media_type: str, description: str) -> Responses:
    """Return the answer 200 of a route that sends a file."""
    schema = {"type": "string", "format": "binary"}
    disposition = {"description": "The name of the file.", "schema": {"type": "string"}}
    return {
        200: {
            "description": description,
            "content": {media_type: {"schema": schema}},
            "headers": {"Content-Disposition": disposition},
        }
    }


def accepted(*statuses: int) -> Responses:
    """Return the answers of a route that puts something into the queue, with the errors that it can give."""
    told = {"description": "Accepted: Location is where to ask how it stands.", "headers": {"Location": _LOCATION}}
    return {202: {**told, **_NO_BODY}, **errors(*statuses)}


def see_status(request: Request, job_id: str) -> Response:
    """Return 202 with the place where the job's status is."""
    return Response(status_code=202, headers={"Location": absolute_url(request, f"status/{job_id}/")})
