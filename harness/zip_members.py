"""What every zip of ours says of a member: the same content with the same date gives the same bytes."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from zipfile import ZIP_STORED, ZipInfo

# The dates that the format can hold.
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_LATEST = (2107, 12, 31, 23, 59, 58)


def zip_member(path: str, size_bytes: int, created: datetime | None = None) -> ZipInfo:
    """Return a file that everyone can read (mode 0644), stored as it is, from the earliest date where none is given."""
    date = created.astimezone(UTC).timetuple()[:6] if created else _EARLIEST
    info = ZipInfo(path, min(max(_EARLIEST, date), _LATEST))
    info.compress_type = ZIP_STORED
    info.create_system = 3  # Unix, on every system, for the mode
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.file_size = size_bytes
    return info
