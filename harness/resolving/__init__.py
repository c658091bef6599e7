"""Find out with uv's resolver what a plan would install, without building anything: no code of a package runs.

`resolve` gives the set, and which line brings each package, or why there is none; `second_opinion` says the same in
short for a build that pip has failed; `relaxations` tries which single line would have to change.
"""

from harness.resolving.base_changes import base_changes, broken_base_packages
from harness.resolving.model import BaseChange, Conflict, Resolution, ResolvedPackage
from harness.resolving.relaxations import Relaxation, relaxations
from harness.resolving.resolve import resolve
from harness.resolving.second_opinion import Opinion, second_opinion

__all__ = [
    "BaseChange",
    "Conflict",
    "Opinion",
    "Relaxation",
    "Resolution",
    "ResolvedPackage",
    "base_changes",
    "broken_base_packages",
    "relaxations",
    "resolve",
    "second_opinion",
]
