"""The fields of records, from their JSON schema: of report.json, and of what the server answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.reports.model import Report
from reference.tables import table


def report_fields() -> str:
    """Return a table for each record in the report, the report itself first."""
    schema = Report.model_json_schema(by_alias=True, mode="serialization")
    return records({"Report": schema, **schema["$defs"]})


def records(schemas: Mapping[str, dict[str, Any]]) -> str:
    """Return a section for each schema: what it is, and its fields or its values."""
    return "\n\n".join(_record(name, schema) for name, schema in schemas.items())


def _record(name: str, record: dict[str, Any]) -> str:
    parts = [f"### {name}", " ".join(record.get("description", "").split())]
    if "enum" in record:
        parts.append("One of " + ", ".join(f"`{value}`" for value in record["enum"]) + ".")
    elif "properties" in record:
        rows = [(f"`{field}`", _kind(value)) for field, value in record["properties"].items()]
        parts.append(table(("field", "type"), rows))
    return "\n\n".join(part for part in parts if part)


def _kind(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(_kind(one) for one in value["anyOf"])
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if value.get("type") == "array":
        return f"list of {_kind(value.get('items', {}))}"
    if value.get("format") == "date-time":
        return "time (ISO-8601 with Z)"
    return str(value.get("type", "any"))
