"""What this machine has of what the harness needs, and what is missing. Each probe is a function that returns facts."""

from harness.doctor.examination import examine
from harness.doctor.model import Examination, Fact, Status

__all__ = ["Examination", "Fact", "Status", "examine"]
