"""Ids in the platform's form: 24 hexadecimal digits in lower case."""

from __future__ import annotations

import re
import secrets
import time

PATTERN = "^[0-9a-f]{24}$"
_ID = re.compile(r"[0-9a-f]{24}")


def new_id() -> str:
    """Return a new id. Later ones sort after earlier ones, to the second; the rest is random."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None
