"""What each column of the features can count as, in the words of a typeSchema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.data.model import ColumnProfile
from harness.tasks.model import DataType

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = frozenset({DataType.NUM})
_WHOLE_NUMBER = frozenset({DataType.NUM, DataType.CAT})
_TEXT = frozenset({DataType.TXT, DataType.CAT})
_DATE = frozenset({DataType.DATE, DataType.TXT, DataType.CAT})
_DURATION = frozenset({DataType.DATE_DURATION, DataType.TXT, DataType.CAT})
_ANYTHING = frozenset(DataType)

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?", re.ASCII)
# A glance decides for nearly every column of text; what looks like dates is judged on more of its values.
_GLANCE = 20
_DISTINCT_JUDGED = 5_000


def profile_columns(features: pd.DataFrame) -> tuple[ColumnProfile, ...]:
    """Return one profile a column, in order.

    Whole numbers and booleans count as numbers and as categories, text as text and as category, text that is ISO
    dates throughout as date besides, a column without values as everything. Dates and durations of Parquet and Arrow
    files count as text too, so that a column is the same in each format. Whether text is dates is judged on at most
    5,000 of its distinct values.
    Source: how the platform's runner types columns, kinder on ISO dates on purpose.
    """
    return tuple(_profile(str(name), features.iloc[:, position]) for position, name in enumerate(features.columns))


def _profile(name: str, column: pd.Series) -> ColumnProfile:
    import pandas as pd

    if isinstance(column.dtype, pd.SparseDtype):
        stored = column.array.sp_values
        return ColumnProfile(name, _NUMBER, bool(pd.isna(stored).any() or pd.isna(column.dtype.fill_value)))
    missing = column.isna()
    if missing.all():
        return ColumnProfile(name, _ANYTHING, bool(len(column)))
    return ColumnProfile(name, _data_types(column), bool(missing.any()))


def _data_types(column: pd.Series) -> frozenset[DataType]:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return _data_types(column.cat.categories.to_series()) | {DataType.CAT}
    types = pd.api.types
    if types.is_bool_dtype(column) or types.is_integer_dtype(column):
        return _WHOLE_NUMBER
    if types.is_numeric_dtype(column):
        return _NUMBER
    if types.is_datetime64_any_dtype(column):
        return _DATE
    if types.is_timedelta64_dtype(column):
        return _DURATION
    # Booleans with missing values, decimal numbers and date objects have no type of their own in pandas.
    match types.infer_dtype(column, skipna=True):
        case "boolean" | "integer":
            return _WHOLE_NUMBER
        case "decimal" | "floating" | "mixed-integer-float":
            return _NUMBER
        case "date" | "datetime":
            return _DATE
        case _:
            return _DATE if _is_iso_dates(column) else _TEXT


def _is_iso_dates(column: pd.Series) -> bool:
    first = column.iloc[: _GLANCE * 10].dropna().iloc[:_GLANCE]
    if not all(_looks_like_iso_date(value) for value in first):
        return False
    distinct = column.dropna().unique()
    step = -(-len(distinct) // _DISTINCT_JUDGED)
    judged = list(distinct[::step])
    return all(_looks_like_iso_date(value) for value in judged) and _parse_as_dates(judged)


def _looks_like_iso_date(value: object) -> bool:
    return isinstance(value, str) and _ISO_DATE.fullmatch(value.strip()) is not None


def _parse_as_dates(values: list[str]) -> bool:
    """Tell whether all are days that exist: 2023-02-30 looks right but is none."""
    import pandas as pd

    dates = pd.to_datetime(
        pd.Series(values).str.strip().str.replace(",", "."), format="ISO8601", errors="coerce", utc=True
    )
    return bool(dates.notna().all())
