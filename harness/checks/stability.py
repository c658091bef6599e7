"""Judge that a row's output depends on that row alone: not on its batch, its place, earlier calls, or chance.

A platform scores the same data in pieces of any size, on several machines. The harness sends the same rows in other
company and compares what comes back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.checks.comparison import Difference, Table, Tolerance, compare, open_table, tolerance_for
from harness.checks.engine import Outcome, failed, not_reached, passed, skipped
from harness.checks.outputs import request_name, row_numbers, whole_output
from harness.checks.process import describe_error, error_details, stage_failure, worker_failure
from harness.checks.wording import FIRST_FEW, counted, json_number, named, rows_listed, value_text, verb
from harness.runs import RequestResult, StageResult

if TYPE_CHECKING:
    from harness.checks.evidence import Evidence
    from harness.tasks.model import Task

_REMEDIES = {
    "chance": "Fix the seed of everything random (random_state, numpy, torch); use neither the time nor the process.",
    "row order": "Return the rows in the order in which they came: undo every sort, shuffle, merge and group-by.",
    "calls": "Keep nothing between calls, no counters, caches or running means, and fix the seed of what is random.",
    "order": "Compute each row by itself: no shifts, running sums or positions in the batch.",
    "batch": "Learn means, scales, categories and vocabularies in fit and keep them in the artifact; compute nothing "
    "from the rows that are being scored.",
}
_CAUSES = {
    "chance": "two fresh processes disagree",
    "row order": "rows come back in another order",
    "calls": "the output depends on the number of calls or on chance",
    "order": "the output depends on the order of the rows",
    "batch": "the output depends on the other rows of the batch",
}


def judge_repeatable(evidence: Evidence) -> Outcome:
    """Fail where a second fresh process gives other values for the same rows and the same artifact."""
    run = evidence.run
    whole = whole_output(evidence)
    if run is None or run.scoring is None or whole is None:
        return not_reached("there is no output")
    again = run.repeated
    if again is None:
        return worker_failure(evidence) or not_reached("there was no second process")
    problem = _second_process_problem(evidence, again)
    if problem is not None:
        return problem
    output = again.output("repeated")
    if output is None:
        return not_reached("the second process returned nothing")
    tolerance = tolerance_for(evidence.task)
    rows = row_numbers(evidence).get("repeated")
    repeated = open_table(output)
    difference = compare(open_table(whole), rows, repeated, tolerance)
    subset = run.scoring.output("subset") if rows is not None else None
    # Where the first process gave the same for these rows among themselves, the values are repeatable, and that
    # they differ from those for all rows is for batch_independence to say.
    if difference is None or (subset is not None and compare(open_table(subset), None, repeated, tolerance) is None):
        return passed(f"two processes agree on {counted(output.rows, 'row')} ({tolerance})")
    kind = "row order" if difference.is_permutation else "chance"
    return _differs(kind, _Finding("repeated", rows, output.rows, difference), tolerance)


def judge_batch_independence(evidence: Evidence) -> Outcome:
    """Fail where a row's output changes with the other rows, their order, or the number of calls.

    `whole` is compared with `subset`, `reordered` and `single-N`, and `subset` with `subset-again` and `reordered`.
    What differs tells why: first rows that are only in another place, then the same request twice, then the order of
    the rows alone, and last the other rows of the batch.
    """
    scoring = evidence.run.scoring if evidence.run else None
    whole = whole_output(evidence)
    if scoring is None or whole is None:
        return not_reached("there is no output")
    others = [request for request in scoring.reported.requests if request.id != "whole"]
    raised = next((request for request in others if request.error is not None), None)
    if raised is not None:
        return _raised(evidence.task, raised)
    sent = {name: rows for name, rows in row_numbers(evidence).items() if rows is not None}
    tables = {request.id: open_table(request.output) for request in others if request.output and request.id in sent}
    if not tables:
        return skipped("the data has one row only")
    tolerance = tolerance_for(evidence.task)
    among_themselves = _compare_with_subset(tables, sent, tolerance)
    moved = next((found for found in among_themselves.values() if found.difference.is_permutation), None)
    if moved is not None:
        return _differs("row order", moved, tolerance)
    if "subset-again" in among_themselves:
        return _differs("calls", among_themselves["subset-again"], tolerance)
    all_rows = open_table(whole)
    changed = {}
    for name, table in tables.items():
        difference = compare(all_rows, sent[name], table, tolerance)
        if difference is not None:
            changed[name] = _Finding(name, sent[name], len(sent[name]), difference)
    if set(changed) == {"reordered"}:
        return _differs("order", changed["reordered"], tolerance)
    if changed:
        return _differs("batch", next(iter(changed.values())), tolerance)
    row_count = sum(len(sent[name]) for name in tables)
    requests = counted(len(tables), "request")
    return passed(f"{requests} with {counted(row_count, 'row')} agree with all rows ({tolerance})")


@dataclass(frozen=True, slots=True)
class _Finding:
    """A request whose rows differ. `rows` are their numbers in the data, None where all rows were sent."""

    request_id: str
    rows: Sequence[int] | None
    row_count: int
    difference: Difference

    def data_rows(self, places: Sequence[int]) -> list[int]:
        return [int(place if self.rows is None else self.rows[place]) for place in places]


def _compare_with_subset(
    tables: Mapping[str, Table], sent: Mapping[str, Sequence[int]], tolerance: Tolerance
) -> dict[str, _Finding]:
    """Return the requests of exactly the subset's rows, in any order, that differ from the subset."""
    if "subset" not in tables:
        return {}
    place = {row: number for number, row in enumerate(sent["subset"])}
    found = {}
    for name in ("subset-again", "reordered"):
        if name in tables:
            rows = sent[name]
            difference = compare(tables["subset"], [place[row] for row in rows], tables[name], tolerance)
            if difference is not None:
                found[name] = _Finding(name, rows, len(rows), difference)
    return found


