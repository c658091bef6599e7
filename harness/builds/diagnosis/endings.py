"""Whether the build got over what stands at a place of its log."""

from __future__ import annotations

from itertools import islice

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.patterns import Pattern

MOST_PLACES = 20
_ANCHORS = ("Successfully installed ", "Installed ")
_FINISHED = Pattern(r"^\s*(?:Successfully installed \S|Installed (?:\d+ packages? )?in )")
register(*_ANCHORS)


def got_over(log: BuildLog, exit_code: int | None, position: int) -> bool:
    """Tell whether the build went on to success behind this place, so that what stands there did not end it."""
    if exit_code is not None:
        return exit_code == 0
    for anchor in _ANCHORS:
        for place in islice(log.places(anchor), MOST_PLACES):
            if place < position:
                break
            if _FINISHED.match(log.line_at(place)):
                return True
    return False
