"""A package is built from its source distribution, and that fails: tables of what build tools say, and one recogniser.

What counts is what the build code said last, and more than that what is certain to have ended it: a compiler that finds
no header may have been asked for that alone, to see whether it is there.
"""

from __future__ import annotations

from harness.builds.diagnosis.model import Recogniser
from harness.builds.diagnosis.recognisers.source_builds.metadata import RECOGNISERS as METADATA
from harness.builds.diagnosis.recognisers.source_builds.recognising import build_failures

RECOGNISERS: tuple[Recogniser, ...] = (build_failures, *METADATA)
