"""Explain a failed dependency build: which requirements line, why, and what to write instead."""

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.declared import Declared
from harness.builds.diagnosis.diagnose import diagnose, diagnose_build
from harness.builds.diagnosis.model import Facts

__all__ = ["BuildLog", "Declared", "Facts", "diagnose", "diagnose_build"]
