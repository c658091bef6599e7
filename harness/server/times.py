"""Moments on the wire: ISO-8601 with microseconds and Z, always UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """Return `2024-04-24T09:30:00.123456Z`; a moment without a zone is taken as UTC."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06d}Z"
