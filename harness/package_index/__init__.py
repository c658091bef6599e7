"""What this machine's package indexes know: which projects there are, which releases, and which of them fit a Python.

    with open_index() as index:
        project = index.project("numpy")       # None: the indexes have no such project
        [release.version for release in project.releases if installable(release, target)]

Facts only: nothing is downloaded but the indexes' own pages and the metadata of single files.
"""

from harness.package_index.client import IndexUnavailable, PackageIndex, open_index
from harness.package_index.model import IndexFile, Metadata, Project, Release
from harness.package_index.names import nearest_projects
from harness.package_index.targets import Target, installable, supports_python, wheels_for

__all__ = [
    "IndexFile",
    "IndexUnavailable",
    "Metadata",
    "PackageIndex",
    "Project",
    "Release",
    "Target",
    "installable",
    "nearest_projects",
    "open_index",
    "supports_python",
    "wheels_for",
]
