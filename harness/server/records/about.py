"""The version of the API, which clients compare with their own. Source: what the platform's client reads."""

from __future__ import annotations

from harness.server.records.common import Answer


class ApiVersion(Answer):
    """2.49 is the oldest one that the client of today takes without a warning."""

    major: int
    minor: int
    version_string: str
