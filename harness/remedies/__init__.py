"""Make a diagnosis more exact with what index and resolver know, and look for the smallest repair."""

from harness.remedies.explaining import explain_further, foresee_failure, suggest_changes
from harness.remedies.improving import improve
from harness.remedies.repair import MOST_BUILDS, Repair, repair

__all__ = ["MOST_BUILDS", "Repair", "explain_further", "foresee_failure", "improve", "repair", "suggest_changes"]
