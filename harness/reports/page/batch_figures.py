"""The rows whose output depends on their company, drawn: what came back for them in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.checks.outputs import read_numbers, request_name, row_numbers, whole_output
from harness.records import CheckResult, CheckStatus
from harness.reports.page.model import Chart, TextTable
from harness.reports.page.wording import name_text, number_text

if TYPE_CHECKING:
    import numpy as np

    from harness.checks import Evidence
    from harness.runs import Output

STABILITY = ("repeatable", "batch_independence")
TABLE_ROWS = 20
MOST_DOTS = 1_000


def describe_batches(evidence: Evidence, checks: Sequence[CheckResult]) -> Chart | None:
    """Return a plot of the values of a row in one batch and in another; None where none differ or they are no numbers.

    The column is the one that differs most. Sources of the two sides: as `harness.checks.stability` has compared.
    """
    failed = next((check for check in checks if check.id in STABILITY and check.status is CheckStatus.FAILED), None)
    if failed is None or evidence.run is None or evidence.run.scoring is None:
        return None
    request, column = failed.details.get("request"), failed.details.get("column")
    stage = evidence.run.repeated if failed.id == "repeatable" else evidence.run.scoring
    whole, other = whole_output(evidence), stage.output(request) if stage and request else None
    if whole is None or other is None or not isinstance(column, str) or not isinstance(request, str):
        return None
    sent = row_numbers(evidence)
    rows = sent.get(request) or tuple(range(other.rows))
    first, first_name = whole, "all rows together"
    if failed.details.get("kind") == "calls":
        subset, before = evidence.run.scoring.output("subset"), sent.get("subset")
        if subset is None or before is None:
            return None
        first, first_name = subset, request_name("subset")
        places = {row: place for place, row in enumerate(before)}
        expected = _column(first, column, [places[row] for row in rows])
    else:
        expected = _column(first, column, rows)
    found = _column(other, column, range(other.rows))
    if expected is None or found is None or len(expected) != len(found):
        return None
    return _chart(name_text(column), rows, expected, found, first_name, request_name(request))


def _column(output: Output, name: str, rows: Sequence[int]) -> np.ndarray | None:
    """Return (rows,) of a numeric column of that name, None where it is none."""
    if output.kind == "sparse" or name not in output.numeric_columns:
        return None
    values: np.ndarray = read_numbers(output)[:, output.numeric_columns.index(name)]
    return values[list(rows)]


def _chart(
    column: str, rows: Sequence[int], expected: np.ndarray, found: np.ndarray, first_name: str, other_name: str
) -> Chart | None:
    import numpy as np

    usable = np.flatnonzero(np.isfinite(expected) & np.isfinite(found))
    if not len(usable):
        return None
    distance = np.abs(expected - found)
    worst = usable[np.argsort(-distance[usable], kind="stable")]
    points: list[list[Any]] = [
        [float(f"{expected[place]:.6g}"), float(f"{found[place]:.6g}"), f"row {rows[place]}"]
        for place in worst[:MOST_DOTS]
    ]
    table = TextTable(
        ("Row", first_name.capitalize(), other_name.capitalize(), "Difference"),
        tuple(
            (
                f"{rows[place]}",
                number_text(float(expected[place])),
                number_text(float(found[place])),
                number_text(float(distance[place])),
            )
            for place in worst[:TABLE_ROWS]
        ),
    )
    largest = f"{number_text(float(distance[worst[0]]))}, in row {rows[worst[0]]}"
    return Chart(
        "dots",
        f"“{column}” in one batch and in another",
        f"Each dot is a row; on the line, both agree. The largest difference is {largest}.",
        {"points": points, "x": first_name, "y": other_name, "diagonal": True},
        table,
    )
