"""The OpenAPI document: what FastAPI reads off the routes, and what holds for all of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from harness.server.routes.answers import errors

# FastAPI's own form of a 422, which this server never sends.
_FOREIGN = ("HTTPValidationError", "ValidationError")
_SCHEME = "BearerAuth"


def complete_document(app: FastAPI) -> None:
    """Let the application's document have its errors as they are sent, and say that a token is needed.

    It is made when it is first asked for, which is not when the server starts.
    """
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(make())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _complete(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _complete_operation(method, operation)
    schemas = document["components"]["schemas"]
    for name in _FOREIGN:
        schemas.pop(name, None)
    document["components"]["securitySchemes"] = {
        _SCHEME: {"type": "http", "scheme": "bearer", "description": "Scheme Token does as well as Bearer."}
    }
    document["security"] = [{_SCHEME: []}]


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    """Take the foreign 422 away, and add what any body and anything that is kept can meet with."""
    responses = operation["responses"]
    if any(name in str(responses.get("422")) for name in _FOREIGN):
        del responses["422"]
    met = ([413] if "requestBody" in operation else []) + ([507] if method != "get" else [])
    for status in met:
        if str(status) not in responses:
            description = errors(status)[status]["description"]
            content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
            responses[str(status)] = {"description": description, "content": content}
