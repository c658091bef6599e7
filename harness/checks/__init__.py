"""Each check is a small function over what was recorded; none of them runs task code or unpickles anything.

Every check has a paragraph in docs/reference/checks.md: what it judges, why, and how to fix it.
"""

from harness.checks.catalogue import CHECKS, checks_before_build, checks_before_run, run_checks
from harness.checks.engine import Check
from harness.checks.evidence import Evidence

__all__ = ["CHECKS", "Check", "Evidence", "checks_before_build", "checks_before_run", "run_checks"]
