"""The operations of `harness serve`, from the server's own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.server.app import create_app
from harness.server.settings import ServerSettings
from harness.server.state import open_state
from reference.report_schema import records
from reference.tables import table

_METHODS = ("get", "post", "patch", "put", "delete")
_EVERYWHERE = ("401",)


def openapi_document() -> dict[str, Any]:
    """Return the document that a server with an empty data folder gives."""
    with TemporaryDirectory() as folder, open_state(ServerSettings(Path(folder))) as state:
        return create_app(state).openapi()


def operations() -> str:
    """Return the operations by their group: an overview, then each with its parameters and answers."""
    document = openapi_document()
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                groups.setdefault(methods[method]["tags"][0], []).append((method.upper(), path, methods[method]))
    sections = []
    for group, found in groups.items():
        overview = table(
            ("operation", "what it does"),
            [(f"`{method} {path}`", operation.get("description")) for method, path, operation in found],
        )
        details = [_operation(method, path, operation) for method, path, operation in found]
        sections.append("\n\n".join([f"## {group}", overview, *details]))
    schemas = sorted(document["components"]["schemas"].items())
    return "\n\n".join([*sections, "## Records", records(dict(schemas))])


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [f"### {operation['summary']}", f"`{method} {path}`", operation.get("description", "")]
    parameters = [*_parameters(operation), *_body(operation)]
    if parameters:
        parts.append(table(("parameter", "in", "type", ""), parameters))
    answers = [
        (f"{status}", answer["description"], _schema_name(_schema(answer)))
        for status, answer in sorted(operation["responses"].items())
        if status not in _EVERYWHERE
    ]
    return "\n\n".join([*parts, table(("answer", "", "record"), answers)])


def _parameters(operation: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for parameter in operation.get("parameters", ()):
        must = "required" if parameter.get("required") else ""
        told = "; ".join(filter(None, (parameter.get("description", "").rstrip("."), must)))
        yield f"`{parameter['name']}`", parameter["in"], _schema_name(parameter["schema"]), told


def _body(operation: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for content_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "body", content_type, _schema_name(content.get("schema", {})), ""


def _schema(answer: dict[str, Any]) -> dict[str, Any]:
    for content in answer.get("content", {}).values():
        schema: dict[str, Any] = content.get("schema", {})
        return schema
    return {}


def _schema_name(schema: dict[str, Any]) -> str:
    """Return a short name of a schema: of a record its name, of others what they are."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            names = dict.fromkeys(_schema_name(one) for one in schema[several] if one.get("type") != "null")
            return " or ".join(names)
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_schema_name(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", ""))
