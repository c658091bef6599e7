"""One report model, and the ways to show it: each way is a module, imported by whoever shows."""

from harness.reports.model import Report, Reports, Verdict

__all__ = ["Report", "Reports", "Verdict"]
