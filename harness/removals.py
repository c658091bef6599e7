"""What was removed, and how much room that makes."""

from __future__ import annotations

from harness.records import Record


class Removal(Record):
    """One thing that is gone. size_bytes: what it took by itself."""

    kind: str
    name: str
    size_bytes: int
