"""How much memory a stage may have when the user does not say."""

from __future__ import annotations

import os

from harness.settings import LARGEST_MEMORY_BYTES

# The rest is for the host itself and whatever else runs on this machine.
SHARE_OF_FREE_MEMORY = 0.8


def default_memory_bytes() -> int:
    """Return the platform's scoring limit, or 80 % of what this machine has free where that is less."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # no such figure on this system
        return LARGEST_MEMORY_BYTES
    return min(LARGEST_MEMORY_BYTES, int(free * SHARE_OF_FREE_MEMORY))
