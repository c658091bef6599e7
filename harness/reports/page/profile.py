"""What the sample data holds, column by column: type, missing values, distribution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from harness.reports.page.bins import Histogram, bin_edges, histogram
from harness.reports.page.model import Chart, DataFigures, TextTable
from harness.reports.page.wording import name_text, number_text, percent_text, plain_line
from harness.tasks.model import DataType

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.data.model import ColumnProfile, SampleData

# Small charts, beyond which a page is no longer looked at; the table has more columns.
MOST_CHARTS = 40
MOST_COLUMNS = 200
# What is counted beside a run: more rows are thinned evenly, and of more cells only the first columns are taken.
MOST_ROWS = 1_000_000
MOST_CELLS = 40_000_000
MOST_CATEGORIES = 8
SMALL_BINS = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Summary:
    """A column in numbers. distinct: of values that are no numbers. lowest, mean, highest: of finite numbers.

    bins: of finite numbers; of dates, in milliseconds since 1970; of the lengths of texts that rarely recur.
    categories: the most frequent values with their counts, then None with that of all others.
    """

    rows: int
    missing: int
    distinct: int | None = None
    lowest: float | None = None
    mean: float | None = None
    highest: float | None = None
    bins: Histogram | None = None
    measured: Literal["value", "date", "length", "stored"] = "value"
    categories: tuple[tuple[str | None, int], ...] = ()


def describe_data(data: SampleData) -> DataFigures:
    """Return the figures of the features, and of the target first where there is one."""
    rows, columns = data.features.shape
    step = -(-rows // MOST_ROWS) or 1
    shown = most_columns(rows // step)
    described = list(_described(data, shown, step))
    table = TextTable(
        header=("Column", "Type", "Missing", "Distinct", "Lowest", "Mean", "Highest"),
        rows=tuple(_row(name, kind, summary) for name, kind, summary in described),
        first_number=2,
    )
    charts = tuple(chart_of(name, kind, summary) for name, kind, summary in described[:MOST_CHARTS])
    notes = [plain_line(warning) for warning in data.warnings]
    if columns > shown:
        notes.append(f"The first {shown} of {columns:,} columns are shown.")
    if step > 1:
        notes.append(f"One row of {step} is counted: {-(-rows // step):,} rows.")
    return DataFigures(name_text(data.source), rows, columns, charts, table, tuple(notes))


def most_columns(rows: int) -> int:
    """Return how many columns of that many rows are described: 200, or fewer where that would take long."""
    return max(MOST_CHARTS, min(MOST_COLUMNS, MOST_CELLS // max(1, rows)))


def _described(data: SampleData, columns: int, step: int) -> Iterator[tuple[str, str, Summary]]:
    if data.target is not None:
        kind = f"{len(data.class_labels)} classes" if data.class_labels else "number"
        target = summarise_categories(data.target[::step]) if data.class_labels else _summarised(data.target[::step])
        yield f"{name_text(data.target.name)} (target)", kind, target
    for position, profile in enumerate(data.columns[:columns]):
        kind = type_text(profile)
        yield name_text(profile.name), kind, _summarised(data.features.iloc[::step, position], is_date=kind == "date")


def _summarised(column: pd.Series, *, is_date: bool = False) -> Summary:
    """Summarise, or only count, a column: one of objects may hold anything that a Parquet file can."""
    try:
        return summarise(column, is_date=is_date)
    except (TypeError, ValueError, OverflowError):
        return Summary(len(column), int(column.isna().sum()))


def type_text(profile: ColumnProfile) -> str:
    """Return a column's type in a word: what it is first of all, where it counts as several of a typeSchema's."""
    types = profile.data_types
    if DataType.IMG in types:
        return "empty"
    if DataType.NUM in types:
        return "whole number" if DataType.CAT in types else "number"
    words = {DataType.DATE: "date", DataType.DATE_DURATION: "duration", DataType.TXT: "text"}
    return next((word for data_type, word in words.items() if data_type in types), "category")


def summarise(column: pd.Series, *, is_date: bool = False) -> Summary:
    """Return a column of any type in numbers. is_date: texts are ISO dates."""
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.SparseDtype):
        return summarise_numbers(np.asarray(column.array.sp_values, dtype=float), of_rows=len(column))
    types = pd.api.types
    if is_date or types.is_datetime64_any_dtype(column):
        return _summarise_dates(column)
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column) and not types.is_complex_dtype(column):
        return summarise_numbers(column.to_numpy(dtype=float, na_value=np.nan))
    return summarise_categories(column)


def summarise_numbers(values: np.ndarray, of_rows: int | None = None) -> Summary:
    """Return (rows,) of float in numbers; missing values are NaN.

    of_rows: of a sparse column, how many rows there are; `values` are those that it stores, and the others are 0.
    """
    import numpy as np

    rows = len(values) if of_rows is None else of_rows
    measured: Literal["value", "stored"] = "value" if of_rows is None else "stored"
    missing = int(np.isnan(values).sum())
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Summary(rows, missing, measured=measured)
    lowest, highest = float(finite.min()), float(finite.max())
    if rows > len(values):
        lowest, highest = min(lowest, 0.0), max(highest, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(finite.mean()) * len(finite) / (len(finite) + rows - len(values))
    bins = histogram(finite, bin_edges(finite, SMALL_BINS))
    # Of numbers near the largest ones there may be a sum of infinities, and no mean.
    return Summary(rows, missing, None, lowest, mean if np.isfinite(mean) else None, highest, bins, measured)


def _summarise_dates(column: pd.Series) -> Summary:
    import pandas as pd

    texts = column if pd.api.types.is_datetime64_any_dtype(column) else column.astype("string").str.replace(",", ".")
    dates = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    since = (dates.dropna() - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(milliseconds=1)
    numbers = summarise_numbers(since.to_numpy(dtype=float))
    return replace(numbers, rows=len(column), missing=int(dates.isna().sum()), mean=None, measured="date")


def summarise_categories(column: pd.Series) -> Summary:
    """Return a column of texts, categories, booleans or other objects in numbers."""
    missing = int(column.isna().sum())
    try:
        counts = column.value_counts()
    except TypeError:  # lists and the like have no hash
        return Summary(len(column), missing)
    present = len(column) - missing
    counts = counts[counts > 0]
    if len(counts) > MOST_CATEGORIES and len(counts) > present / 2:
        lengths = summarise_numbers(column.dropna().astype(str).str.len().to_numpy(dtype=float))
        return Summary(len(column), missing, len(counts), bins=lengths.bins, measured="length")
    frequent = [(name_text(value), int(count)) for value, count in counts.head(MOST_CATEGORIES).items()]
    others = present - sum(count for _, count in frequent)
    categories = (*frequent, (None, others)) if others else tuple(frequent)
    return Summary(len(column), missing, len(counts), categories=categories)


def chart_of(name: str, kind: str, summary: Summary) -> Chart:
    """Return a small chart of a column, with its key figures as the caption."""
    facts = [*([kind] if kind else []), *_facts(summary, is_target=kind.endswith("classes"))]
    data: dict[str, Any] = {}
    if summary.bins is not None:
        data = {
            "edges": summary.bins.edges,
            "series": [{"name": "", "counts": summary.bins.counts}],
            "x": {"value": "", "date": "", "length": "length of the text", "stored": "values that are not 0"}[
                summary.measured
            ],
            "dates": summary.measured == "date",
        }
        return Chart("histogram", name, ", ".join(facts), data)
    data = {"bars": [[_category_text(value), count] for value, count in summary.categories]}
    return Chart("bars", name, ", ".join(facts), data)


def _facts(summary: Summary, *, is_target: bool) -> Iterator[str]:
    if summary.measured == "stored" and summary.bins is not None:
        yield f"{percent_text(sum(summary.bins.counts), summary.rows)} not 0"
    if summary.distinct is not None and not is_target:
        yield f"{summary.distinct:,} distinct"
    if summary.lowest is not None and summary.highest is not None:
        yield f"{_value_text(summary, summary.lowest)} to {_value_text(summary, summary.highest)}"
    if summary.mean is not None:
        yield f"mean {number_text(summary.mean)}"
    if summary.missing:
        yield f"{percent_text(summary.missing, summary.rows)} missing"


def _row(name: str, kind: str, summary: Summary) -> tuple[str, ...]:
    return (
        name,
        kind,
        f"{summary.missing:,} ({percent_text(summary.missing, summary.rows)})" if summary.missing else "0",
        "" if summary.distinct is None else f"{summary.distinct:,}",
        "" if summary.lowest is None else _value_text(summary, summary.lowest),
        "" if summary.mean is None else number_text(summary.mean),
        "" if summary.highest is None else _value_text(summary, summary.highest),
    )


def _value_text(summary: Summary, value: float) -> str:
    if summary.measured != "date":
        return number_text(value)
    return (EPOCH + timedelta(milliseconds=value)).date().isoformat()


def _category_text(value: str | None) -> str:
    return "all others" if value is None else value
