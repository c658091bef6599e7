"""The release, in one place: the wheel, `harness --version` and the report read it from here."""

__version__ = "0.1.0"
