"""A comparison in words: the same sentences and figures for the terminal and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.checks.wording import counted, rows_listed, size_text, value_text
from harness.reports.comparison.model import Cell, Comparison, Distance, LabelFlip, Measure, OutputChanges
from harness.reports.console import printable

MOST_NAMES = 5
NOTHING = "-"


def headline(comparison: Comparison) -> str:
    """Return the most important in one sentence: verdicts, checks that got worse, the output."""
    before, after = comparison.before.verdict, comparison.after.verdict
    verdict = f"{before} as before" if before == after and before != "error" else f"{before}, then {after}"
    worse = sum(change.worse for change in comparison.checks.changed)
    parts = [verdict.capitalize()]
    if worse:
        parts.append(f"{counted(worse, 'check')} worse")
    parts.append(_output_in_short(comparison.output))
    return "; ".join(parts)


def _output_in_short(output: OutputChanges) -> str:
    if output.status == "same":
        return "the same output"
    if output.changed_cells and output.after is not None:
        return f"{output.changed_rows:,} of {counted(output.after.rows, 'row')} of the output changed"
    return "the output has another form" if output.status == "changed" else output.reason


def form_sentences(output: OutputChanges) -> Iterator[str]:
    """Yield what is another form of the output: rows, columns, or why nothing is compared."""
    if output.reason:
        yield output.reason
    for title, names in (("only before", output.columns_removed), ("only after", output.columns_added)):
        if names:
            more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
            yield f"columns {title}: {', '.join(map(printable, names[:MOST_NAMES]))}{more}"
    if output.columns_moved:
        yield "the columns stand in another order"


def value_sentences(output: OutputChanges) -> Iterator[str]:
    """Yield how the values of the output differ; nothing where they could not be compared."""
    if output.before is None or output.after is None or output.reason:
        return
    within = f"relative {value_text(output.relative_tolerance)}, absolute {value_text(output.absolute_tolerance)}"
    name = "transformed features" if output.kind == "transformed" else "predictions"
    if not output.changed_cells:
        yield f"the {name} of {counted(output.after.rows, 'row')} are the same within the tolerance ({within})"
        return
    rows = f"{output.changed_rows:,} of {counted(output.after.rows, 'row')}"
    yield f"the {name} of {rows} changed beyond the tolerance ({within})"
    if output.largest is not None:
        yield f"furthest apart: {cell_text(output.largest)}"
    if output.now_missing or output.no_longer_missing:
        yield f"{counted(output.now_missing, 'value')} missing now, {output.no_longer_missing:,} no longer"
    if output.flipped_rows is not None:
        yield f"another label is predicted for {counted(output.flipped_rows, 'row')}"


def flip_text(flip: LabelFlip) -> str:
    """Write `benign → malignant: 3 rows (rows 5, 9, 17)`."""
    labels = f"{printable(flip.before)} → {printable(flip.after)}"
    return f"{labels}: {counted(flip.rows, 'row')} ({rows_listed(flip.first_rows, flip.rows)})"


def cell_text(cell: Cell, *, named: bool = True) -> str:
    """Write where a value changed and how: `row 17, "malignant": 0.61 → 0.92 (+0.31)`."""
    place = f'row {cell.row}, "{printable(cell.column)}"' if named else f"row {cell.row}"
    difference = f" ({difference_text(cell)})" if isinstance(cell.difference, float) else ""
    return f"{place}: {cell_value(cell.before)} → {cell_value(cell.after)}{difference}"


def cell_value(value: float | str | None) -> str:
    """Write one value of the output."""
    if value is None:
        return "missing"
    return value_text(value) if isinstance(value, float) else printable(value)


def difference_text(cell: Cell) -> str:
    """Write how far a number moved, with its sign; a sign alone where it is no number."""
    return signed(cell.difference, value_text) if isinstance(cell.difference, float) else NOTHING


def distance_text(distance: Distance) -> str:
    """Write the power of ten that a difference lies in: `0.01 to 0.1`."""
    return f"{value_text(distance.at_least)} to {value_text(distance.at_least * 10)}"


def measures(comparison: Comparison) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Yield name, and before, after, difference and ratio as texts: times, then memory."""
    for measure in comparison.seconds:
        yield measure.name, _figures(measure, _seconds)
    for stage in comparison.stages:
        yield stage.name, _figures(stage.seconds, _seconds)
    for stage in comparison.stages:
        yield f"{stage.name}, peak memory", _figures(stage.peak_memory_bytes, _memory)


def _figures(measure: Measure, text: Callable[[float], str]) -> tuple[str, str, str, str]:
    before, after = (text(value) if value is not None else NOTHING for value in (measure.before, measure.after))
    difference = signed(measure.difference, text) if measure.difference is not None else NOTHING
    return before, after, difference, f"{measure.ratio:.2f}" if measure.ratio is not None else NOTHING


def signed(value: float, text: Callable[[float], str]) -> str:
    """Write a difference with its sign."""
    return f"{'+' if value > 0 else '-' if value < 0 else ''}{text(abs(value))}"


def _seconds(value: float) -> str:
    """Write seconds with two digits always, so that a column of them reads well."""
    return f"{value:.2f} s"


def _memory(value: float) -> str:
    return size_text(int(value))
