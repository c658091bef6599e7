"""The fields of the multipart forms, as the OpenAPI document shows them.

Source: CustomTaskVersionCreate and CustomTaskVersionCreateFromLatest; for projects, what the client sends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from harness.records import NetworkPolicy

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_FILE: Schema = {"type": "string", "format": "binary"}
_FILES: Schema = {"type": "array", "items": _FILE}
_TEXTS: Schema = {"type": "array", "items": _TEXT}

NEW_VERSION: Mapping[str, Schema] = {
    "isMajorUpdate": {"type": "string", "enum": ["false", "False", "true", "True"]},
    "baseEnvironmentId": _TEXT,
    "requiredMetadata": {**_TEXT, "description": "A JSON object: values by field name."},
    "requiredMetadataValues": {**_TEXT, "description": "A JSON list of objects with fieldName and value."},
    "maximumMemory": {"type": "integer", "minimum": 134_217_728, "maximum": 15_032_385_536},
    "outboundNetworkPolicy": {"type": "string", "enum": list(NetworkPolicy)},
    "file": {**_FILES, "description": "The files; the n-th goes with the n-th filePath."},
    "filePath": {**_TEXTS, "description": "Where each file lies in the task's folder."},
}
FROM_LATEST: Mapping[str, Schema] = {
    **NEW_VERSION,
    "filesToDelete": {**_TEXTS, "description": "Ids of files of the latest version."},
}
NEW_PROJECT: Mapping[str, Schema] = {
    "projectName": {**_TEXT, "description": "Untitled Project without it."},
    "file": {**_FILE, "description": "The data: CSV, Parquet, Arrow or MatrixMarket, gzip'd or not."},
}
REQUIRED = ("baseEnvironmentId", "isMajorUpdate")


def described(fields: Mapping[str, Schema], required: Collection[str] = REQUIRED) -> dict[str, Any]:
    """Return the description of a request body that is such a form."""
    schema = {"type": "object", "properties": dict(fields), "required": list(required), "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
