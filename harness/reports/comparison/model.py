"""What `harness compare` answers, as `--json` prints it: camelCase on the wire, schemaVersion 1."""

from __future__ import annotations

from typing import Final, Literal

from harness.records import CheckStatus, Record
from harness.reports.model import Verdict

SCHEMA_VERSION: Final = 1


class Side(Record):
    """One of the two validations. folder: where its report lies. task, environment: None where it was not judged."""

    folder: str
    verdict: Verdict
    task: str | None
    target_type: str | None
    environment: str | None
    backend: str | None
    python_version: str | None


class Change(Record):
    """One fact that is another one now; None where a side has none."""

    name: str
    before: str | None
    after: str | None


class CheckChange(Record):
    """A check of which status or message changed; None where a side did not make it.

    worse: it found more than before, where `failed` is more than `warning`. only_measured: the messages differ in
    nothing but seconds and sizes.
    """

    id: str
    title: str
    before: CheckStatus | None
    after: CheckStatus | None
    message_before: str
    message_after: str
    worse: bool
    only_measured: bool


class SameCheck(Record):
    """A check that ended the same way, with the same message."""

    id: str
    status: CheckStatus
    message: str


class Checks(Record):
    """The checks of both, those whose status changed first."""

    changed: tuple[CheckChange, ...]
    same: tuple[SameCheck, ...]


class Dependencies(Record):
    """Requirements lines and installed versions, by package.

    same: how many requirements are equal. installed: changed versions; None where a build log does not tell them, and
    then `installed_unknown` says which side's.
    """

    changed: tuple[Change, ...]
    same: int
    installed: tuple[Change, ...] | None
    installed_same: int
    installed_unknown: tuple[Literal["before", "after"], ...]


class Measure(Record):
    """A figure of both sides. ratio: after / before; None where one of them is missing or `before` is 0."""

    name: str
    before: float | None
    after: float | None
    difference: float | None
    ratio: float | None


class StageChange(Record):
    """One stage's time and memory, of both sides. Each of its figures is None where that side had no such stage."""

    name: str
    status_before: str | None
    status_after: str | None
    seconds: Measure
    peak_memory_bytes: Measure


class Cell(Record):
    """One value of the output. row: from 0. Numbers that JSON does not have, and text, are text; missing is None."""

    row: int
    column: str
    before: float | str | None
    after: float | str | None
    difference: float | str | None = None


class ColumnChanges(Record):
    """How much one column changed: the changed cells, those missing on one side alone, and the furthest apart."""

    name: str
    changed: int
    now_missing: int
    no_longer_missing: int
    largest: Cell | None


class LabelFlip(Record):
    """How often the most probable class was `before` and is `after` now; first_rows: the first few, from 0."""

    before: str
    after: str
    rows: int
    first_rows: tuple[int, ...]


class Distance(Record):
    """How many values are apart by at least `at_least`, and by less than the next one's."""

    at_least: float
    values: int


class Shape(Record):
    """A table's form. columns: how many."""

    rows: int
    columns: int


class OutputChanges(Record):
    """What the task returned for all rows, compared row by row.

    status: `notCompared` says why in `reason`. columns_added, columns_removed: names that only one side has;
    columns_moved: the rest stand in another order. changed: the columns with changed cells, the most changed first.
    flipped_rows: None where the output has no class probabilities. distances: values that differ at all, by powers of
    ten, also those within the tolerance.
    """

    status: Literal["same", "changed", "notCompared"]
    reason: str = ""
    kind: Literal["predictions", "transformed"] | None = None
    before: Shape | None = None
    after: Shape | None = None
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_moved: bool = False
    relative_tolerance: float
    absolute_tolerance: float
    changed_rows: int = 0
    changed_cells: int = 0
    now_missing: int = 0
    no_longer_missing: int = 0
    changed: tuple[ColumnChanges, ...] = ()
    largest: Cell | None = None
    first: tuple[Cell, ...] = ()
    flipped_rows: int | None = None
    flips: tuple[LabelFlip, ...] = ()
    distances: tuple[Distance, ...] = ()

    @property
    def is_other(self) -> bool:
        """Tell whether the output is not what it was: other values, another form, or only one side has one."""
        return self.status == "changed"


class Comparison(Record):
    """Two validations side by side. facts: what else is different, of task, environment and build."""

    schema_version: Literal[1] = SCHEMA_VERSION
    before: Side
    after: Side
    verdict_worse: bool
    facts: tuple[Change, ...]
    checks: Checks
    dependencies: Dependencies
    seconds: tuple[Measure, ...]
    stages: tuple[StageChange, ...]
    output: OutputChanges

    @property
    def needs_attention(self) -> bool:
        """Tell whether the verdict got worse or the output changed: what `--fail-on-change` asks for."""
        return self.verdict_worse or self.output.is_other
