"""Recognise the kinds of failure that a single place of a log proves, from a table of signatures."""

from __future__ import annotations

from collections.abc import Sequence

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.at_work import package_at_work
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import Cause, Facts, Named, Recogniser, Signature

MOST_PLACES = 200


def recogniser_of(signatures: Sequence[Signature]) -> Recogniser:
    """Return what recognises these: of each signature the last place in the log that it fits."""
    table = [(signature, signature.expression()) for signature in signatures]
    register(*(signature.anchor for signature in signatures))

    def recognise(log: BuildLog, _: Facts) -> tuple[Cause, ...]:
        causes = []
        for signature, pattern in table:
            seen = -1
            for count, position in enumerate(log.places(signature.anchor)):
                if count == MOST_PLACES:
                    break
                start = log.start_of_line(position)
                if start == seen:
                    continue
                seen = start
                block = log.block(position, signature.lines)
                match = pattern.search(block)
                if match:
                    causes.append(_cause(log, signature, position, match.groupdict(), match.group()))
                    break
        return tuple(causes)

    return recognise


def _cause(log: BuildLog, signature: Signature, position: int, groups: dict[str, str | None], proof: str) -> Cause:
    named = {name: value for name, value in groups.items() if value}
    package = named.get("package")
    if package is None and signature.at_work:
        package = package_at_work(log, position)
    named["package"] = package or "a package"
    first, *more = log.block(position, signature.lines).splitlines() or [""]
    told = [first, *(line for line in more if line.strip() and line in proof)]
    return Cause(
        category=signature.category,
        summary=signature.summary.format(**named),
        suggestion=signature.suggestion.format(**named),
        position=position,
        evidence=tuple(line.strip() for line in told),
        package=package,
        requirement=named.get("requirement"),
        line_number=int(named["line"]) if "line" in named else None,
        related=(Named(named["other"]),) if "other" in named else (),
    )
