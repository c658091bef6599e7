"""Version comparisons that the platform's records cannot hold, and the ones that mean the same.

Source of the equivalences: the version specifiers specification (PEP 440). `~=1.4.2` is `>=1.4.2,==1.4.*`, and
`==1.4.*` is `>=1.4,<1.5`: an exclusive upper bound leaves out the pre-releases of the version that it names, as
the wildcard does.
"""

from __future__ import annotations

from collections.abc import Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.records import ConstraintType
from harness.requirements.lines import Edit
from harness.requirements.parsing import SpecifierPart

SUPPORTED_OPERATORS = frozenset(operator.value for operator in ConstraintType)
WILDCARD = ".*"


def is_supported(part: SpecifierPart) -> bool:
    """Tell whether the platform's records can hold this comparison."""
    return part.operator in SUPPORTED_OPERATORS and not part.version.endswith(WILDCARD)


def rewrite_comparisons(parts: Sequence[SpecifierPart]) -> tuple[Edit, ...] | None:
    """Return the edits after which the platform accepts all comparisons of a line, None where there are none.

    The comparisons then allow the same releases. None is the answer for a `!=` that cuts a hole into what the
    other comparisons allow.
    """
    others_name_prerelease = any(_is_prerelease(part.version) for part in parts)
    rewritten = [
        None if part.operator == "!=" else _rewrite(part, from_first_development_release=others_name_prerelease)
        for part in parts
    ]
    kept = [text for text in rewritten if text is not None]
    edits = []
    for index, (part, text) in enumerate(zip(parts, rewritten, strict=True)):
        if text is not None:
            if not is_supported(part):
                edits.append(Edit(part.start, part.end, text))
        elif part.operator == "!=" and kept and _is_redundant(part.version, kept):
            edits.append(_removal(parts, index))
        else:
            return None
    return tuple(edits)


def _rewrite(part: SpecifierPart, *, from_first_development_release: bool) -> str | None:
    if is_supported(part):
        return f"{part.operator}{part.version}"
    if part.operator == "~=":
        version = Version(part.version)
        return f">={part.version},<{_next(version, version.release[:-1])}"
    if part.operator == "==":
        prefix = part.version.removesuffix(WILDCARD)
        version = Version(prefix)
        lower = f"{prefix}.dev0" if from_first_development_release else prefix
        return f">={lower},<{_next(version, version.release)}"
    if part.operator == "===" and _is_version(part.version):
        return f"=={part.version}"
    return None


def _next(version: Version, prefix: tuple[int, ...]) -> str:
    """Return the first version after all that begin with the prefix: 1.5 for (1, 4)."""
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(str(number) for number in (*prefix[:-1], prefix[-1] + 1))


def _removal(parts: Sequence[SpecifierPart], index: int) -> Edit:
    """Return the edit that takes one comparison out together with one comma."""
    if index + 1 < len(parts):
        return Edit(parts[index].start, parts[index + 1].start, "")
    return Edit(parts[index - 1].end, parts[index].end, "")


def _is_redundant(excluded: str, kept: Sequence[str]) -> bool:
    """Tell whether the kept comparisons leave out everything that `!=excluded` leaves out."""
    allowed = SpecifierSet(",".join(kept), prereleases=True)
    if any("+" in specifier.version for specifier in allowed):
        return False  # `!=1.2` leaves out 1.2+local, too: let a reader decide
    if not excluded.endswith(WILDCARD):
        return not allowed.contains(excluded)
    release = Version(excluded.removesuffix(WILDCARD))
    first = Version(f"{release}.dev0")
    after = Version(f"{_next(release, release.release)}.dev0")
    for specifier in allowed:
        bound = Version(specifier.version)
        if (
            (specifier.operator == "<" and (bound <= first or bound == release))
            or (specifier.operator == "<=" and bound < first)
            or (specifier.operator in {">", ">="} and bound >= after)
            or (specifier.operator == "==" and not first <= bound < after)
        ):
            return True
    return False


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _is_prerelease(text: str) -> bool:
    return _is_version(text) and Version(text).is_prerelease


def contradict(specifiers: Sequence[str]) -> bool:
    """Tell whether no version can satisfy all the comparisons, as far as that is obvious.

    Obvious are exact versions that the other comparisons leave out, and a lower bound above an upper one.
    """
    try:
        allowed = SpecifierSet(",".join(specifiers), prereleases=True)
    except InvalidSpecifier:
        return False
    if any(specifier.operator == "===" for specifier in allowed):
        return False
    pins = [
        specifier.version
        for specifier in allowed
        if specifier.operator == "==" and not specifier.version.endswith(WILDCARD)
    ]
    if pins:
        return not any(allowed.contains(pin) for pin in pins)
    name_prerelease = any(_is_prerelease(specifier.version) for specifier in allowed)
    lower: list[tuple[Version, bool]] = []
    upper: list[tuple[Version, bool]] = []
    for specifier in allowed:
        part = SpecifierPart(specifier.operator, specifier.version, 0, 0)
        if specifier.operator == "!=":
            continue
        for bound in (_rewrite(part, from_first_development_release=name_prerelease) or "").split(","):
            inclusive = bound[1] == "="
            version = Version(bound[2:] if inclusive else bound[1:])
            (lower if bound[0] == ">" else upper).append((version, inclusive))
    return any(
        low > high or (low == high and not (low_inclusive and high_inclusive))
        for low, low_inclusive in lower
        for high, high_inclusive in upper
    )
