"""The few facts of the run protocol that both kinds of worker share. Source: docs/run-protocol.md."""

from __future__ import annotations

from dataclasses import dataclass

PROTOCOL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Places:
    """Where the folders of a run lie, as the worker sees them; all absolute."""

    code: str
    input: str
    artifact: str
    model: str
    output: str
