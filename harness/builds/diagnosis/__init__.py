"""Explain a failed dependency build: which requirements line, why, and what to write instead."""

from harness.builds.diagnosis.diagnose import diagnose_build

__all__ = ["diagnose_build"]
