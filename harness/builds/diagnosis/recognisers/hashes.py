"""Recorded hashes that do not fit, and those that are missing where hashes are required."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from packaging.utils import canonicalize_name

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import NAME, Cause, Facts, Named, Recogniser
from harness.builds.diagnosis.patterns import Pattern

MOST_PLACES = 20
MOST_LINES = 200
# The headings of pip's report, in which one line or more follow for each package.
MISMATCH = "DO NOT MATCH THE HASHES FROM THE REQUIREMENTS"
MISSING = "Hashes are required in --require-hashes mode"
UNPINNED = "In --require-hashes mode, all requirements must have their versions pinned"
VERSION_CONTROL = "Can't verify hashes for these requirements because we don't have a way to hash version control"
FOLDERS = "Can't verify hashes for these file:// requirements because they point to directories"
UV_MISMATCH = "Hash mismatch for `"
UV_REQUIRED = ("`--require-hashes` mode, all requirements must", "Hash-checking is required, but no trusted hash")
UNKNOWN = "unknown package"
HEADINGS = (MISMATCH, MISSING, UNPINNED, VERSION_CONTROL, FOLDERS)
register(*HEADINGS, UV_MISMATCH, *UV_REQUIRED)

_ENTRY = Pattern(
    r"^ {4}(?P<what>[^\s][^\n]{0,2000}?)(?: from (?P<address>[a-z+]+:/[^\s]{1,2000}))?"
    r"(?: \(from (?P<chain>[^\n]{0,2000})\))?:?$"
)
_NAMED = Pattern(rf"(?P<package>{NAME})(?:\[[^\]\n]{{0,200}}\])?(?P<versions>[^\n@]{{0,500}})")
_HASH = Pattern(r" --hash=(?P<hash>[a-z0-9]+:[0-9a-f]+)")
_CHAIN = Pattern(r"(?P<packages>[^\n]{0,1000}?)(?:->)?-[rc] (?P<file>[^\n(]{1,500}) \(line (?P<line>\d{1,9})\)$")
_EXPECTED = Pattern(r"(?:Expected|or) +(?:(?P<kind>[a-z0-9]+) )?(?P<hash>[0-9a-f]{32,128})$")
_GOT = Pattern(r"Got +(?P<hash>[0-9a-f]{32,128})$")
_UV_MISMATCH = Pattern(
    r"Hash mismatch for `(?P<what>[^`\n]{1,1000})`\s+Expected:\s+(?=[\s\S]{0,3000}?Computed:\s+\S)"
    r"(?P<expected>[^\n]{1,300})[\s\S]{0,3000}?Computed:\s+(?P<got>[^\n]+)"
)
_UV_REQUIRED = Pattern(
    r"(?:`--require-hashes` mode, all requirements must |Hash-checking is required, )"
    r"(?:(?:have a hash, )?but[^\n]*?for: (?P<unhashed>[^\n]+)"
    r"|(?:be pinned|have their versions pinned)[^\n]*?found: `?(?P<unpinned>[^`\n]+))"
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A package of the report. what: as pip quotes it; chain: where it comes from; below: the lines about it."""

    what: str
    chain: str
    below: tuple[str, ...]

    @property
    def package(self) -> str | None:
        """Return the project, None for a path or an address without a name."""
        if self.what == UNKNOWN or "://" in self.what.partition(" @ ")[0] or self.what.startswith((".", "/", "file:")):
            return None
        match = _NAMED.match(self.what)
        return match["package"] if match else None

    @property
    def via(self) -> tuple[str, ...]:
        """Return the packages that brought it, the one on a line first."""
        match = _CHAIN.match(self.chain)
        parts = (match["packages"] if match else self.chain).split("->")
        names = [named["package"] for part in parts if part and (named := _NAMED.match(part))]
        return tuple(canonicalize_name(name) for name in reversed(names))

    @property
    def line_number(self) -> int | None:
        match = _CHAIN.match(self.chain)
        return int(match["line"]) if match else None


