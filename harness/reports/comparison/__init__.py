"""Two validations side by side: what changed between them, in their reports and in what the task returned."""

from harness.reports.comparison.compare import compare_results
from harness.reports.comparison.model import Comparison
from harness.reports.comparison.results import Results, read_results

__all__ = ["Comparison", "Results", "compare_results", "read_results"]
