"""The projects that the writer of an unknown name most likely meant.

A name is proposed only where the indexes have it, and only from the list of the most downloaded ones: a project that
differs in a letter from a known one and is hardly used may be there to be installed by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from packaging.utils import InvalidName, canonicalize_name

from harness.package_index.client import PackageIndex
from harness.package_index.model import Project
from harness.package_index.targets import Target, installable
from harness.requirements.import_names import DISTRIBUTION_OF_IMPORT, STANDARD_LIBRARY

BEFORE, BEHIND = ("python-", "py-", "py"), ("-python", "-py")
MOST_PROPOSED = 3

# Projects that were given up, or that other platforms alone have, and the ones that are imported alike.
SUCCESSORS = {
    "beautifulsoup": "beautifulsoup4",
    "fbprophet": "prophet",
    "intel-tensorflow": "tensorflow",
    "mysql-python": "mysqlclient",
    "pycrypto": "pycryptodome",
    "tensorflow-cpu-aws": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-intel": "tensorflow",
    "tensorflow-macos": "tensorflow",
    "tf-nightly-gpu": "tf-nightly",
}


def real_name(name: str) -> str | None:
    """Return the project that an import name, or a project that was given up, stands for; None elsewhere."""
    known = canonical_name(name)
    return DISTRIBUTION_OF_IMPORT.get(known) or SUCCESSORS.get(known)


def prebuilt_names(name: str) -> tuple[str, ...]:
    """Return popular projects that have the same modules as this one, built beforehand: `psycopg2-binary`."""
    names = (f"{canonical_name(name)}{suffix}" for suffix in ("-binary", "-bin"))
    return tuple(found for found in names if found in _popularity())


def is_widely_used(name: str) -> bool:
    """Tell whether the project is among the most downloaded ones."""
    return canonical_name(name) in _popularity()


def is_standard_library(name: str) -> bool:
    """Tell whether Python itself brings the module of that name, so that nothing has to be installed for it."""
    return canonical_name(name) in STANDARD_LIBRARY


def nearest_projects(name: str, index: PackageIndex, target: Target) -> tuple[Project, ...]:
    """Return up to three projects with a release for the target, the likeliest first; IndexUnavailable."""
    candidates = candidate_names(name)[:MOST_PROPOSED]
    index.prefetch(candidates)
    found = [project for candidate in candidates if (project := index.project(candidate))]
    return tuple(project for project in found if any(installable(release, target) for release in project.releases))


def candidate_names(name: str) -> tuple[str, ...]:
    """Return the names that may be meant, the likeliest first; whether an index has them is not known yet."""
    written = canonical_name(name)
    known = real_name(written)
    if known or not written:
        return (known,) if known else ()
    if written in _popularity() or written in STANDARD_LIBRARY:
        return ()
    same_letters = _by_bare_form().get(_bare(written))
    if same_letters:
        return (real_name(same_letters) or same_letters,)
    near = {*_with_other_affixes(written), *_within_a_slip(written)} & _popularity().keys()
    meant = (real_name(found) or found for found in sorted(near, key=_popularity().__getitem__))
    return tuple(dict.fromkeys(found for found in meant if found != written))


def canonical_name(name: str) -> str:
    """Return the name as indexes compare it; empty where it is no project's name."""
    try:
        return canonicalize_name(name, validate=True)
    except InvalidName:
        return ""


def _within_a_slip(name: str) -> Iterator[str]:
    """Yield the popular names that are the fewest letters away; two letters turned round are one, hyphens none."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    bare = _bare(name)
    most = 0 if len(bare) < 4 else 1 if len(bare) < 10 else 2
    near = process.extract(bare, _by_bare_form().keys(), scorer=OSA.distance, score_cutoff=most, limit=None)
    fewest = min((distance for _, distance, _ in near), default=0)
    yield from (_by_bare_form()[form] for form, distance, _ in near if distance == fewest)


def _with_other_affixes(name: str) -> Iterator[str]:
    """Yield the name with `python-` before it, `-python` behind it and so on, and without what it has of these."""
    for affix in BEFORE:
        yield affix + name
        yield name.removeprefix(affix)
    for affix in BEHIND:
        yield name + affix
        yield name.removesuffix(affix)


def _bare(name: str) -> str:
    return name.replace("-", "")


@cache
def _names() -> tuple[str, ...]:
    text = files(__package__).joinpath("popular_names.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if not line.startswith("#"))


@cache
def _popularity() -> Mapping[str, int]:
    """Return name -> rank; 0 is downloaded most."""
    return {name: rank for rank, name in enumerate(_names())}


@cache
def _by_bare_form() -> Mapping[str, str]:
    """Return name without hyphens -> name; of several the most popular."""
    return {_bare(name): name for name in reversed(_names())}
