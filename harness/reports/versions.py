"""Which versions a build log says were installed. Nothing is concluded that it does not say."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

# pip's last line, its word on what was there already, and uv's lists of what came and went. A build in a container may
# have a step number before them.
_PIP = re.compile(r"^(?:#\d+ [\d.]+ )?\s*Successfully installed (?P<all>\S.*)$", re.MULTILINE)
_SATISFIED = re.compile(
    r"^(?:#\d+ [\d.]+ )?\s*Requirement already satisfied: (?P<name>[A-Za-z0-9][\w.-]*).* \((?P<version>\d\S*)\)$",
    re.MULTILINE,
)
_UV = re.compile(r"^(?:#\d+ [\d.]+ )? (?P<sign>[+~-]) (?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>\S+)", re.MULTILINE)


def installed_versions(log: str) -> dict[str, str] | None:
    """Return canonical name -> version of all that the log's installers installed or found; None where it tells none.

    The layers of an image follow each other, so that the last word on a package holds.
    """
    found: dict[str, str] = {}
    told = sorted([*_PIP.finditer(log), *_SATISFIED.finditer(log), *_UV.finditer(log)], key=lambda match: match.start())
    for match in told:
        if match.re is _PIP:
            for word in match["all"].split():
                name, _, version = word.rpartition("-")
                if name and version[:1].isdigit():
                    found[canonicalize_name(name)] = version
        elif match.re is _SATISFIED or match["sign"] != "-":
            found[canonicalize_name(match["name"])] = match["version"]
        elif found.get(name := canonicalize_name(match["name"])) == match["version"]:
            del found[name]
    return found if told else None