def _differs(kind: str, finding: _Finding, tolerance: Tolerance) -> Outcome:
    difference = finding.difference
    numbers = sorted(finding.data_rows(difference.rows))
    [row] = finding.data_rows([difference.row])
    where = rows_listed(numbers, len(numbers))
    columns = f"; columns {named(difference.columns)}" if len(difference.columns) > 1 else ""
    message = (
        f"{_CAUSES[kind]} ({request_name(finding.request_id)}): {len(numbers):,} of "
        f"{counted(finding.row_count, 'row')} {verb(len(numbers), 'differs', 'differ')} ({where}), "
        f"{_worst_text(difference, row)}{columns}; {tolerance}"
    )
    return failed(
        message,
        _REMEDIES[kind],
        kind=kind,
        request=finding.request_id,
        rowCount=len(numbers),
        firstRows=numbers[:FIRST_FEW],
        columns=list(difference.columns[:100]),
        row=row,
        column=difference.column,
        expected=_json_value(difference.expected),
        found=_json_value(difference.found),
        relativeTolerance=tolerance.relative,
    )


def _worst_text(difference: Difference, row: int) -> str:
    place = f'row {row}, column "{difference.column}"'
    expected, found = difference.expected, difference.found
    if expected is None or found is None:
        return f"the first in {place}"
    off = f"off by {value_text(abs(expected - found))} at most " if math.isfinite(expected - found) else ""
    return f"{off}({place}: {_value_or_missing(expected)} and then {_value_or_missing(found)})"


def _value_or_missing(value: float) -> str:
    return "missing" if math.isnan(value) else value_text(value)


def _json_value(value: float | None) -> float | str | None:
    return None if value is None else json_number(value)


def _second_process_problem(evidence: Evidence, again: StageResult) -> Outcome | None:
    request = again.request("repeated")
    if again.passed and request is not None and request.error is not None:
        return _raised(evidence.task, request)
    if again.passed:
        return None
    outcome = stage_failure(evidence.task, again)
    if outcome.cause is not None:
        return outcome
    message = f"the first process got through, the second did not: {outcome.message}"
    return failed(message, outcome.remedy, **outcome.details)


def _raised(task: Task, request: RequestResult) -> Outcome:
    error = request.error
    assert error is not None
    return failed(
        f"all rows together went through, {request_name(request.id)} did not: {describe_error(task, error)}",
        error.remedy or "Let the hook take any number of rows, in any order, any number of times.",
        kind="raised",
        request=request.id,
        error=error_details(error),
    )
