"""The day as of which a build is to be made, as a user writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from harness.errors import HarnessError

LENGTH_OF_A_DATE = len("2024-03-01")


def read_day(text: str) -> datetime:
    """Return the moment before which a file has to be on the index.

    A date means to the end of that day, and what has no time zone is UTC. Raises HarnessError for anything else.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise HarnessError(f"{text!r} is no date", remedy="Write it as 2024-03-01 or 2024-03-01T12:00:00Z.") from error
    if len(text) <= LENGTH_OF_A_DATE:
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
