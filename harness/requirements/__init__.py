"""requirements.txt: the platform's dependency records, and the lines that it refuses.

    requirements = parse_requirements(Path("requirements.txt"))
    requirements.dependencies      # records, with line numbers
    requirements.refused           # reason and rewrite
    normalised(requirements)       # what to install; a cache key

What a file holds is decided as pip decides it; `pip install -r` and this package agree on every file.
"""

from harness.requirements.fixing import FixResult, RewrittenLine, fix_requirements
from harness.requirements.import_names import STANDARD_LIBRARY
from harness.requirements.linting import lint_requirements
from harness.requirements.model import NO_REQUIREMENTS, JudgedLine, Requirement, Requirements
from harness.requirements.normalising import normalised
from harness.requirements.reading import parse_requirements

__all__ = [
    "NO_REQUIREMENTS",
    "STANDARD_LIBRARY",
    "FixResult",
    "JudgedLine",
    "Requirement",
    "Requirements",
    "RewrittenLine",
    "fix_requirements",
    "lint_requirements",
    "normalised",
    "parse_requirements",
]
