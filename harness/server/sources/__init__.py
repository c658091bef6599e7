"""A repository's files: from git, from a folder or from an archive."""

from harness.server.sources.fetching import fetch
from harness.server.sources.locations import describe_location, without_credentials
from harness.server.sources.model import Checkout, Limits, SourceFile, SourceKind, SourceLocation
from harness.server.sources.selection import as_source_paths

__all__ = [
    "Checkout",
    "Limits",
    "SourceFile",
    "SourceKind",
    "SourceLocation",
    "as_source_paths",
    "describe_location",
    "fetch",
    "without_credentials",
]
