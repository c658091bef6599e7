"""The few facts of the run protocol that both kinds of worker share. Source: docs/reference/run-protocol.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PROTOCOL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Places:
    """Where the folders of a run lie, as the worker sees them; all absolute."""

    code: str
    input: str
    artifact: str
    model: str
    output: str


def preload_line(modules: Sequence[str], variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the first line that a worker is told: what to set in its environment, and then to import."""
    return {
        "protocolVersion": PROTOCOL_VERSION,
        "environmentVariables": dict(variables),
        "preload": list(modules),
    }
