"""Sample data: the user's own in whatever format, or a bundled sample that fits the task."""

from harness.data.model import ColumnProfile, SampleData
from harness.data.options import DataOptions
from harness.data.profiles import profile_columns
from harness.data.reading import read_sample_data
from harness.data.samples import choose_sample
from harness.data.staging import write_input

__all__ = [
    "ColumnProfile",
    "DataOptions",
    "SampleData",
    "choose_sample",
    "profile_columns",
    "read_sample_data",
    "write_input",
]
