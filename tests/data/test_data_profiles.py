"""What columns count as."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

from harness.data import profile_columns
from harness.tasks.model import DataType

EVERYTHING = {"NUM", "TXT", "CAT", "IMG", "DATE", "DATE_DURATION", "COUNT_DICT", "GEO"}


@pytest.mark.parametrize(
    ("values", "types", "has_missing"),
    [
        pytest.param(pd.Series([1, 2]), {"NUM", "CAT"}, False, id="whole-numbers"),
        pytest.param(pd.Series([1, None], dtype="Int64"), {"NUM", "CAT"}, True, id="whole-and-missing"),
        pytest.param(pd.Series([0.5, np.nan]), {"NUM"}, True, id="decimals"),
        pytest.param(pd.Series([np.inf, 1.0]), {"NUM"}, False, id="infinite-is-not-missing"),
        pytest.param(pd.Series([True, False]), {"NUM", "CAT"}, False, id="booleans"),
        pytest.param(pd.Series([True, None], dtype=object), {"NUM", "CAT"}, True, id="booleans-and-missing"),
        pytest.param(pd.Series(["a b", "c"]), {"TXT", "CAT"}, False, id="text"),
        pytest.param(pd.Series(["a", None, "b"], dtype="category"), {"TXT", "CAT"}, True, id="categories"),
        pytest.param(pd.Series([0.5, 1.5], dtype="category"), {"NUM", "CAT"}, False, id="number-categories"),
        pytest.param(pd.Series(["2020-01-31", None]), {"DATE", "TXT", "CAT"}, True, id="iso-dates"),
        pytest.param(
            pd.Series(["2020-01-31T10:00:00Z", "2020-01-31 10:00:00.123+02:00", "2020-02-01"]),
            {"DATE", "TXT", "CAT"},
            False,
            id="iso-times",
        ),
        pytest.param(pd.Series(["2020-01-31", "2020-02-30"]), {"TXT", "CAT"}, False, id="no-such-day"),
        pytest.param(pd.Series(["2020-01-31"] * 500 + ["later"]), {"TXT", "CAT"}, False, id="one-is-no-date"),
        pytest.param(pd.Series(["31.01.2020"]), {"TXT", "CAT"}, False, id="other-dates"),
        pytest.param(pd.Series([None] * 900 + ["x"], dtype=object), {"TXT", "CAT"}, True, id="late-text"),
        pytest.param(pd.Series(pd.to_datetime(["2020-01-31"])), {"DATE", "TXT", "CAT"}, False, id="timestamps"),
        pytest.param(
            pd.Series(pd.to_datetime(["2020-01-31"]).tz_localize("UTC")),
            {"DATE", "TXT", "CAT"},
            False,
            id="with-time-zone",
        ),
        pytest.param(pd.Series([dt.date(2020, 1, 31)], dtype=object), {"DATE", "TXT", "CAT"}, False, id="date-objects"),
        pytest.param(pd.Series(pd.to_timedelta(["1 day"])), {"DATE_DURATION", "TXT", "CAT"}, False, id="durations"),
        pytest.param(pd.Series([decimal.Decimal("1.5")], dtype=object), {"NUM"}, False, id="decimal-objects"),
        pytest.param(pd.Series([np.nan, np.nan]), EVERYTHING, True, id="nothing-known"),
        pytest.param(pd.arrays.SparseArray([0.0, 1.0], fill_value=0.0), {"NUM"}, False, id="sparse"),
        pytest.param(pd.arrays.SparseArray([0.0, np.nan], fill_value=0.0), {"NUM"}, True, id="sparse-and-missing"),
    ],
)
def test_data_types(values: pd.Series, types: set[str], has_missing: bool) -> None:
    (profile,) = profile_columns(pd.DataFrame({"name": values}))

    assert profile.name == "name"
    assert profile.data_types == {DataType(name) for name in types}
    assert profile.has_missing is has_missing


def test_every_column_has_its_profile_in_order_also_under_the_same_name() -> None:
    frame = pd.DataFrame([[1, "x"], [2, "y"]], columns=["a", "a"])

    assert [(p.name, DataType.NUM in p.data_types) for p in profile_columns(frame)] == [("a", True), ("a", False)]
