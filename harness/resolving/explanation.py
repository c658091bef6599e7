"""Read uv's proof that no set of versions fits: pure, from its words to paragraphs, packages and lines.

Source of the words: uv's resolver, "No solution found" reports, of versions 0.11 to 0.13.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from packaging.utils import canonicalize_name

from harness.resolving.model import Conflict

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_NAMED = re.compile(
    rf"(?<![\w.>=<-])(?:(?P<versioned>{_NAME})(?:\[[^\]]*\])?(?=[<>=!~])"
    rf"|(?:all|no) versions? of (?P<all>{_NAME})"
    rf"|versions of (?P<some>{_NAME})"
    rf"|(?P<missing>{_NAME}) was not found"
    rf"|(?:you require|depends? on|Because) (?P<needed>{_NAME})(?:\[[^\]]*\])?(?= |,|\.$|\.\s|$)"
    rf"|(?:and|that) (?P<joined>{_NAME})(?:\[[^\]]*\])? (?=depends? on|cannot be used|has no|have no))"
)
_WITHOUT_WHEELS = re.compile(rf"(?P<name>{_NAME})(?:\[[^\]]*\])?(?:[<>=!~]\S*)? (?:has|have) no (?:usable )?wheels?\b")
# "you require" is said of the user's own lines, and of what has been concluded from them.
_KNOWN = re.compile(r"we know from \(\d+\) that .*?(?= and you require |$)")
_REQUIRED = re.compile(r"you require .*?(?= and \S+ depends on |$)")
# Of a requirement that holds for some machines only: it holds for the one that is resolved for.
_MARKER = re.compile(r"(?<=[\w\]])\{[^}]*\}")
_YANKED = re.compile(r"`(?P<pin>[^`]+)` is yanked(?: \(reason: \"(?P<reason>[^\n]*)\"\))?")
_NO_PACKAGES = frozenset({"python", "you", "all", "we", "there", "the", "only", "your", "it", "one", "any", "no"})
_FRAME = re.compile(r"^[^\w`\'(-]*(?:error: |cause: )?")


def read_conflict(words: str, lines_of: Mapping[str, Sequence[int]]) -> Conflict:
    """Return the conflict that uv describes; its lines are those that the proof starts from.

    lines_of: canonical name -> the lines that name the package.
    """
    explanation = tuple(_paragraphs(words))
    packages = frozenset(_packages(" ".join(explanation)))
    required = frozenset(_packages(" ".join(_required(explanation))))
    numbers = {number for package in (required or packages) for number in lines_of.get(package, ())}
    return Conflict(explanation=explanation, packages=tuple(sorted(packages)), line_numbers=tuple(sorted(numbers)))


def without_wheels(words: str) -> tuple[str, ...]:
    """Return the packages whose lack of wheels is a step of the proof; with source distributions it does not hold."""
    text = " ".join(_paragraphs(words))
    return tuple(sorted({canonicalize_name(found["name"]) for found in _WITHOUT_WHEELS.finditer(text)}))


def notes_on_yanked(words: str) -> tuple[str, ...]:
    """Return a sentence for each release that its authors have withdrawn and that is taken because a line pins it."""
    found = {match["pin"]: match["reason"] for match in _YANKED.finditer(words)}
    return tuple(
        f"{pin} was withdrawn by its authors{f': {reason}' if reason else '.'}" for pin, reason in found.items()
    )


def _paragraphs(words: str) -> Iterator[str]:
    """Yield uv's sentences, each on one line; lists of versions are joined by commas."""
    sentence: list[str] = []
    for line in [*_body(words), ""]:
        starts_anew = not line or line.startswith(("Because ", "And ", "we know ", "(")) or _is_whole(sentence)
        if starts_anew and sentence:
            yield _joined(sentence)
            sentence = []
        if line:
            sentence.append(line)


def _body(words: str) -> Iterator[str]:
    for line in words.splitlines():
        text = _FRAME.sub("", line).strip()
        if text.startswith("hint:"):
            return
        if not text.startswith(("No solution found", "warning:")):
            yield text


def _is_whole(sentence: Sequence[str]) -> bool:
    return bool(sentence) and re.search(r"[a-z0-9]\.(?: \(\d+\))?$", sentence[-1]) is not None


def _joined(lines: Sequence[str]) -> str:
    text = lines[0]
    for before, line in pairwise(lines):
        item_before, item = " " not in before, " " not in line
        text += (", " if item_before and item else "; " if item_before else " ") + line
    return _MARKER.sub("", text)


def _required(explanation: Sequence[str]) -> Iterator[str]:
    """Yield what the steps say of the user's own lines, without what they conclude from them."""
    for sentence in explanation:
        premises = _KNOWN.sub("", sentence.partition(", we can conclude")[0])
        yield from _REQUIRED.findall(premises)


def _packages(text: str) -> Iterator[str]:
    for found in _NAMED.finditer(text):
        name = canonicalize_name(next(group for group in found.groups() if group))
        if name not in _NO_PACKAGES:
            yield name
