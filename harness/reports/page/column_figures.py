"""What a transform returned, column by column, beside the column of the same name that went in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from harness.checks.outputs import read_hashes, read_numbers, read_sparse
from harness.reports.page.model import Chart, OutputFigures, TextTable
from harness.reports.page.profile import Summary, chart_of, most_columns, summarise, summarise_numbers
from harness.reports.page.wording import name_text, number_text

if TYPE_CHECKING:
    import numpy as np

    from harness.data.model import SampleData
    from harness.runs import Output

MOST_PAIRS = 24


def describe_columns(data: SampleData | None, output: Output) -> OutputFigures:
    """Return the figures of a transform's output for all rows; columns are paired with the input's by name."""
    features = None if data is None else data.features
    counts = Counter([] if features is None else [str(name) for name in features.columns])
    places = {} if features is None else {str(name): place for place, name in enumerate(features.columns)}
    charts: list[Chart] = []
    rows = []
    shown = most_columns(output.rows)
    for name, kind, after in _columns_after(output, shown):
        before = None
        if features is not None and counts[name] == 1:
            before = summarise(features.iloc[:, places[name]])
        if len(charts) < MOST_PAIRS:
            charts.append(_pair(name_text(name), kind, before, after))
        rows.append(_row(name_text(name), kind, before, after))
    kept = {*output.columns} & {*counts}
    gone = [name_text(name) for name in counts if name not in kept]
    summary = (
        f"{counts.total():,} columns went in and {len(output.columns):,} came out: {len(kept):,} of the same name, "
        f"{len({*output.columns}) - len(kept):,} new; {len(gone):,} are gone."
    )
    notes = [f"Gone: {', '.join(gone[:20])}{' and more' if len(gone) > 20 else ''}."] if gone else []
    if len(output.columns) > shown:
        notes.append(f"The first {shown} of {len(output.columns):,} columns are shown.")
    measures = ("Missing", "Mean", "Range")
    header = ("Column", "Type", *(f"{measure} {side}" for measure in measures for side in ("before", "after")))
    return OutputFigures(summary, charts=tuple(charts), table=TextTable(header, tuple(rows), 2), notes=tuple(notes))


def _columns_after(output: Output, count: int) -> Iterator[tuple[str, str, Summary]]:
    """Yield name, kind and numbers of the first columns."""
    import numpy as np

    if output.kind == "sparse":
        by_column = read_sparse(output)[:, :count].tocsc()
        for place, name in enumerate(output.columns[:count]):
            stored = np.asarray(by_column.data[by_column.indptr[place] : by_column.indptr[place + 1]], dtype=float)
            yield name, "number", summarise_numbers(stored, of_rows=output.rows)
        return
    numbers, hashes = read_numbers(output), read_hashes(output)
    numeric, hashed = iter(range(numbers.shape[1])), iter(range(hashes.shape[1]))
    for name, kind in zip(output.columns[:count], output.column_kinds, strict=False):
        if kind in ("number", "boolean"):
            yield name, kind, summarise_numbers(np.asarray(numbers[:, next(numeric)], dtype=float))
        elif kind == "complex":
            yield name, kind, Summary(output.rows, 0)
        else:
            yield name, kind, _summarise_hashes(np.asarray(hashes[:, next(hashed)]))


def _summarise_hashes(hashes: np.ndarray) -> Summary:
    """Return what hashes of values can tell of them: how many are missing (0), and how many distinct."""
    import numpy as np

    present = hashes[hashes != 0]
    return Summary(len(hashes), len(hashes) - len(present), len(np.unique(present)))


def _pair(name: str, kind: str, before: Summary | None, after: Summary) -> Chart:
    sides: list[dict[str, Any]] = []
    words = []
    for side, summary in (("before", before), ("after", after)):
        if summary is None:
            continue
        drawn = chart_of(name, "", summary)
        words.append(f"{side}: {drawn.caption or kind}")
        sides.append({"name": side, "kind": drawn.kind, **drawn.data})
    if before is None:
        words.insert(0, "new")
    return Chart("pair", name, "; ".join(words), {"sides": sides})


def _row(name: str, kind: str, before: Summary | None, after: Summary) -> tuple[str, ...]:
    sides = (before, after)
    missing = [f"{side.missing:,}" if side else "" for side in sides]
    means = [number_text(side.mean) if side and side.mean is not None else "" for side in sides]
    ranges = [
        f"{number_text(side.lowest)} to {number_text(side.highest)}"
        if side and side.lowest is not None and side.highest is not None
        else ""
        for side in sides
    ]
    return (name, kind, *missing, *means, *ranges)
