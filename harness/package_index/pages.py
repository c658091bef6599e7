"""From an index's page of a project, JSON or HTML, to the files that installers would take."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage, ProjectPage, UnexpectedRepoVersionWarning

from harness.package_index.model import IndexFile

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
ACCEPTED_TYPES = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"


def read_page(content: bytes, content_type: str, url: str, name: str) -> tuple[IndexFile, ...]:
    """Return the wheels and source distributions that the page of `name` lists.

    Files whose names say no version are left out, as installers leave them out. ValueError and other errors of the
    parsers where the document is not what its type promises.
    """
    warnings.simplefilter("ignore", UnexpectedRepoVersionWarning)  # newer minor versions only add to what is read here
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() == JSON_TYPE:
        page = ProjectPage.from_json_data(json.loads(content), url)
    elif kind.strip().lower() in {"text/html", "application/vnd.pypi.simple.v1+html"}:
        encoding = parameters.partition("charset=")[2].strip("\"' ") or None
        page = ProjectPage.from_html(name, content, url, encoding)
    else:
        raise ValueError(f"a page of the type {kind.strip() or 'none'}")
    return tuple(_files(page))


def _files(page: ProjectPage) -> Iterator[IndexFile]:
    for listed in page.packages:
        found = _version_and_tags(listed)
        if found:
            version, tags = found
            yield IndexFile(
                name=listed.filename,
                version=version,
                tags=tags,
                requires_python=listed.requires_python or None,
                yanked=listed.is_yanked,
                yanked_reason=listed.yanked_reason or None,
                hashes=dict(listed.digests),
                upload_time=listed.upload_time,
                url=listed.url,
                has_metadata=listed.has_metadata,
            )


def _version_and_tags(listed: DistributionPackage) -> tuple[Version, frozenset[Tag] | None] | None:
    """Return what the file name says; None where it says nothing or the file is no wheel and no sdist."""
    try:
        if listed.filename.endswith(".whl"):
            _, version, _, tags = parse_wheel_filename(listed.filename)
            return version, tags
        if listed.package_type == "sdist" and listed.version:
            return Version(listed.version), None
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return None
