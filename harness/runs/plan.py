"""Decide, before anything runs, which stages a task goes through and which requests each one answers."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.records import TargetType
from harness.tasks.model import DataType

if TYPE_CHECKING:
    from harness.data.model import ColumnProfile, SampleData

# The platform compares all rows at once with max(10, 10 %) of them, 1,000 at most.
SMALLEST_SUBSET = 10
LARGEST_SUBSET = 1_000
SINGLE_ROWS = 5
# Each edited column is one more call of the hook; beyond this many columns a report would not be read.
MOST_EDITED_COLUMNS = 50


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to one column before the hook is called: every value missing, never seen before, or an empty text."""

    column: str
    to: Literal["missing", "unseen", "empty"]


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the scoring hook. `rows` are row numbers from 0, in the order to send them; None for all."""

    id: str
    rows: tuple[int, ...] | None = None
    edit: Edit | None = None

    def to_json_dict(self) -> dict[str, Any]:
        edit = {"column": self.edit.column, "to": self.edit.to} if self.edit else None
        return {"id": self.id, "rows": list(self.rows) if self.rows is not None else None, "edit": edit}


@dataclass(frozen=True, slots=True)
class Stage:
    """One fresh process. `optional`: its failure is noted and the run goes on."""

    name: str
    kind: Literal["fit", "score"]
    timeout_seconds: float
    requests: tuple[Request, ...] = ()
    optional: bool = False

    def to_json_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "timeoutSeconds": self.timeout_seconds,
            "optional": self.optional,
            "requests": [request.to_json_dict() for request in self.requests],
        }


def plan_stages(target_type: TargetType, data: SampleData, timeout_seconds: float) -> tuple[Stage, ...]:
    """Return fit, then scoring in one fresh process, again in another, and once more with damaged input.

    The first scoring stage sends all rows (`whole`), some of them (`subset`), the same shuffled (`reordered`) and one
    by one (`single-N`, N the row number), and `subset` once more (`subset-again`). The second, in a process of its
    own, sends `repeated`: all rows where there are no more than 1,000, else the subset.
    """
    verb = "transform" if target_type is TargetType.TRANSFORM else "predict"
    row_count = len(data.features)
    subset = choose_rows(row_count)
    requests = [Request("whole")]
    if row_count > 1:
        requests += [
            Request("subset", subset),
            Request("reordered", shuffled(subset)),
            *(Request(f"single-{row}", (row,)) for row in subset[:SINGLE_ROWS]),
            Request("subset-again", subset),
        ]
    repeated = None if row_count <= LARGEST_SUBSET else subset
    stages = [
        Stage("fit", "fit", timeout_seconds),
        Stage(verb, "score", timeout_seconds, tuple(requests)),
        Stage(f"{verb}-again", "score", timeout_seconds, (Request("repeated", repeated),)),
    ]
    damaged = () if data.is_sparse else tuple(damaged_requests(data.columns, subset))
    if damaged:
        untouched = Request("untouched", subset)
        stages.append(Stage("robustness", "score", timeout_seconds, (untouched, *damaged), optional=True))
    return tuple(stages)


def choose_rows(row_count: int) -> tuple[int, ...]:
    """Return max(10, 10 %) of the row numbers, 1,000 at most and never all of several, ascending, always the same."""
    wanted = min(max(SMALLEST_SUBSET, row_count // 10), LARGEST_SUBSET, max(1, row_count - 1))
    return tuple(sorted(random.Random(0).sample(range(row_count), min(wanted, row_count))))  # noqa: S311


def shuffled(rows: tuple[int, ...]) -> tuple[int, ...]:
    """Return the rows in another order: the second half reversed, then the first half."""
    middle = len(rows) // 2
    return (*reversed(rows[middle:]), *rows[:middle])


def damaged_requests(columns: Iterable[ColumnProfile], rows: tuple[int, ...]) -> Iterator[Request]:
    """Yield a request a column with all its values missing; for texts also an unseen category and empty texts."""
    for number, column in enumerate(columns):
        if number == MOST_EDITED_COLUMNS:
            return
        yield Request(f"missing-{number}", rows, Edit(column.name, "missing"))
        if DataType.TXT in column.data_types and DataType.NUM not in column.data_types:
            yield Request(f"unseen-{number}", rows, Edit(column.name, "unseen"))
            yield Request(f"empty-{number}", rows, Edit(column.name, "empty"))
