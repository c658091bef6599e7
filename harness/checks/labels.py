"""Match an estimator's columns with the class labels, as the platform matches them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.checks.engine import Outcome, failed, not_reached, passed, skipped, warning
from harness.checks.outputs import whole_output
from harness.checks.wording import named

if TYPE_CHECKING:
    from harness.checks.evidence import Evidence

# Words that the platform reads as 1 and 0, in any case of letters.
_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "y", "t"), 1.0),
    **dict.fromkeys(("false", "no", "off", "n", "f"), 0.0),
}


def standardise(label: str) -> float | str:
    """Return what the platform compares in place of a label.

    A number where the label parses as one, else 1 or 0 for words such as yes and no, else the label in lower case.
    Not a number stays the text `nan`, so that it equals itself.
    """
    lower = label.lower()
    try:
        number = float(lower)
    except ValueError:
        return _WORDS.get(lower, lower)
    return lower.strip() if math.isnan(number) else number


def match_labels(columns: Sequence[str], labels: Sequence[str]) -> dict[str, int] | None:
    """Return the number of each label's column, None where columns and labels are not the same set.

    Names are compared as written first, so that labels which differ in case only stay apart.
    """
    if len(columns) != len(labels):
        return None
    if set(columns) == set(labels) and len(set(labels)) == len(labels):
        return {label: columns.index(label) for label in labels}
    standard_columns = [standardise(column) for column in columns]
    standard_labels = [standardise(label) for label in labels]
    if len(set(standard_labels)) < len(labels) or set(standard_columns) != set(standard_labels):
        return None
    return {label: standard_columns.index(standard) for label, standard in zip(labels, standard_labels, strict=True)}


def judge_class_labels(evidence: Evidence) -> Outcome:
    """Fail where the columns are not the class labels; columns may come in any order.

    Names that match only after standardising are a warning, since other tools may not be that kind.
    """
    output = whole_output(evidence)
    labels = evidence.data.class_labels if evidence.data else None
    if output is None:
        return not_reached("there is no output")
    if not labels:
        return skipped("the class labels are not known")
    columns = output.columns[: len(labels)]
    details = {"expected": list(labels[:100]), "found": list(columns[:100])}
    if match_labels(columns, labels) is None:
        return failed(_mismatch_text(output.columns, labels), _mismatch_remedy(output.columns, labels), **details)
    if set(columns) != set(labels):
        changed = [column for column in columns if column not in labels]
        return warning(
            f"{named(changed)} match the class labels {named(labels)} only without regard to spelling",
            "Name the columns by the class labels as they are in the data.",
            **details,
        )
    return passed(named(columns), **details)


def _mismatch_text(columns: Sequence[str], labels: Sequence[str]) -> str:
    found = columns[: len(labels)]
    text = f"expected columns {named(labels)}, found {named(found)}"
    present = {standardise(column) for column in columns}
    if len(columns) > len(labels) and all(standardise(label) in present for label in labels):
        return f"{text}: the class labels must come before other columns"
    lacking = [label for label in labels if standardise(label) not in {standardise(column) for column in found}]
    hints = []
    for label in lacking:
        close = difflib.get_close_matches(label, [column for column in found if column not in labels], n=1)
        if close:
            hints.append(f'"{close[0]}" may be meant for "{label}"')
    return f"{text}; {hints[0]}" if hints else text


def _mismatch_remedy(columns: Sequence[str], labels: Sequence[str]) -> str:
    if any(standardise(label) not in {standardise(column) for column in columns} for label in labels):
        return "Name the columns by the class labels, for example with pd.DataFrame(p, columns=model.classes_)."
    return "Put the columns of the class labels first, each once."
