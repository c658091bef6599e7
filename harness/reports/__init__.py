"""One report model, and the ways to show it."""

from harness.reports.console import show_report
from harness.reports.model import BuildReport, FailureToRun, Report, Reports, Seconds, StageReport, Verdict

__all__ = [
    "BuildReport",
    "FailureToRun",
    "Report",
    "Reports",
    "Seconds",
    "StageReport",
    "Verdict",
    "show_report",
]