def wrong_hashes(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that a downloaded file is not the one whose hash is recorded."""
    for position in islice(log.places(MISMATCH), MOST_PLACES):
        entries = _entries(log, position)
        if entries:
            return (_mismatch(log, facts, entries, position),)
    for position in islice(log.places(UV_MISMATCH), MOST_PLACES):
        match = _UV_MISMATCH.search(log.block(position, 14))
        if match:
            entry = _Entry(match["what"], "", (f"Expected {match['expected']}", f"Got {match['got']}"))
            return (_mismatch(log, facts, (entry,), position),)
    return ()


def missing_hashes(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that hashes are required, and something has none, or no exact version, or can have none."""
    for heading in (VERSION_CONTROL, FOLDERS, MISSING, UNPINNED):
        for position in islice(log.places(heading), MOST_PLACES):
            entries = _entries(log, position)
            if entries:
                return (_missing(log, facts, heading, entries, position),)
    for position in (place for anchor in UV_REQUIRED for place in islice(log.places(anchor), MOST_PLACES)):
        match = _UV_REQUIRED.search(log.line_at(position))
        if match:
            what = (match["unhashed"] or match["unpinned"]).strip().strip("`")
            heading = MISSING if match["unhashed"] else UNPINNED
            if what.startswith("file://"):
                heading = FOLDERS
            elif re.search(r"@ ?(?:git|hg|svn|bzr)\+", what):
                heading = VERSION_CONTROL
            return (_missing(log, facts, heading, (_Entry(what, "", ()),), position),)
    return ()


RECOGNISERS: tuple[Recogniser, ...] = (wrong_hashes, missing_hashes)


def _entries(log: BuildLog, position: int) -> tuple[_Entry, ...]:
    """Return the packages below a heading of pip's report."""
    found: list[_Entry] = []
    for line in log.block(position, MOST_LINES).split("\n")[1:]:
        if not line.strip():
            continue
        if not line.startswith("    "):
            break
        match = _ENTRY.match(line.rstrip())
        if match and not line.startswith("     "):
            found.append(_Entry(match["what"].rstrip(":"), match["chain"] or "", ()))
        elif found:
            found[-1] = _Entry(found[-1].what, found[-1].chain, (*found[-1].below, line.strip()))
    return tuple(found)


def _mismatch(log: BuildLog, facts: Facts, entries: tuple[_Entry, ...], position: int) -> Cause:
    entry, *others = entries
    expected = [match["hash"] for line in entry.below if (match := _EXPECTED.search(line))]
    got = next((match["hash"] for line in entry.below if (match := _GOT.search(line))), None)
    if got is None:
        got = next(
            (line.removeprefix("Got ").partition(":")[2] for line in entry.below if line.startswith("Got ")), None
        )
        expected = [line.partition(":")[2] for line in entry.below if line.startswith("Expected ")]
    hashes = (
        f": its hash is {got[:12]}..., recorded is {' or '.join(one[:12] + '...' for one in expected)}" if got else ""
    )
    return _about(
        log,
        facts,
        "hash_mismatch",
        entry,
        tuple(others),
        position,
        f"The file of {_shown(entry)} that was downloaded is not the one whose hash is recorded{hashes}.",
        "Find out why the file differs, and record the hash of the right one.",
    )


def _missing(log: BuildLog, facts: Facts, heading: str, entries: tuple[_Entry, ...], position: int) -> Cause:
    entry, *others = entries
    shown = _shown(entry)
    package = entry.package
    hashed = _HASH.search(entry.what)
    line = facts.requirements.line_of(package) if package else None
    replacement = None
    if heading in {FOLDERS, VERSION_CONTROL}:
        kind = "a folder" if heading == FOLDERS else "an address under version control"
        summary = f"Hashes are required, and {shown} is {kind}, which has no hash."
        suggestion = "Ask for a release from the index, with its hash, or build without hashes."
    elif package and line is None and facts.requirements.lines:
        parent = entry.via[-1] if entry.via else None
        summary = f"Hashes are required, and {package}{f', which {parent} needs,' if parent else ''} stands on no line."
        suggestion = f"Add a line for {package} with its exact version and hash; every dependency needs one."
    elif heading == UNPINNED:
        summary = f"Hashes are required, and {shown} has no exact version."
        suggestion = f"Pin {package or 'it'} with == to the version whose hash is recorded."
    else:
        summary = f"Hashes are required as soon as one line has a hash, and {shown} has none."
        suggestion = "Add --hash to the line, or remove the hashes of all others."
        if hashed and line:
            replacement = f"{line.content} --hash={hashed['hash']}"
            suggestion = f"Add --hash={hashed['hash']}, after making sure that it is the hash of the right file."
    return _about(log, facts, "hash_missing", entry, tuple(others), position, summary, suggestion, replacement)


def _about(
    log: BuildLog,
    facts: Facts,
    category: str,
    entry: _Entry,
    others: tuple[_Entry, ...],
    position: int,
    summary: str,
    suggestion: str,
    replacement: str | None = None,
) -> Cause:
    line = facts.requirements.of_path(entry.what) if entry.package is None else None
    number = line.line_number if line else None
    if number is None and not facts.requirements.file:
        number = entry.line_number
    if number is None and entry.package is None:
        held = facts.requirements.holding(entry.what)
        number = held.line_number if held else entry.line_number
    count = 2 + max(len(entry.below), 1) if entry.chain or entry.below else 2
    return Cause(
        category=category,
        summary=summary,
        suggestion=suggestion,
        position=position,
        evidence=tuple(text.rstrip() for text in log.block(position, count).splitlines() if text.strip()),
        package=entry.package or (line.package if line else None),
        requirement=_HASH.sub("", entry.what),
        line_number=number,
        related=tuple(Named(other.package, other.what) for other in others if other.package),
        via=entry.via,
        replacement=replacement,
    )


def _shown(entry: _Entry) -> str:
    return "a package that the log does not name" if entry.what == UNKNOWN else _HASH.sub("", entry.what)
