"""Which stages took clearly longer than in the round before."""

from __future__ import annotations

from collections.abc import Iterator

from harness.reports.model import Report

# Less than that comes and goes with what else the machine does.
NOTABLE_FACTOR = 1.5
NOTABLE_SECONDS = 0.5


def slower_stages(before: Report, after: Report) -> Iterator[str]:
    """Yield a sentence for each stage that is slower: `fit took 3.10 s, 0.40 s before`."""
    earlier = {stage.name: stage.seconds for stage in before.stages}
    for stage in after.stages:
        was = earlier.get(stage.name)
        if was is not None and stage.seconds > max(was * NOTABLE_FACTOR, was + NOTABLE_SECONDS):
            yield f"{stage.name} took {stage.seconds:.2f} s, {was:.2f} s before"
