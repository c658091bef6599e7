"""How the routes' answers are described in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from harness.server.records.common import Error, InvalidRequest

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
