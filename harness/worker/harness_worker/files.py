"""Files that are there whole or not at all, and times as the records spell them."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict


def write_json(path: str, document: Dict[str, Any]) -> None:
    """Write a JSON document so that a reader sees all of it or none."""
    partial = path + ".partial"
    with open(partial, "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    os.replace(partial, path)


def utc_text(seconds: float) -> str:
    """Spell a time (seconds since 1970) as `2026-01-02T03:04:05.000006Z`."""
    whole = int(seconds)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return "%s.%06dZ" % (stamp, int((seconds - whole) * 1_000_000))
